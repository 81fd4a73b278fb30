"""A Customer document as fields that a back-end can be compared with. Pure; writing is in `customer_actions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import JsonValue

from shared.mapping.commercetools.address_parts import parts_of
from shared.mapping.commercetools.customer_documents import ExpandedCustomerDocument, ExpandedReference
from shared.mapping.commercetools.errors import UnmappableCustomer, parsed
from shared.market_options.customers import CustomerSync
from shared.model.customer_fields import CONTACT_PARTS, CUSTOM, Fields, canonical

type Document = Mapping[str, Any]


def customer_fields(document: Document, rules: CustomerSync, custom: Mapping[str, str]) -> Fields:
    """Read what keeping in step needs. Raises UnmappableCustomer with the path of what is missing.

    `document` has `CUSTOMER_EXPANSIONS`; a group whose key is not known is left out. `custom` names the custom fields
    that the back-end has fields for. Left out, too: the phone of a customer without a default billing address, and
    payment terms, credit limit and blocked state unless the market map names custom fields that carry them.
    """
    customer = parsed(ExpandedCustomerDocument, dict(document), UnmappableCustomer)
    person = " ".join(part for part in (customer.first_name, customer.middle_name, customer.last_name) if part)
    names = {
        "name": customer.company_name or person or customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "company": customer.company_name,
        "email": customer.email,
        "vat_id": customer.vat_id,
        "locale": customer.locale,
    }
    has_others = customer.customer_group is None and bool(customer.customer_group_assignments)
    group = {} if has_others else group_field(customer.customer_group)
    texts: Fields = {name: stripped(text) for name, text in names.items()}
    return {**texts, **group, **address_fields(document, rules), **carried_fields(document, rules, custom)}


def stripped(text: str | None) -> str | None:
    """Take away blanks at both ends; nothing left is None."""
    return (text or "").strip() or None


def group_field(group: ExpandedReference | None) -> Fields:
    """Tell the key of a customer group; nothing when there is a group without a known key."""
    if group is None:
        return {"customer_group": None}
    return {"customer_group": group.known_key} if group.known_key else {}


def address_fields(document: Document, rules: CustomerSync) -> Fields:
    """Tell the default addresses, the others (each once), and the phone, of a Customer or Business Unit.

    The phone of the default billing address is the customer's, and not told a second time, unless a custom field
    carries the customer's phone.
    """
    addresses = {address["id"]: parts_of(address) for address in document.get("addresses", ()) if address.get("id")}
    ids = document.get("defaultBillingAddressId"), document.get("defaultShippingAddressId")
    billing, shipping = (dict(addresses[found]) if found in addresses else None for found in ids)
    others = {canonical(parts): cast("JsonValue", parts) for name, parts in addresses.items() if name not in ids}
    phone: Fields = {}
    if "phone" not in rules.carried and billing is not None:
        phone = {"phone": billing.pop("phone", None)}
    return {**phone, "billing_address": billing, "shipping_address": shipping, "addresses": list(others.values())}


def carried_fields(document: Document, rules: CustomerSync, custom: Mapping[str, str]) -> Fields:
    """Tell what custom fields carry."""
    values: Mapping[str, JsonValue] = (document.get("custom") or {}).get("fields") or {}
    carried: Fields = {name: _carried(name, values.get(field)) for name, field in rules.carried.items()}
    own: Fields = {f"{CUSTOM}{field}": values.get(field) for field in custom if is_plain(values.get(field))}
    return {**carried, **own}


def is_plain(value: JsonValue) -> bool:
    """Tell whether a custom field's value is text, number or boolean; sets, references and money are left alone."""
    return value is None or isinstance(value, str | int | float | bool)


def _carried(name: str, value: JsonValue) -> JsonValue:
    """Read a carried field: a boolean for `blocked`, else text; a number becomes text."""
    if name == "blocked":
        return value is True
    if value is None or isinstance(value, bool | dict | list):
        return None
    return stripped(str(value))


def contacts_of(customers: Sequence[Document]) -> list[JsonValue]:
    """Tell customers who act for a company as its contacts."""
    return [_contact(document) for document in customers]


def _contact(document: Document) -> JsonValue:
    fields = customer_fields(document, CustomerSync(), {})
    return {name: fields[name] for name in CONTACT_PARTS if fields.get(name)}
