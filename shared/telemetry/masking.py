"""Personal data out of what is kept: values are replaced, the shape stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "***"
# Names of fields that carry personal data, on either side, in lower case.
PERSONAL = frozenset(
    {
        "email",
        "name",
        "company",
        "firstname",
        "lastname",
        "displayname",
        "phonenumber",
        "phone",
        "mobile",
        "taxregistrationnumber",
        "vatid",
        "shiptoname",
        "shiptocontact",
        "selltoaddressline1",
        "selltoaddressline2",
        "selltocity",
        "selltopostcode",
        "selltostate",
        "shiptoaddressline1",
        "shiptoaddressline2",
        "shiptocity",
        "shiptopostcode",
        "shiptostate",
        "addressline1",
        "addressline2",
        "city",
        "postalcode",
        "state",
        "street",
        "streetname",
        "postcode",
        "deliveryaddressname",
        "deliveryaddressdescription",
        "deliveryaddressstreet",
        "deliveryaddresscity",
        "deliveryaddressstateid",
        "deliveryaddresszipcode",
        "organizationname",
        "organizationnumber",
        "personfirstname",
        "personlastname",
        "primarycontactemail",
        "primarycontactphone",
        "addressdescription",
        "addressstreet",
        "addresscity",
        "addressstate",
        "addresszipcode",
        "taxexemptnumber",
    }
)


def mask_personal_data(value: Mapping[str, Any]) -> dict[str, Any]:
    """Mask every personal field of a tree, however deep."""
    return {name: _masked(item, personal=name.casefold() in PERSONAL) for name, item in value.items()}


def _masked(item: Any, *, personal: bool) -> Any:
    if isinstance(item, Mapping):
        return mask_personal_data(item)
    if isinstance(item, list | tuple):
        return [_masked(part, personal=personal) for part in item]
    return MASK if personal and item else item
