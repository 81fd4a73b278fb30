namespace CTD365.Commerce;

using Microsoft.Inventory.Ledger;
using Microsoft.Inventory.Tracking;
using Microsoft.Pricing.PriceList;
using Microsoft.Purchases.Document;
using Microsoft.Sales.Document;
using Microsoft.Sales.History;

permissionset 50120 "CTD365 Read"
{
    Caption = 'Commerce Companion, read';
    Assignable = true;

    Permissions =
        page "CTD365 Item Availabilities" = X,
        page "CTD365 Price List Lines" = X,
        page "CTD365 Sales Shipment Headers" = X,
        page "CTD365 Sales Shipment Lines" = X,
        page "CTD365 Sales Orders" = X,
        page "CTD365 Sales Return Orders" = X,
        page "CTD365 Return Order Lines" = X,
        page "CTD365 Return Receipt Lines" = X,
        query "CTD365 Stock" = X,
        query "CTD365 Stock Reservations" = X,
        query "CTD365 Sales Demand" = X,
        query "CTD365 Purchase Supply" = X,
        codeunit "CTD365 Availability Loader" = X,
        table "CTD365 Item Availability" = X,
        tabledata "CTD365 Item Availability" = RIMD,
        tabledata "Item Ledger Entry" = R,
        tabledata "Reservation Entry" = R,
        tabledata "Purchase Line" = R,
        tabledata "Price List Line" = R,
        tabledata "Sales Header" = R,
        tabledata "Sales Line" = R,
        tabledata "Sales Shipment Header" = R,
        tabledata "Sales Shipment Line" = R,
        tabledata "Return Receipt Line" = R;
}
