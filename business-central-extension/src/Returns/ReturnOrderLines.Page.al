namespace CTD365.Commerce;

using Microsoft.Sales.Document;

page 50116 "CTD365 Return Order Lines"
{
    PageType = API;
    APIPublisher = 'ctd365';
    APIGroup = 'commerce';
    APIVersion = 'v1.0';
    EntityCaption = 'Sales Return Order Line';
    EntitySetCaption = 'Sales Return Order Lines';
    EntityName = 'salesReturnOrderLine';
    EntitySetName = 'salesReturnOrderLines';
    ODataKeyFields = SystemId;
    SourceTable = "Sales Line";
    SourceTableView = where("Document Type" = const("Return Order"));
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Group)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'Document No.';
                }
                field(lineNumber; Rec."Line No.")
                {
                    Caption = 'Line No.';
                    Editable = false;
                }
                field(lineType; LineType)
                {
                    Caption = 'Line Type';
                }
                field(lineObjectNumber; ObjectNo)
                {
                    Caption = 'Line Object No.';
                }
                field(variantCode; VariantCode)
                {
                    Caption = 'Variant Code';
                }
                field(locationCode; LocationCode)
                {
                    Caption = 'Location Code';
                }
                field(unitOfMeasureCode; UnitOfMeasureCode)
                {
                    Caption = 'Unit of Measure Code';
                }
                field(quantity; Quantity)
                {
                    Caption = 'Quantity';
                }
                field(unitPrice; UnitPrice)
                {
                    Caption = 'Unit Price';

                    trigger OnValidate()
                    begin
                        UnitPriceKnown := true;
                    end;
                }
                field(discountAmount; DiscountAmount)
                {
                    Caption = 'Discount Amount';

                    trigger OnValidate()
                    begin
                        DiscountAmountKnown := true;
                    end;
                }
                field(returnReasonCode; ReturnReasonCode)
                {
                    Caption = 'Return Reason Code';
                }
                field(appliesFromItemEntryNumber; AppliesFromItemEntryNo)
                {
                    Caption = 'Applies-from Item Entry No.';
                }
                field(description; Rec.Description)
                {
                    Caption = 'Description';
                    Editable = false;
                }
                field(returnQuantityReceived; Rec."Return Qty. Received")
                {
                    Caption = 'Return Quantity Received';
                    Editable = false;
                }
                field(quantityInvoiced; Rec."Quantity Invoiced")
                {
                    Caption = 'Quantity Invoiced';
                    Editable = false;
                }
                field(amountIncludingTax; Rec."Amount Including VAT")
                {
                    Caption = 'Amount Including Tax';
                    Editable = false;
                }
                field(systemModifiedAt; Rec.SystemModifiedAt)
                {
                    Caption = 'System Modified At';
                    Editable = false;
                }
            }
        }
    }

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        LineType := LineType::Item;
        Clear(ObjectNo);
        Clear(VariantCode);
        Clear(LocationCode);
        Clear(UnitOfMeasureCode);
        Clear(Quantity);
        Clear(UnitPrice);
        Clear(DiscountAmount);
        Clear(UnitPriceKnown);
        Clear(DiscountAmountKnown);
        Clear(ReturnReasonCode);
        Clear(AppliesFromItemEntryNo);
    end;

    trigger OnAfterGetRecord()
    begin
        LineType := Rec.Type;
        ObjectNo := Rec."No.";
        VariantCode := Rec."Variant Code";
        LocationCode := Rec."Location Code";
        UnitOfMeasureCode := Rec."Unit of Measure Code";
        Quantity := Rec.Quantity;
        UnitPrice := Rec."Unit Price";
        DiscountAmount := Rec."Line Discount Amount";
        UnitPriceKnown := true;
        DiscountAmountKnown := true;
        ReturnReasonCode := Rec."Return Reason Code";
        AppliesFromItemEntryNo := Rec."Appl.-from Item Entry";
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ReturnOrders.InsertLine(Rec, LineType, ObjectNo);
        ApplyValues();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        ReturnOrders.CheckObject(Rec, LineType, ObjectNo);
        ApplyValues();
        exit(false);
    end;

    var
        ReturnOrders: Codeunit "CTD365 Return Orders";
        // Variables, not fields: the table validates them in a fixed order once the line exists.
        LineType: Enum "Sales Line Type";
        ObjectNo: Code[20];
        VariantCode: Code[10];
        LocationCode: Code[10];
        UnitOfMeasureCode: Code[10];
        Quantity: Decimal;
        UnitPrice: Decimal;
        DiscountAmount: Decimal;
        // Known: sent, or the line's own; otherwise what the table calculates stays.
        UnitPriceKnown: Boolean;
        DiscountAmountKnown: Boolean;
        ReturnReasonCode: Code[10];
        AppliesFromItemEntryNo: Integer;

    local procedure ApplyValues()
    begin
        ReturnOrders.ApplyPlace(Rec, VariantCode, LocationCode, UnitOfMeasureCode);
        ReturnOrders.ApplyQuantity(Rec, Quantity);
        if UnitPriceKnown then
            ReturnOrders.ApplyUnitPrice(Rec, UnitPrice);
        if DiscountAmountKnown then
            ReturnOrders.ApplyDiscount(Rec, DiscountAmount);
        ReturnOrders.ApplyOrigin(Rec, ReturnReasonCode, AppliesFromItemEntryNo);
        Rec.Modify(true);
    end;
}
