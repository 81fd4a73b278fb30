namespace CTD365.Commerce;

using Microsoft.Purchases.Document;

query 50104 "CTD365 Purchase Supply"
{
    Caption = 'Purchase Supply';
    QueryType = Normal;
    Access = Internal;

    elements
    {
        dataitem(Line; "Purchase Line")
        {
            DataItemTableFilter = "Document Type" = const(Order), Type = const(Item), "Drop Shipment" = const(false);

            column(ItemNo; "No.")
            {
            }
            column(VariantCode; "Variant Code")
            {
            }
            column(LocationCode; "Location Code")
            {
            }
            column(Outstanding; "Outstanding Qty. (Base)")
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
