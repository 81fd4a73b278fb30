"""A customer as Dataverse holds it: fields of both sides ↔ columns of account and contact. Pure.

What the back-end would make of values is found by spelling them as columns and reading those again, so that shaping
and reading can never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import JsonValue

from shared.mapping.dataverse.customer_places import PLACE_COLUMNS, place_of, place_texts
from shared.mapping.dataverse.fields import (
    ACCOUNT_LIMITS,
    ACCOUNT_PLACE_LIMITS,
    CONTACT_LIMITS,
    CONTACT_PLACE_LIMITS,
    LOCALE_LIMIT,
    MORE_ADDRESS_LIMITS,
    VAT_ID_LIMIT,
)
from shared.mapping.fitting import fit
from shared.market_options.dataverse import DataverseOptions
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CUSTOM, Fields

type Kind = Literal["account", "contact"]
type Row = Mapping[str, Any]
type Columns = dict[str, Any]
PLACES = {"billing_address": "address1_", "shipping_address": "address2_"}
PRICE_LIST = "defaultpricelevelid"
INACTIVE = 1
_PERSON_COLUMNS = {"email": "emailaddress1", "first_name": "firstname", "last_name": "lastname", "phone": "telephone1"}
_CENTS = Decimal("0.01")


def kind_of(fields: Fields, options: DataverseOptions) -> Kind:
    """Say what a customer is: an account when it has a company, contacts or no person's name."""
    is_company = fields.get("company") or fields.get("contacts")
    is_person = "first_name" in fields or "last_name" in fields
    return "account" if is_company or not is_person or options.persons == "account" else "contact"


def shape(fields: Fields, market: Market) -> Fields | MissingReference:
    """See `SynchronisesCustomers.shape_customer`."""
    kind = kind_of(fields, _options(market))
    columns = columns_of(kind, fields, market)
    if isinstance(columns, MissingReference):
        return columns
    addresses = more_addresses(fields.get("addresses"), market)
    if isinstance(addresses, MissingReference):
        return addresses
    persons = contacts(fields.get("contacts"), market)
    if isinstance(persons, MissingReference):
        return persons
    group = fields.get("customer_group")
    price_list = market.customers.sync.price_group_of(group) if isinstance(group, str) else None
    row = {**columns, PRICE_LIST: {"name": price_list} if price_list else None}
    held = fields_of(kind, row, addresses, persons, market)
    if group and price_list is None:
        held.pop("customer_group", None)  # a group that no price list stands for is left alone on both sides
    return {name: value for name, value in held.items() if name in fields}


def fields_of(
    kind: Kind, row: Row, addresses: Sequence[Row], persons: Sequence[Row], market: Market
) -> dict[str, JsonValue]:
    """Read a record with its further addresses and, of an account, its contacts."""
    options = _options(market)
    fields: dict[str, JsonValue] = {name: row.get(column) or None for name, column in _texts(kind, options).items()}
    fields |= {name: place_of(row, prefix, options.countries) for name, prefix in PLACES.items()}
    fields["payment_terms"] = None if row.get("paymenttermscode") is None else str(row["paymenttermscode"])
    fields["credit_limit"] = _amount(row.get("creditlimit"))
    fields["blocked"] = row.get("statecode") == INACTIVE or bool(row.get("creditonhold"))
    fields |= _group(row, market)
    if options.more_addresses:
        fields["addresses"] = [place for place in (place_of(one, "", options.countries) for one in addresses) if place]
    if kind == "account":
        fields["contacts"] = [person for person in map(person_of, persons) if person]
    return fields | {name: _plain(row.get(column)) for name, column in _custom(market).items()}


