"""Column lengths of Dataverse's Sales tables, from Microsoft's Common Data Model (CC-BY-4.0)."""

from __future__ import annotations

_PARTY = {
    "name": 200,
    "contactname": 150,
    "line1": 250,
    "line2": 250,
    "line3": 250,
    "city": 80,
    "stateorprovince": 50,
    "country": 80,
    "postalcode": 20,
    "telephone": 50,
}
SHIP_TO_LIMITS = {f"shipto_{name}": limit for name, limit in _PARTY.items()}
BILL_TO_LIMITS = {f"billto_{name}": limit for name, limit in _PARTY.items()}
ORDER_LIMITS = {"name": 300, "emailaddress": 100, **BILL_TO_LIMITS, **SHIP_TO_LIMITS}
ORDER_NUMBER_LIMIT = 100  # the column that set-up creates
PURCHASE_ORDER_LIMIT = 100  # likewise
LINE_LIMITS = {"description": 2000, "productdescription": 500}
ADDRESS_LIMITS = {
    "address1_line1": 250,
    "address1_line2": 250,
    "address1_line3": 250,
    "address1_city": 80,
    "address1_stateorprovince": 50,
    "address1_country": 80,
    "address1_postalcode": 20,
}
ACCOUNT_NUMBER_LIMIT = 20
CONTACT_NUMBER_LIMIT = 50  # the column that set-up creates
ACCOUNT_LIMITS = {"name": 160, "emailaddress1": 100, "telephone1": 50, **ADDRESS_LIMITS}
CONTACT_LIMITS = {"firstname": 50, "lastname": 50, "emailaddress1": 100, "telephone1": 50, **ADDRESS_LIMITS}
VAT_ID_LIMIT = 50  # the column that set-up creates
LOCALE_LIMIT = 20  # likewise
_PLACE = {
    "name": 200,
    "primarycontactname": 100,
    "line1": 250,
    "line2": 250,
    "line3": 250,
    "city": 80,
    "stateorprovince": 50,
    "country": 80,
    "postalcode": 20,
    "telephone1": 50,
}
ACCOUNT_PLACE_LIMITS = {
    f"{prefix}{name}": limit for prefix in ("address1_", "address2_") for name, limit in _PLACE.items()
}
CONTACT_PLACE_LIMITS = ACCOUNT_PLACE_LIMITS | {"address2_name": 100}
MORE_ADDRESS_LIMITS = _PLACE | {"primarycontactname": 150}  # rows of customeraddress
