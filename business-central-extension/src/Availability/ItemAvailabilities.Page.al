namespace CTD365.Commerce;

page 50110 "CTD365 Item Availabilities"
{
    PageType = API;
    APIPublisher = 'ctd365';
    APIGroup = 'commerce';
    APIVersion = 'v1.0';
    EntityCaption = 'Item Availability';
    EntitySetCaption = 'Item Availabilities';
    EntityName = 'itemAvailability';
    EntitySetName = 'itemAvailabilities';
    ODataKeyFields = "Item No.", "Variant Code", "Location Code";
    SourceTable = "CTD365 Item Availability";
    SourceTableTemporary = true;
    // No DataAccessIntent: a replica lags, and then the read stamp would promise too much.
    DelayedInsert = true;
    Editable = false;
    InsertAllowed = false;
    ModifyAllowed = false;
    DeleteAllowed = false;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Group)
            {
                field(itemNumber; Rec."Item No.")
                {
                    Caption = 'Item No.';
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'Variant Code';
                }
                field(locationCode; Rec."Location Code")
                {
                    Caption = 'Location Code';
                }
                field(quantityOnHand; Rec."Quantity on Hand")
                {
                    Caption = 'Quantity on Hand';
                }
                field(reservedQuantity; Rec."Reserved Quantity")
                {
                    Caption = 'Reserved Quantity';
                }
                field(quantityOnSalesOrders; Rec."Quantity on Sales Orders")
                {
                    Caption = 'Quantity on Sales Orders';
                }
                field(quantityOnPurchaseOrders; Rec."Quantity on Purchase Orders")
                {
                    Caption = 'Quantity on Purchase Orders';
                }
                field(lastEntryNumber; Rec."Last Entry No.")
                {
                    Caption = 'Last Entry No.';
                }
                field(changeStamp; Rec."Change Stamp")
                {
                    Caption = 'Change Stamp';
                }
                field(readStamp; Rec."Read Stamp")
                {
                    Caption = 'Read Stamp';
                }
            }
        }
    }

    trigger OnFindRecord(Which: Text): Boolean
    var
        AvailabilityLoader: Codeunit "CTD365 Availability Loader";
        FilterView: Text;
    begin
        if not Loaded then begin
            FilterView := Rec.GetView();
            AvailabilityLoader.Load(Rec);
            Rec.SetView(FilterView);
            Loaded := true;
        end;
        exit(Rec.Find(Which));
    end;

    var
        Loaded: Boolean;
}
