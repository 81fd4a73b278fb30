"""Field lengths of Finance. They are not published and from experience: check them on the tenant's own $metadata."""

from __future__ import annotations

REFERENCE_LIMIT = 60  # CustomersOrderReference
NUMBER_LIMIT = 20  # SalesOrderNumber

DELIVERY_LIMITS = {
    "DeliveryAddressName": 60,
    "DeliveryAddressDescription": 60,
    "DeliveryAddressStreet": 250,
    "DeliveryAddressCity": 60,
    "DeliveryAddressStateId": 10,
    "DeliveryAddressZipCode": 10,
    "DeliveryAddressCountryRegionId": 10,
}
REQUISITION = "CustomerRequisitionNumber"  # the customer's purchase order number
ORDER_LIMITS = {REQUISITION: 20, "Email": 80, **DELIVERY_LIMITS}
LINE_LIMITS = {"LineDescription": 1000, **DELIVERY_LIMITS}
# Of headers and lines: without it the address is the customer's, or the header's.
OWN_ADDRESS = "IsDeliveryAddressOrderSpecific"
CUSTOMER_LIMITS = {
    "OrganizationName": 100,
    "PersonFirstName": 25,
    "PersonLastName": 25,
    "PrimaryContactEmail": 255,
    "PrimaryContactPhone": 255,
    "AddressDescription": 60,
    "AddressStreet": 250,
    "AddressCity": 60,
    "AddressState": 10,
    "AddressZipCode": 10,
    "AddressCountryRegionId": 10,
    "TaxExemptNumber": 20,
    "OrganizationNumber": 50,
}
PRICE_DIGITS = 6  # of SalesPrice
YES, NO = "Yes", "No"
EMPTY_DATE = "1900-01-01T12:00:00Z"


def no_yes(value: bool) -> str:
    """Spell a truth value as the enumeration NoYes."""
    return YES if value else NO


def date_only(day: str) -> str:
    """Spell a day (YYYY-MM-DD): Finance keeps dates without time at noon UTC."""
    return f"{day}T12:00:00Z"
