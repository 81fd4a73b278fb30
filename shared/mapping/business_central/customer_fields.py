"""A customer card of Business Central ⇄ the fields that both sides compare. Pure.

The API holds one address, no shipping addresses, no price group and no language: those fields are left out. `company`
and `contacts` are there for companies alone. `company` says the same as `name`: the card has one name, and whether it
is a company's is set once. Codes and tax ids are upper case there, e-mail addresses are compared in lower case; a
credit limit of 0 means that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import JsonValue

from shared.mapping.business_central.contacts import shape_contacts
from shared.mapping.business_central.fields import CUSTOMER_LIMITS
from shared.mapping.fitting import fit
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CUSTOM, Fields, is_empty

type Row = Mapping[str, Any]

COMPANY, PERSON = "Company", "Person"
NOT_BLOCKED, BLOCKED = "_x0020_", "All"
_ADDRESS = {
    "street": "addressLine1",
    "additional": "addressLine2",
    "postal_code": "postalCode",
    "city": "city",
    "state": "state",
    "country": "country",
}
_TEXTS = {"name": "displayName", "email": "email", "phone": "phoneNumber", "vat_id": "taxRegistrationNumber"}
_TERMS = "paymentTerms"  # no property of the card: there is only the id
_LIMITS = {**CUSTOMER_LIMITS, _TERMS: 10}
_UPPER = frozenset({"postalCode", "country", "taxRegistrationNumber", _TERMS})
_OPEN_BLOCKS = frozenset({"", " ", NOT_BLOCKED})


def shape_customer(fields: Fields, market: Market) -> Fields | MissingReference:
    """See `SynchronisesCustomers.shape_customer`. The hints name the card's own properties."""
    limit = _amount(fields.get("credit_limit"))
    if isinstance(limit, MissingReference):
        return limit
    fitted = fit({name: _cased(name, text) for name, text in _texts(fields).items()}, _LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    texts, _ = fitted
    whole = _from_texts(texts) | {
        "company": texts.get("displayName"),
        "credit_limit": limit,
        "blocked": bool(fields.get("blocked")),
    }
    shaped = {name: value for name, value in whole.items() if name in fields}
    if _text(fields.get("company")) is None:
        shaped.pop("company", None)
    elif "contacts" in fields:
        contacts = shape_contacts(fields["contacts"], market)
        if isinstance(contacts, MissingReference):
            return contacts
        shaped["contacts"] = contacts
    return shaped | _custom_of(fields, market)


def fields_of(row: Row, payment_terms: str | None, market: Market) -> Fields:
    """Read a card; `payment_terms` is the code behind its id."""
    texts = {name: _cased(name, row.get(name)) for name in _LIMITS} | {_TERMS: payment_terms}
    fields = _from_texts(texts) | {
        "credit_limit": _spelled(Decimal(str(row.get("creditLimit") or 0))),
        "blocked": row.get("blocked", NOT_BLOCKED) not in _OPEN_BLOCKS,
    }
    if row["type"] == COMPANY:
        fields["company"] = fields["name"]
    own = market.custom_fields.customer.items()
    return fields | {f"{CUSTOM}{name}": _plain(row[field]) for name, field in own if field in row}


def payload_of(changes: Fields, market: Market) -> dict[str, Any]:
    """Spell fields as the card's properties; payment terms are the caller's, who knows their ids."""
    payload: dict[str, Any] = {}
    if changes.get("company"):
        payload["displayName"] = changes["company"]
    payload |= {field: changes[name] or "" for name, field in _TEXTS.items() if name in changes}
    if "billing_address" in changes:
        address = changes["billing_address"]
        parts = address if isinstance(address, dict) else {}
        payload |= {field: parts.get(part) or "" for part, field in _ADDRESS.items()}
    if "credit_limit" in changes:
        payload["creditLimit"] = float(str(changes["credit_limit"] or 0))
    if "blocked" in changes:
        payload["blocked"] = BLOCKED if changes["blocked"] else NOT_BLOCKED
    own = market.custom_fields.customer.items()
    return payload | {field: changes[f"{CUSTOM}{name}"] for name, field in own if f"{CUSTOM}{name}" in changes}


def kind_of(fields: Fields) -> str:
    """Tell what a new card is of."""
    return PERSON if is_empty(fields.get("company")) else COMPANY


def _texts(fields: Fields) -> dict[str, str | None]:
    address = fields.get("billing_address")
    parts = address if isinstance(address, dict) else {}
    return {
        **{field: _text(fields.get(name)) for name, field in _TEXTS.items()},
        "displayName": _name(fields),
        **{field: _text(parts.get(part)) for part, field in _ADDRESS.items()},
        _TERMS: _text(fields.get("payment_terms")),
    }


def _name(fields: Fields) -> str | None:
    """A card must have a name: the company's, the person's, else the e-mail address."""
    person = " ".join(part for part in (_text(fields.get("first_name")), _text(fields.get("last_name"))) if part)
    candidates = (_text(fields.get("company")), _text(fields.get("name")), person, _text(fields.get("email")))
    return next((name for name in candidates if name), None)


def _from_texts(texts: Mapping[str, str | None]) -> dict[str, JsonValue]:
    address = {part: texts[field] for part, field in _ADDRESS.items() if texts.get(field)}
    fields: dict[str, JsonValue] = {name: texts.get(field) or None for name, field in _TEXTS.items()}
    return fields | {"payment_terms": texts.get(_TERMS) or None, "billing_address": {**address} or None}


def _cased(name: str, text: str | None) -> str | None:
    if not text:
        return None
    if name in _UPPER:
        return text.strip().upper()
    return text.strip().lower() if name == "email" else text


def _text(value: JsonValue) -> str | None:
    return (str(value).strip() or None) if value is not None else None


def _amount(value: JsonValue) -> str | MissingReference | None:
    try:
        amount = Decimal(str(value or 0))
    except InvalidOperation:
        return _no_amount(value)
    return _spelled(amount) if amount.is_finite() else _no_amount(value)


def _spelled(amount: Decimal) -> str | None:
    """Spell an amount with at least two digits and none that say nothing; 0 says that there is no limit."""
    if not amount:
        return None
    exact = amount.normalize()
    return f"{exact:.2f}" if int(exact.as_tuple().exponent) >= -2 else f"{exact:f}"


def _no_amount(value: JsonValue) -> MissingReference:
    return MissingReference(
        kind="no_amount",
        key="credit_limit",
        text=f"the credit limit {value!r} is no amount",
        hint="correct the custom field of the customer that carries it, for example to 1000.00",
        facts={"credit_limit": value},
    )


def _custom_of(fields: Fields, market: Market) -> dict[str, JsonValue]:
    names = (f"{CUSTOM}{name}" for name in market.custom_fields.customer)
    return {name: _plain(fields[name]) for name in names if name in fields}


def _plain(value: Any) -> JsonValue:
    """Spell equal numbers alike, and what is empty as None."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | bool | int | float) and value != "" else None
