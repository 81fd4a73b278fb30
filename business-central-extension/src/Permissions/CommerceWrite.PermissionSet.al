namespace CTD365.Commerce;

using Microsoft.Finance.GeneralLedger.Setup;
using Microsoft.Sales.Document;

// What posting and validation touch beyond this comes with the standard sets for sales documents.
permissionset 50121 "CTD365 Write"
{
    Caption = 'Commerce Companion, write';
    Assignable = true;
    IncludedPermissionSets = "CTD365 Read";

    Permissions =
        codeunit "CTD365 Sales Order Actions" = X,
        codeunit "CTD365 Return Orders" = X,
        tabledata "General Ledger Setup" = R,
        tabledata "Sales Header" = RIMD,
        tabledata "Sales Line" = RIMD;
}
