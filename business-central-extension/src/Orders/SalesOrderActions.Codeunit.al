namespace CTD365.Commerce;

using Microsoft.Sales.Document;
using Microsoft.Sales.Posting;

codeunit 50106 "CTD365 Sales Order Actions"
{
    Access = Internal;

    /// <summary>
    /// Releases the order to the warehouse as the action on the page does, approvals and prepayments included.
    /// </summary>
    procedure Release(SalesHeader: Record "Sales Header")
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        SalesHeader.LockTable();
        SalesHeader.Find();
        if SalesHeader.Status = SalesHeader.Status::Released then
            exit;
        ReleaseSalesDocument.PerformManualRelease(SalesHeader);
    end;

    /// <summary>
    /// Reopens the order, so that its lines can be changed.
    /// </summary>
    procedure Reopen(SalesHeader: Record "Sales Header")
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        SalesHeader.LockTable();
        SalesHeader.Find();
        if SalesHeader.Status = SalesHeader.Status::Open then
            exit;
        ReleaseSalesDocument.PerformManualReopen(SalesHeader);
    end;

    /// <summary>
    /// Posts what the lines have as quantity to ship, and no invoice.
    /// </summary>
    procedure Ship(SalesHeader: Record "Sales Header")
    begin
        SalesHeader.Find();
        SalesHeader.Ship := true;
        SalesHeader.Invoice := false;
        SalesHeader.SendToPosting(Codeunit::"Sales-Post");
    end;
}
