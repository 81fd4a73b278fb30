namespace CTD365.Commerce;

using Microsoft.Inventory.Tracking;

query 50102 "CTD365 Stock Reservations"
{
    Caption = 'Stock Reservations';
    QueryType = Normal;
    Access = Internal;

    elements
    {
        // 32 is the item ledger entry: what is reserved from stock, not from a purchase order.
        dataitem(Reservation; "Reservation Entry")
        {
            DataItemTableFilter = "Reservation Status" = const(Reservation), "Source Type" = const(32), "Source Subtype" = const("0");

            column(ItemNo; "Item No.")
            {
            }
            column(VariantCode; "Variant Code")
            {
            }
            column(LocationCode; "Location Code")
            {
            }
            column(Reserved; "Quantity (Base)")
            {
                Method = Sum;
            }
            column(ChangeStamp; SystemRowVersion)
            {
                Method = Max;
            }
        }
    }
}
