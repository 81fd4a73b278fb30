"""What is personal data: the names of its fields, and taking its values out of texts that repeat what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

MASK = "***"
CUSTOM = "custom."  # in front of a project's own fields
# Names of fields that carry personal data, on either side, in lower case.
_DATAVERSE = frozenset(
    f"{whose}_{what}"
    for whose in ("billto", "shipto", "address1", "address2")
    for what in (
        *("name", "contactname", "primarycontactname", "telephone", "telephone1"),
        *("line1", "line2", "line3", "city", "stateorprovince", "postalcode"),
    )
)
# Our own words for a customer: `shared/model/customer_fields.py`.
_OWN = frozenset({"first_name", "last_name", "vat_id", "street", "additional", "postal_code", "city", "state"})
PERSONAL = (
    _DATAVERSE
    | _OWN
    | frozenset(
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
            "emailaddress",
            "emailaddress1",
            "telephone1",
            "companyname",
            "contactemail",
            "middlename",
            "streetnumber",
            "additionalstreetinfo",
            "additionaladdressinfo",
            "building",
            "apartment",
            "pobox",
            "password",
            "line1",
            "line2",
            "line3",
            "primarycontactname",
            "stateorprovince",
            "ctd365_vatid",
            "deliveryaddressstate",
            "zipcode",
        }
    )
)
_TEXT_FIELD = re.compile(r'"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*")')
_SHORTEST = 3  # characters; a shorter value says nothing and would blot out half of a text


def is_personal(name: str) -> bool:
    """Tell whether a field may carry personal data; nobody knows what is in a project's own fields of a customer."""
    return name.casefold() in PERSONAL or name.startswith(CUSTOM)


def without_echo(text: str, sent: str) -> str:
    """Mask what a text repeats of the personal data in a request body: Business Central's errors quote values."""
    # The longest first: a name may be a part of the e-mail beside it.
    for value in sorted(set(_personal_values(sent)), key=len, reverse=True):
        text = re.sub(re.escape(value), MASK, text, flags=re.IGNORECASE)
    return text


def _personal_values(sent: str) -> Iterator[str]:
    """Find them in any body: JSON, or the parts of a batch."""
    for name, quoted in _TEXT_FIELD.findall(sent):
        if name.casefold() not in PERSONAL:
            continue
        try:
            value = json.loads(quoted, strict=False).strip()
        except ValueError:  # no JSON after all
            continue
        if len(value) >= _SHORTEST:
            yield value
