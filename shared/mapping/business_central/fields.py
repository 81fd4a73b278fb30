"""Field lengths of Business Central API v2.0, from Microsoft's AL source (MIT). Longer values are refused there."""

from __future__ import annotations

REFERENCE_LIMIT = 35  # externalDocumentNumber, Code[35]

ORDER_LIMITS = {
    "sellToAddressLine1": 100,
    "sellToAddressLine2": 50,
    "sellToCity": 30,
    "sellToState": 30,
    "sellToPostCode": 20,
    "sellToCountry": 10,
    "shipToName": 100,
    "shipToContact": 100,
    "shipToAddressLine1": 100,
    "shipToAddressLine2": 50,
    "shipToCity": 30,
    "shipToState": 30,
    "shipToPostCode": 20,
    "shipToCountry": 10,
    "phoneNumber": 30,
    "email": 80,
}
LINE_LIMITS = {"description": 100}
CUSTOMER_LIMITS = {
    "displayName": 100,
    "addressLine1": 100,
    "addressLine2": 50,
    "city": 30,
    "state": 30,
    "postalCode": 20,
    "country": 10,
    "phoneNumber": 30,
    "email": 80,
    "taxRegistrationNumber": 50,
}
CONTACT_LIMITS = {"displayName": 100, "email": 80, "phoneNumber": 30}
UNIT_PRICE_DECIMALS = 5  # Unit-Amount Rounding Precision of a company set up as delivered: 0.00001
UNIT_PRICE_EXTRA_DIGITS = 3
