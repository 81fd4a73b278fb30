namespace CTD365.Commerce;

using Microsoft.Sales.Document;

query 50103 "CTD365 Sales Demand"
{
    Caption = 'Sales Demand';
    QueryType = Normal;
    Access = Internal;

    elements
    {
        dataitem(Line; "Sales Line")
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
