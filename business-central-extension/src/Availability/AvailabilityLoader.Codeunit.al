namespace CTD365.Commerce;

codeunit 50105 "CTD365 Availability Loader"
{
    Access = Internal;

    /// <summary>
    /// Fills the temporary table with every item, variant and location that has entries or open order lines.
    /// A filter on the item is passed on to the database; all other filters are the caller's to apply.
    /// </summary>
    procedure Load(var Availability: Record "CTD365 Item Availability" temporary)
    var
        ItemFilter: Text;
        ReadStamp: BigInteger;
    begin
        ItemFilter := Availability.GetFilter("Item No.");
        // Taken first: whatever a running transaction commits later has this stamp or a higher one.
        ReadStamp := Database.MinimumActiveRowVersion();
        AddStock(Availability, ItemFilter, ReadStamp);
        AddReservations(Availability, ItemFilter, ReadStamp);
        AddSalesDemand(Availability, ItemFilter, ReadStamp);
        AddPurchaseSupply(Availability, ItemFilter, ReadStamp);
    end;

    local procedure AddStock(var Availability: Record "CTD365 Item Availability" temporary; ItemFilter: Text; ReadStamp: BigInteger)
    var
        Stock: Query "CTD365 Stock";
    begin
        Stock.SetFilter(ItemNo, ItemFilter);
        Stock.Open();
        while Stock.Read() do begin
            GetOrInsert(Availability, Stock.ItemNo, Stock.VariantCode, Stock.LocationCode, ReadStamp);
            Availability."Quantity on Hand" := Stock.OnHand;
            Availability."Last Entry No." := Stock.LastEntryNo;
            Store(Availability, Stock.ChangeStamp);
        end;
        Stock.Close();
    end;

    local procedure AddReservations(var Availability: Record "CTD365 Item Availability" temporary; ItemFilter: Text; ReadStamp: BigInteger)
    var
        Reservations: Query "CTD365 Stock Reservations";
    begin
        Reservations.SetFilter(ItemNo, ItemFilter);
        Reservations.Open();
        while Reservations.Read() do begin
            GetOrInsert(Availability, Reservations.ItemNo, Reservations.VariantCode, Reservations.LocationCode, ReadStamp);
            Availability."Reserved Quantity" := Reservations.Reserved;
            Store(Availability, Reservations.ChangeStamp);
        end;
        Reservations.Close();
    end;

    local procedure AddSalesDemand(var Availability: Record "CTD365 Item Availability" temporary; ItemFilter: Text; ReadStamp: BigInteger)
    var
        SalesDemand: Query "CTD365 Sales Demand";
    begin
        SalesDemand.SetFilter(ItemNo, ItemFilter);
        SalesDemand.Open();
        while SalesDemand.Read() do begin
            GetOrInsert(Availability, SalesDemand.ItemNo, SalesDemand.VariantCode, SalesDemand.LocationCode, ReadStamp);
            Availability."Quantity on Sales Orders" := SalesDemand.Outstanding;
            Store(Availability, SalesDemand.ChangeStamp);
        end;
        SalesDemand.Close();
    end;

    local procedure AddPurchaseSupply(var Availability: Record "CTD365 Item Availability" temporary; ItemFilter: Text; ReadStamp: BigInteger)
    var
        PurchaseSupply: Query "CTD365 Purchase Supply";
    begin
        PurchaseSupply.SetFilter(ItemNo, ItemFilter);
        PurchaseSupply.Open();
        while PurchaseSupply.Read() do begin
            GetOrInsert(Availability, PurchaseSupply.ItemNo, PurchaseSupply.VariantCode, PurchaseSupply.LocationCode, ReadStamp);
            Availability."Quantity on Purchase Orders" := PurchaseSupply.Outstanding;
            Store(Availability, PurchaseSupply.ChangeStamp);
        end;
        PurchaseSupply.Close();
    end;

    local procedure GetOrInsert(var Availability: Record "CTD365 Item Availability" temporary; ItemNo: Code[20]; VariantCode: Code[10]; LocationCode: Code[10]; ReadStamp: BigInteger)
    begin
        if Availability.Get(ItemNo, VariantCode, LocationCode) then
            exit;
        Availability.Init();
        Availability."Item No." := ItemNo;
        Availability."Variant Code" := VariantCode;
        Availability."Location Code" := LocationCode;
        Availability."Read Stamp" := ReadStamp;
        Availability.Insert();
    end;

    local procedure Store(var Availability: Record "CTD365 Item Availability" temporary; ChangeStamp: BigInteger)
    begin
        if ChangeStamp > Availability."Change Stamp" then
            Availability."Change Stamp" := ChangeStamp;
        Availability.Modify();
    end;
}
