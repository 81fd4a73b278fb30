namespace CTD365.Commerce;

using Microsoft.Finance.GeneralLedger.Setup;
using Microsoft.Sales.Document;

codeunit 50107 "CTD365 Return Orders"
{
    Access = Internal;

    /// <summary>
    /// Inserts the header for the customer; the number comes from the series of return orders.
    /// </summary>
    procedure InsertHeader(var SalesHeader: Record "Sales Header"; CustomerNo: Code[20])
    var
        ExternalDocumentNo: Code[35];
    begin
        if CustomerNo = '' then
            Error(CustomerMissingErr);
        ExternalDocumentNo := SalesHeader."External Document No.";
        SalesHeader.Init();
        SalesHeader."Document Type" := SalesHeader."Document Type"::"Return Order";
        SalesHeader."No." := '';
        SalesHeader.SetHideValidationDialog(true);
        SalesHeader.Insert(true);
        SalesHeader.Validate("Sell-to Customer No.", CustomerNo);
        SalesHeader.Validate("External Document No.", ExternalDocumentNo);
    end;

    /// <summary>
    /// Refuses another customer: the lines would be made anew.
    /// </summary>
    procedure CheckCustomer(SalesHeader: Record "Sales Header"; CustomerNo: Code[20])
    begin
        if CustomerNo <> SalesHeader."Sell-to Customer No." then
            Error(CannotChangeErr, 'customerNumber');
    end;

    /// <summary>
    /// Validates what was sent, or changed, on the header; the caller stores it.
    /// </summary>
    procedure ApplyHeader(var SalesHeader: Record "Sales Header"; DocumentDate: Date; PostingDate: Date; CurrencyCode: Code[10]; PricesIncludeTax: Boolean; LocationCode: Code[10])
    begin
        SalesHeader.SetHideValidationDialog(true);
        if (PostingDate <> 0D) and (PostingDate <> SalesHeader."Posting Date") then
            SalesHeader.Validate("Posting Date", PostingDate);
        if (DocumentDate <> 0D) and (DocumentDate <> SalesHeader."Document Date") then
            SalesHeader.Validate("Document Date", DocumentDate);
        if (CurrencyCode <> '') and (DocumentCurrency(CurrencyCode) <> SalesHeader."Currency Code") then
            SalesHeader.Validate("Currency Code", DocumentCurrency(CurrencyCode));
        if PricesIncludeTax <> SalesHeader."Prices Including VAT" then
            SalesHeader.Validate("Prices Including VAT", PricesIncludeTax);
        if (LocationCode <> '') and (LocationCode <> SalesHeader."Location Code") then
            SalesHeader.Validate("Location Code", LocationCode);
    end;

    local procedure DocumentCurrency(CurrencyCode: Code[10]): Code[10]
    var
        GeneralLedgerSetup: Record "General Ledger Setup";
    begin
        // Documents in the local currency have none.
        GeneralLedgerSetup.Get();
        if CurrencyCode = GeneralLedgerSetup."LCY Code" then
            exit('');
        exit(CurrencyCode);
    end;

    /// <summary>
    /// Inserts a line at the end of its document.
    /// </summary>
    procedure InsertLine(var SalesLine: Record "Sales Line"; LineType: Enum "Sales Line Type"; ObjectNo: Code[20])
    var
        LastLine: Record "Sales Line";
    begin
        if SalesLine."Document No." = '' then
            Error(DocumentMissingErr);
        SalesLine."Document Type" := SalesLine."Document Type"::"Return Order";
        LastLine.SetRange("Document Type", SalesLine."Document Type");
        LastLine.SetRange("Document No.", SalesLine."Document No.");
        if LastLine.FindLast() then;
        SalesLine."Line No." := LastLine."Line No." + 10000;
        SalesLine.SetHideValidationDialog(true);
        SalesLine.Insert(true);
        SalesLine.Validate(Type, LineType);
        SalesLine.Validate("No.", ObjectNo);
    end;

    /// <summary>
    /// Refuses another item or account on a line that exists.
    /// </summary>
    procedure CheckObject(SalesLine: Record "Sales Line"; LineType: Enum "Sales Line Type"; ObjectNo: Code[20])
    begin
        if LineType <> SalesLine.Type then
            Error(CannotChangeErr, 'lineType');
        if ObjectNo <> SalesLine."No." then
            Error(CannotChangeErr, 'lineObjectNumber');
    end;

    /// <summary>
    /// Validates variant, location and unit; before the quantity, since they change prices.
    /// </summary>
    procedure ApplyPlace(var SalesLine: Record "Sales Line"; VariantCode: Code[10]; LocationCode: Code[10]; UnitOfMeasureCode: Code[10])
    begin
        SalesLine.SetHideValidationDialog(true);
        if VariantCode <> SalesLine."Variant Code" then
            SalesLine.Validate("Variant Code", VariantCode);
        if (LocationCode <> '') and (LocationCode <> SalesLine."Location Code") then
            SalesLine.Validate("Location Code", LocationCode);
        if (UnitOfMeasureCode <> '') and (UnitOfMeasureCode <> SalesLine."Unit of Measure Code") then
            SalesLine.Validate("Unit of Measure Code", UnitOfMeasureCode);
    end;

    /// <summary>
    /// Validates the quantity; this calculates price and discount anew, so both come after it.
    /// </summary>
    procedure ApplyQuantity(var SalesLine: Record "Sales Line"; Quantity: Decimal)
    begin
        if Quantity <> SalesLine.Quantity then
            SalesLine.Validate(Quantity, Quantity);
    end;

    /// <summary>
    /// Validates the unit price.
    /// </summary>
    procedure ApplyUnitPrice(var SalesLine: Record "Sales Line"; UnitPrice: Decimal)
    begin
        if UnitPrice <> SalesLine."Unit Price" then
            SalesLine.Validate("Unit Price", UnitPrice);
    end;

    /// <summary>
    /// Validates the discount of the whole line.
    /// </summary>
    procedure ApplyDiscount(var SalesLine: Record "Sales Line"; DiscountAmount: Decimal)
    begin
        if DiscountAmount <> SalesLine."Line Discount Amount" then
            SalesLine.Validate("Line Discount Amount", DiscountAmount);
    end;

    /// <summary>
    /// Validates the reason, and the item ledger entry of the sale that the cost is taken from.
    /// </summary>
    procedure ApplyOrigin(var SalesLine: Record "Sales Line"; ReturnReasonCode: Code[10]; AppliesFromItemEntryNo: Integer)
    begin
        if ReturnReasonCode <> SalesLine."Return Reason Code" then
            SalesLine.Validate("Return Reason Code", ReturnReasonCode);
        if AppliesFromItemEntryNo <> SalesLine."Appl.-from Item Entry" then
            SalesLine.Validate("Appl.-from Item Entry", AppliesFromItemEntryNo);
    end;

    var
        CustomerMissingErr: Label 'A "customerNumber" must be provided.', Comment = 'customerNumber is a field name and should not be translated.';
        DocumentMissingErr: Label 'A "documentNumber" must be provided.', Comment = 'documentNumber is a field name and should not be translated.';
        CannotChangeErr: Label 'The value for "%1" cannot be modified.', Comment = '%1 = the name of a field, which should not be translated.';
}
