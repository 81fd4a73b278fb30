"""Canonical customer fields ⇄ rows of CustomersV3. Pure.

Shaping goes through the row and back, so what is shaped is what Finance would give back. A person has `first_name` and
`last_name`, an organization `company`. Field lengths are from experience.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import JsonValue

from shared.mapping.finance.customer_addresses import (
    BILLING,
    ISO_CODE,
    PARTS,
    SHIPPING,
    Row,
    address_of,
    address_values,
)
from shared.mapping.finance.customers import person_names
from shared.mapping.finance.fields import CUSTOMER_LIMITS, EMPTY_DATE, NO, YES, no_yes
from shared.mapping.finance.languages import language_id, locale_of
from shared.mapping.fitting import Texts, fit
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CUSTOM, Fields, canonical, is_empty

PERSON, ORGANIZATION = "Person", "Organization"
PARTY_TYPE, PARTY_NUMBER, ACCOUNT = "PartyType", "PartyNumber", "CustomerAccount"
LOCATION_IDS = tuple(f"{prefix}LocationId" for prefix in (BILLING, SHIPPING))
HOLD, ON_HOLD = "OnHoldStatus", frozenset({"All", "Invoice"})  # neither orders, nor orders that nobody can invoice
CREDIT_LIMIT, PRICE_GROUP, LANGUAGE = "CreditLimit", "DiscountPriceGroupId", "LanguageId"
_LIMITS = {**CUSTOMER_LIMITS, "PaymentTerms": 10, PRICE_GROUP: 10, LANGUAGE: 7}
_CENT = Decimal("0.01")
_MOST = Decimal(10) ** 15  # more is no credit limit but a mistake
_NAMES = {
    ORGANIZATION: {"company": "OrganizationName"},
    PERSON: {"first_name": "PersonFirstName", "last_name": "PersonLastName"},
}
_TEXTS = {"email": "PrimaryContactEmail", "phone": "PrimaryContactPhone", "payment_terms": "PaymentTerms"}
_ADDRESSES = {"billing_address": BILLING, "shipping_address": SHIPPING}


def kind_of(fields: Fields) -> str:
    """Tell what a customer would be in Finance: whoever has a company is an organization."""
    company = fields.get("company")
    return ORGANIZATION if isinstance(company, str) and company.strip() else PERSON


def shape(fields: Fields, market: Market) -> Fields | MissingReference:
    """Say what Finance would make of these values; see `SynchronisesCustomers.shape_customer`."""
    kind = kind_of(fields)
    values = row_values(fields, kind, market)
    if isinstance(values, MissingReference):
        return values
    locations = location_values(fields.get("addresses"), market)
    if isinstance(locations, MissingReference):
        return locations
    held = fields_of({PARTY_TYPE: kind, **values}, locations, market)
    return {name: value for name, value in held.items() if name in fields and not _is_compound(name, fields[name])}


def fields_of(row: Row, locations: Iterable[Row], market: Market) -> dict[str, JsonValue]:
    """Read every field that Finance can hold of such a customer; `locations` are its other addresses."""
    options = market.finance or FinanceOptions()
    names = _text_fields(_kind(row), options)
    fields: dict[str, JsonValue] = {name: _text(row, field) for name, field in names.items()}
    fields["locale"] = locale_of(_text(row, LANGUAGE) or "", options.languages)
    fields["credit_limit"] = _amount_text(row.get(CREDIT_LIMIT))
    fields["blocked"] = row.get(HOLD) in ON_HOLD
    fields |= {name: address_of(row, prefix, market) for name, prefix in _ADDRESSES.items()}
    if market.customers.sync.groups:
        fields["customer_group"] = _group_of(_text(row, PRICE_GROUP) or "", market)
    if options.more_addresses:
        fields["addresses"] = _distinct(address_of(location, "", market) for location in locations)
    for name, field in market.custom_fields.customer.items():
        fields[f"{CUSTOM}{name}"] = _own_value(row.get(field))
    return fields


def row_values(fields: Fields, kind: str, market: Market) -> dict[str, Any] | MissingReference:
    """Spell the given fields, and no others, as values of CustomersV3; an empty field is emptied there."""
    options = market.finance or FinanceOptions()
    names = {name: field for name, field in _text_fields(kind, options).items() if name in fields}
    texts: dict[str, str | None] = {field: _given(fields, name) for name, field in names.items()}
    texts |= _codes(fields, market)
    if not texts.get("PersonLastName", "known") and {"first_name", "name"} <= fields.keys():
        first, last = person_names(_given(fields, "first_name"), "", _given(fields, "name"))
        texts |= {"PersonFirstName": first, "PersonLastName": last}
    fitted = fit(texts, _LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    values: dict[str, Any] = {**dict.fromkeys(texts, ""), **fitted[0], **_flags(fields), **_custom(fields, market)}
    for more in _addresses(fields, market), _credit(fields):
        if isinstance(more, MissingReference):
            return more
        values |= more
    return values


def location_values(addresses: JsonValue, market: Market) -> list[dict[str, Any]] | MissingReference:
    """Spell addresses beside the default ones as values of PartyLocationPostalAddressesV2."""
    found: list[dict[str, Any]] = []
    if not (market.finance or FinanceOptions()).more_addresses or not isinstance(addresses, list):
        return found
    for address in addresses:
        values = address_values(address, "", market)
        if isinstance(values, MissingReference):
            return values
        found.append(values)
    return found


def columns(market: Market) -> list[str]:
    """List the fields of CustomersV3 that reading needs."""
    options = market.finance or FinanceOptions()
    names = [field for kind in _NAMES for field in _text_fields(kind, options).values()]
    names += [f"{prefix}{part}" for prefix in (BILLING, SHIPPING) for part in (*PARTS, ISO_CODE)]
    names += [*LOCATION_IDS, *market.custom_fields.customer.values()]
    head = ("dataAreaId", ACCOUNT, PARTY_NUMBER, PARTY_TYPE, HOLD, CREDIT_LIMIT, PRICE_GROUP, LANGUAGE)
    return list(dict.fromkeys((*head, *names)))


def _kind(row: Row) -> str:
    return ORGANIZATION if row.get(PARTY_TYPE) == ORGANIZATION else PERSON


def _text_fields(kind: str, options: FinanceOptions) -> dict[str, str]:
    """Name the texts of a customer. Only organizations have an organization number."""
    held = options.vat_id_field is not None and (kind == ORGANIZATION or options.vat_id_field == "TaxExemptNumber")
    return {**_NAMES[kind], **_TEXTS, **({"vat_id": options.vat_id_field} if held and options.vat_id_field else {})}


def _codes(fields: Fields, market: Market) -> Texts:
    texts: dict[str, str | None] = {}
    options = market.finance or FinanceOptions()
    if "locale" in fields:
        texts[LANGUAGE] = language_id(_given(fields, "locale"), options.languages)
    if "customer_group" in fields and market.customers.sync.groups:
        texts[PRICE_GROUP] = market.customers.sync.price_group_of(_given(fields, "customer_group"))
    return texts


def _flags(fields: Fields) -> dict[str, Any]:
    return {HOLD: "All" if fields["blocked"] else "No"} if "blocked" in fields else {}


def _credit(fields: Fields) -> dict[str, Any] | MissingReference:
    """Spell the credit limit; Finance says none by 0."""
    if "credit_limit" not in fields:
        return {}
    text = str(fields["credit_limit"] or "0")
    amount = _amount(text)
    if amount is not None and amount >= 0:
        return {CREDIT_LIMIT: float(amount)}
    return MissingReference(
        kind="credit_limit",
        key=text,
        text=f"credit limit {text} is no amount",
        hint="write it as a number such as 2500.00 in the customer's custom field",
    )


def _addresses(fields: Fields, market: Market) -> dict[str, Any] | MissingReference:
    values: dict[str, Any] = {}
    for name, prefix in _ADDRESSES.items():
        if name in fields:
            address = address_values(fields[name], prefix, market)
            if isinstance(address, MissingReference):
                return address
            values |= address
    return values


def _custom(fields: Fields, market: Market) -> dict[str, Any]:
    """Pass own fields through; null empties one of any type."""
    own = {f"{CUSTOM}{name}": field for name, field in market.custom_fields.customer.items()}
    given = {name: field for name, field in own.items() if name in fields and not _is_compound(name, fields[name])}
    return {field: _spelled(fields[name]) for name, field in given.items()}


def _is_compound(name: str, value: JsonValue) -> bool:
    """Tell whether an own field is a list or an object, which no field of Finance holds."""
    return name.startswith(CUSTOM) and isinstance(value, list | dict)


def _spelled(value: JsonValue) -> JsonValue:
    return no_yes(value) if isinstance(value, bool) else value


def _own_value(value: Any) -> JsonValue:
    if value in (YES, NO):
        return bool(value == YES)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if is_empty(value) or value == EMPTY_DATE else value


def _group_of(price_group: str, market: Market) -> str | None:
    """Return the customer group of a price group; codes come back in another case."""
    groups = market.customers.sync.groups
    return next((pair.commercetools for pair in groups if pair.back_end.casefold() == price_group.casefold()), None)


def _amount(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < _MOST else None


def _amount_text(value: Any) -> str | None:
    """Spell an amount with at least two decimals, as many as it has otherwise; 0 says that there is none."""
    amount = _amount(value) if value else None
    if not amount:
        return None
    rounded = amount.quantize(_CENT)
    return str(rounded) if rounded == amount else f"{amount.normalize():f}"


def _distinct(addresses: Iterable[dict[str, JsonValue] | None]) -> list[JsonValue]:
    """Name each address once: Finance may list one for several purposes."""
    return list({canonical(address): address for address in addresses if address}.values())


def _given(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _text(row: Row, field: str) -> str | None:
    return str(row.get(field) or "").strip() or None
