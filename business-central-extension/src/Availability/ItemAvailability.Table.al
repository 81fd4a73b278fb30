namespace CTD365.Commerce;

table 50100 "CTD365 Item Availability"
{
    Caption = 'Item Availability';
    TableType = Temporary;
    Access = Internal;
    DataClassification = CustomerContent;

    fields
    {
        field(1; "Item No."; Code[20])
        {
            Caption = 'Item No.';
        }
        field(2; "Variant Code"; Code[10])
        {
            Caption = 'Variant Code';
        }
        field(3; "Location Code"; Code[10])
        {
            Caption = 'Location Code';
        }
        field(10; "Quantity on Hand"; Decimal)
        {
            Caption = 'Quantity on Hand';
            DecimalPlaces = 0 : 5;
        }
        field(11; "Reserved Quantity"; Decimal)
        {
            Caption = 'Reserved Quantity';
            DecimalPlaces = 0 : 5;
        }
        field(12; "Quantity on Sales Orders"; Decimal)
        {
            Caption = 'Quantity on Sales Orders';
            DecimalPlaces = 0 : 5;
        }
        field(13; "Quantity on Purchase Orders"; Decimal)
        {
            Caption = 'Quantity on Purchase Orders';
            DecimalPlaces = 0 : 5;
        }
        field(20; "Last Entry No."; Integer)
        {
            Caption = 'Last Entry No.';
        }
        field(21; "Change Stamp"; BigInteger)
        {
            Caption = 'Change Stamp';
        }
        field(22; "Read Stamp"; BigInteger)
        {
            Caption = 'Read Stamp';
        }
    }

    keys
    {
        key(PK; "Item No.", "Variant Code", "Location Code")
        {
            Clustered = true;
        }
    }
}
