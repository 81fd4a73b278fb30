namespace CTD365.Commerce;

using Microsoft.Sales.Document;

page 50115 "CTD365 Sales Return Orders"
{
    PageType = API;
    APIPublisher = 'ctd365';
    APIGroup = 'commerce';
    APIVersion = 'v1.0';
    EntityCaption = 'Sales Return Order';
    EntitySetCaption = 'Sales Return Orders';
    EntityName = 'salesReturnOrder';
    EntitySetName = 'salesReturnOrders';
    ODataKeyFields = SystemId;
    SourceTable = "Sales Header";
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
                field(number; Rec."No.")
                {
                    Caption = 'No.';
                    Editable = false;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External Document No.';
                }
                field(customerNumber; CustomerNo)
                {
                    Caption = 'Customer No.';
                }
                field(documentDate; DocumentDate)
                {
                    Caption = 'Document Date';
                }
                field(postingDate; PostingDate)
                {
                    Caption = 'Posting Date';
                }
                field(currencyCode; CurrencyCode)
                {
                    Caption = 'Currency Code';
                }
                field(pricesIncludeTax; PricesIncludeTax)
                {
                    Caption = 'Prices Include Tax';
                }
                field(locationCode; LocationCode)
                {
                    Caption = 'Location Code';
                }
                field(status; Rec.Status)
                {
                    Caption = 'Status';
                    Editable = false;
                }
                field(systemModifiedAt; Rec.SystemModifiedAt)
                {
                    Caption = 'System Modified At';
                    Editable = false;
                }
                part(salesReturnOrderLines; "CTD365 Return Order Lines")
                {
                    Caption = 'Lines';
                    EntityName = 'salesReturnOrderLine';
                    EntitySetName = 'salesReturnOrderLines';
                    SubPageLink = "Document Type" = field("Document Type"), "Document No." = field("No.");
                }
            }
        }
    }

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Rec."Document Type" := Rec."Document Type"::"Return Order";
        Clear(CustomerNo);
        Clear(DocumentDate);
        Clear(PostingDate);
        Clear(CurrencyCode);
        Clear(PricesIncludeTax);
        Clear(LocationCode);
    end;

    trigger OnAfterGetRecord()
    begin
        CustomerNo := Rec."Sell-to Customer No.";
        DocumentDate := Rec."Document Date";
        PostingDate := Rec."Posting Date";
        CurrencyCode := Rec."Currency Code";
        PricesIncludeTax := Rec."Prices Including VAT";
        LocationCode := Rec."Location Code";
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ReturnOrders.InsertHeader(Rec, CustomerNo);
        ApplyValues();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        ReturnOrders.CheckCustomer(Rec, CustomerNo);
        ApplyValues();
        exit(false);
    end;

    var
        ReturnOrders: Codeunit "CTD365 Return Orders";
        // Variables, not fields: the table validates them in a fixed order once the header exists.
        CustomerNo: Code[20];
        DocumentDate: Date;
        PostingDate: Date;
        CurrencyCode: Code[10];
        PricesIncludeTax: Boolean;
        LocationCode: Code[10];

    local procedure ApplyValues()
    begin
        ReturnOrders.ApplyHeader(Rec, DocumentDate, PostingDate, CurrencyCode, PricesIncludeTax, LocationCode);
        Rec.Modify(true);
    end;
}
