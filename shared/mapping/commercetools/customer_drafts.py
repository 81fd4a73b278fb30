"""Drafts of Customers and Business Units that the back-end knows and commercetools does not. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from pydantic import JsonValue

from shared.mapping.commercetools.address_actions import without_country
from shared.mapping.commercetools.address_parts import Parts, with_parts
from shared.mapping.commercetools.custom_field_actions import carried_values
from shared.mapping.commercetools.customer_actions import no_email, person_names
from shared.market_options.customers import CustomerSync
from shared.model.back_end import MissingReference
from shared.model.customer_fields import Fields, is_empty, same

type Draft = dict[str, Any]

_NAMES = {"company": "companyName", "first_name": "firstName", "last_name": "lastName"}
_ROLES = ("billing_address", "shipping_address")
_KEY = re.compile(r"[A-Za-z0-9_-]{2,256}")  # what commercetools takes as a key
_LONGEST_STEM = 200
_HASH_LENGTH = 8


def customer_draft(
    fields: Fields,
    rules: CustomerSync,
    custom: Mapping[str, str],
    *,
    external_id: str,
    password: str | None,
    stores: Collection[str],
) -> Draft | MissingReference:
    """Draft a Customer of the back-end's fields; `external_id` is its account number there.

    `password` is what nobody knows until it is reset; with `rules.password: external` it is not sent. `stores` are
    keys; none makes a customer of every store. A MissingReference says what commercetools insists on.
    """
    refused = no_email() if is_empty(fields.get("email")) else without_country({}, fields)
    if refused is not None:
        return refused
    carried = _custom(fields, rules, custom)
    if isinstance(carried, MissingReference):
        return carried
    texts = {"externalId": external_id, "email": fields["email"], **_names(fields)}
    texts |= {"vatId": fields.get("vat_id"), "locale": fields.get("locale")}
    return {
        **{name: value for name, value in texts.items() if not is_empty(value)},
        **_sign_in(rules, password),
        **({"customerGroup": _group(fields)} if _group(fields) else {}),
        **_addresses(fields, rules),
        **({"stores": _stores(stores)} if stores else {}),
        **carried,
    }


def business_unit_draft(
    fields: Fields, rules: CustomerSync, custom: Mapping[str, str], *, number: str, stores: Collection[str]
) -> Draft | MissingReference:
    """Draft a Company of the back-end's fields; its key is derived from the account number."""
    name = fields.get("company") or fields.get("name")
    if is_empty(name):
        return MissingReference(
            kind="company_name",
            key=number,
            text=f"account {number} has no name, and commercetools takes no company without one",
            hint="fill in the name in the back-end",
        )
    refused = without_country({}, fields)
    if refused is not None:
        return refused
    carried = _custom({key: value for key, value in fields.items() if key != "blocked"}, rules, custom)
    if isinstance(carried, MissingReference):
        return carried
    email, group = fields.get("email"), _group(fields)
    return {
        "key": business_unit_key(number),
        "unitType": "Company",
        "name": name,
        "status": "Inactive" if fields.get("blocked") else "Active",
        **({"contactEmail": email} if email else {}),
        **({"customerGroupAssignments": [{"customerGroup": group}]} if group else {}),
        **_addresses(fields, rules),
        **({"storeMode": "Explicit", "stores": _stores(stores)} if stores else {}),
        **carried,
    }


def business_unit_key(number: str) -> str:
    """Derive a key from an account number: the number itself, or where it cannot be a key, one with a hash of it."""
    if _KEY.fullmatch(number):
        return number
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", number)[:_LONGEST_STEM]
    return f"{stem}-{hashlib.sha256(number.encode()).hexdigest()[:_HASH_LENGTH]}"


def _names(fields: Fields) -> dict[str, JsonValue]:
    """Name a company or a person; a whole name alone is a company's if it has a VAT id."""
    own = {name: fields.get(name) for name in _NAMES if not is_empty(fields.get(name))}
    whole = str(fields.get("name") or "").strip()
    if not own and whole:
        company = not is_empty(fields.get("vat_id"))
        own = {"company": whole} if company else dict(person_names(whole, {}))
    return {_NAMES[name]: value for name, value in own.items() if name in _NAMES}


def _sign_in(rules: CustomerSync, password: str | None) -> Draft:
    if rules.password == "external":  # noqa: S105 - names a way, is no password
        return {"authenticationMode": "ExternalAuth"}
    return {"authenticationMode": "Password", "password": password}


def _group(fields: Fields) -> Draft | None:
    key = fields.get("customer_group")
    return {"typeId": "customer-group", "key": key} if key else None


def _stores(stores: Collection[str]) -> list[Draft]:
    return [{"typeId": "store", "key": key} for key in sorted(stores)]


def _addresses(fields: Fields, rules: CustomerSync) -> Draft:
    """Spell the addresses, the default ones first; equal defaults are one address."""
    billing, shipping = (cast("Parts", fields.get(name) or {}) for name in _ROLES)
    phone = {} if "phone" in rules.carried or is_empty(fields.get("phone")) else {"phone": fields["phone"]}
    found = [with_parts({}, {}, {**billing, **phone})] if billing else []
    roles = {"defaultBillingAddress": 0} if billing else {}
    if shipping and not same(dict(shipping), dict(billing)):
        found.append(with_parts({}, {}, shipping))
    if shipping:
        roles["defaultShippingAddress"] = len(found) - 1
    others = cast("list[Parts]", fields.get("addresses") or [])
    found += [with_parts({}, {}, parts) for parts in others]
    return {"addresses": found, **roles} if found else {}


def _custom(fields: Fields, rules: CustomerSync, custom: Mapping[str, str]) -> Draft | MissingReference:
    """Spell the custom fields; without a type there is no place for them."""
    values = {name: value for name, value in carried_values(fields, rules, custom, {}).items() if not is_empty(value)}
    values = {name: value for name, value in values.items() if value is not False}
    if not values:
        return {}
    if rules.type is None:
        return MissingReference(
            kind="custom_type",
            key=", ".join(values),
            text=f"no custom type is named for the fields {', '.join(values)}",
            hint="name the type with these fields in customers.sync.type of the market map",
        )
    return {"custom": {"type": {"typeId": "type", "key": rules.type}, "fields": values}}
