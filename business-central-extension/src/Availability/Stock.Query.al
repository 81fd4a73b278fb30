namespace CTD365.Commerce;

using Microsoft.Inventory.Ledger;

query 50101 "CTD365 Stock"
{
    Caption = 'Stock';
    QueryType = Normal;
    Access = Internal;

    elements
    {
        // Not only open entries: when the last piece is gone its row must still be there, with 0.
        dataitem(Entry; "Item Ledger Entry")
        {
            column(ItemNo; "Item No.")
            {
            }
            column(VariantCode; "Variant Code")
            {
            }
            column(LocationCode; "Location Code")
            {
            }
            column(OnHand; "Remaining Quantity")
            {
                Method = Sum;
            }
            column(LastEntryNo; "Entry No.")
            {
                Method = Max;
            }
            column(ChangeStamp; SystemRowVersion)
            {
                Method = Max;
            }
        }
    }
}