def columns_of(kind: Kind, fields: Fields, market: Market) -> Columns | MissingReference:
    """Spell fields as columns of the record; fields that it cannot hold, and those in other tables, are left out."""
    options = _options(market)
    texts: dict[str, str | None] = {}
    for name, column in _texts(kind, options).items():
        if name in fields:
            texts[column] = _text(fields[name])
    for name, prefix in PLACES.items():
        if name in fields:
            texts |= place_texts(fields[name], prefix, options.countries)
    fitted = fit(texts, _limits(kind, options), market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    others = _other_columns(fields, market)
    return others if isinstance(others, MissingReference) else {**dict.fromkeys(texts), **fitted[0], **others}


def more_addresses(value: JsonValue, market: Market) -> list[Columns] | MissingReference:
    """Spell addresses as rows of customeraddress."""
    rows: list[Columns] = []
    countries = _options(market).countries
    for address in value if isinstance(value, list) else []:
        texts = place_texts(address, "", countries)
        fitted = fit(texts, MORE_ADDRESS_LIMITS, market.order.cut)
        if isinstance(fitted, MissingReference):
            return fitted
        rows.append({**dict.fromkeys(texts), **fitted[0]})
    return rows


def contacts(value: JsonValue, market: Market) -> list[Columns] | MissingReference:
    """Spell the persons of a company as rows of contact."""
    rows: list[Columns] = []
    for person in value if isinstance(value, list) else []:
        parts = person if isinstance(person, dict) else {}
        texts = {column: _text(parts.get(part)) for part, column in _PERSON_COLUMNS.items()}
        fitted = fit(texts, CONTACT_LIMITS, market.order.cut)
        if isinstance(fitted, MissingReference):
            return fitted
        rows.append({**dict.fromkeys(texts), **fitted[0]})
    return rows


def person_of(row: Row) -> dict[str, JsonValue]:
    """Read a contact of a company."""
    return {part: row[column] for part, column in _PERSON_COLUMNS.items() if row.get(column)}


def columns_to_read(kind: Kind, number: str | None, market: Market) -> list[str]:
    """List the columns that `fields_of` and a record need; `number` is the column of the customer number."""
    options = _options(market)
    columns = [
        *_texts(kind, options).values(),
        *(f"{prefix}{part}" for prefix in PLACES.values() for part in PLACE_COLUMNS),
    ]
    columns += ["statecode", "creditonhold", "creditlimit", "paymenttermscode", "modifiedon"]
    columns += ["address1_addressid", "address2_addressid", *(["address3_addressid"] if kind == "contact" else [])]
    columns += [*_custom(market).values(), *([number] if number else [])]
    return list(dict.fromkeys(columns))


PERSON_COLUMNS = tuple(_PERSON_COLUMNS.values())


def _options(market: Market) -> DataverseOptions:
    return market.dataverse or DataverseOptions()


def _texts(kind: Kind, options: DataverseOptions) -> dict[str, str]:
    named = {"name": "name"} if kind == "account" else {"first_name": "firstname", "last_name": "lastname"}
    own = {"vat_id": options.account_vat_id if kind == "account" else None, "locale": options.locale}
    known = {name: column for name, column in own.items() if column}
    return {**named, "email": "emailaddress1", "phone": "telephone1", **known}


def _limits(kind: Kind, options: DataverseOptions) -> dict[str, int]:
    own = {options.account_vat_id: VAT_ID_LIMIT, options.locale: LOCALE_LIMIT}
    standard = ACCOUNT_LIMITS | ACCOUNT_PLACE_LIMITS if kind == "account" else CONTACT_LIMITS | CONTACT_PLACE_LIMITS
    return standard | {column: limit for column, limit in own.items() if column}


def _custom(market: Market) -> dict[str, str]:
    return {f"{CUSTOM}{name}": column for name, column in market.custom_fields.customer.items()}


def _other_columns(fields: Fields, market: Market) -> Columns | MissingReference:
    columns: Columns = {column: fields[name] for name, column in _custom(market).items() if name in fields}
    if "blocked" in fields:
        columns["creditonhold"] = bool(fields["blocked"])
    if "payment_terms" in fields:
        terms = _text(fields["payment_terms"])
        if terms and not terms.isdecimal():
            return _no_number(
                "payment_terms", terms, "the value of an option of paymenttermscode, such as 1 for Net 30"
            )
        columns["paymenttermscode"] = int(terms) if terms else None
    if "credit_limit" in fields:
        limit = _amount(fields["credit_limit"])
        if limit is None and _text(fields["credit_limit"]):
            return _no_number("credit_limit", _text(fields["credit_limit"]), "an amount such as 1000.00")
        columns["creditlimit"] = float(limit) if limit is not None else None
    return columns


def _no_number(name: str, value: str, wanted: str) -> MissingReference:
    return MissingReference(
        kind="wrong_value",
        key=name,
        text=f"{name} is {value!r}; Dataverse takes {wanted}",
        hint="correct the customer in commercetools",
        facts={name: value},
    )


def _group(row: Row, market: Market) -> dict[str, JsonValue]:
    """Read the price list as the group that stands for it; one that none stands for is left alone."""
    sync = market.customers.sync
    if not sync.groups:
        return {}
    price_list = row.get(PRICE_LIST)
    if not price_list:
        return {"customer_group": None}
    name = str(price_list["name"]).casefold()
    group = next((pair.commercetools for pair in sync.groups if pair.back_end.casefold() == name), None)
    return {"customer_group": group} if group else {}


def _amount(value: object) -> str | None:
    """Spell an amount alike on both sides: two decimals, or more where they say something."""
    try:
        amount = Decimal(str(value)) if value is not None and str(value).strip() else None
    except InvalidOperation:
        return None
    if amount is None or not amount.is_finite():
        return None
    rounded = amount.quantize(_CENTS)
    return str(rounded) if rounded == amount else format(amount.normalize(), "f")


def _plain(value: object) -> JsonValue:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool) else None


def _text(value: object) -> str:
    return str(value).strip() if value is not None else ""
