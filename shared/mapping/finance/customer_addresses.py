"""Addresses of a customer: canonical parts ⇄ the fields of CustomersV3 and of PartyLocationPostalAddressesV2.

Finance has one street with line breaks, and no company, person or phone for an address: those parts are not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from shared.mapping.finance.countries import country_code, country_of
from shared.mapping.fitting import Texts, fit
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.back_end import MissingReference

BILLING = "Address"  # the primary address
SHIPPING = "DeliveryAddress"
STREET_NUMBER = "StreetNumber"
# Of every address, behind the prefix; lengths are from experience.
LIMITS = {"Street": 250, "City": 60, "State": 10, "ZipCode": 10, "CountryRegionId": 10}
PARTS = (*LIMITS, STREET_NUMBER)
ISO_CODE = "CountryRegionISOCode"

type Row = Mapping[str, Any]


def address_values(address: JsonValue, prefix: str, market: Market) -> dict[str, Any] | MissingReference:
    """Spell an address in full: what it lacks is emptied. Whatever is no address empties everything."""
    parts = address if isinstance(address, dict) else {}
    country = str(parts.get("country") or "")
    code = country_code(country, market) if country else ""
    if isinstance(code, MissingReference):
        return code
    known_states = (market.finance or FinanceOptions()).states_of
    texts: Texts = {
        f"{prefix}Street": _lines(_text(parts, "street"), _text(parts, "additional")),
        f"{prefix}City": _text(parts, "city"),
        f"{prefix}State": _text(parts, "state") if country in known_states else "",
        f"{prefix}ZipCode": _text(parts, "postal_code"),
        f"{prefix}CountryRegionId": code,
    }
    fitted = fit(texts, {f"{prefix}{name}": limit for name, limit in LIMITS.items()}, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    return {**dict.fromkeys(texts, ""), f"{prefix}{STREET_NUMBER}": "", **fitted[0]}


def address_of(row: Row, prefix: str, market: Market) -> dict[str, JsonValue] | None:
    """Read an address; None when there is none. A state counts only where Finance's states are commercetools' too."""
    country = country_of(_field(row, prefix, "CountryRegionId"), market) or _field(row, prefix, ISO_CODE)
    first, *more = [*_street_lines(row, prefix), ""]
    known_states = (market.finance or FinanceOptions()).states_of
    parts: dict[str, JsonValue] = {
        "street": first,
        "additional": _lines(*more),
        "postal_code": _field(row, prefix, "ZipCode"),
        "city": _field(row, prefix, "City"),
        "state": _field(row, prefix, "State") if country in known_states else "",
        "country": country,
    }
    return {name: value for name, value in parts.items() if value} or None


def _street_lines(row: Row, prefix: str) -> list[str]:
    """Split the street; where the format of addresses has a field for the number, it belongs to the first line."""
    first, *more = [line.strip() for line in _field(row, prefix, "Street").splitlines() if line.strip()] or [""]
    return [" ".join(part for part in (first, _field(row, prefix, STREET_NUMBER)) if part), *more]


def _field(row: Row, prefix: str, name: str) -> str:
    return str(row.get(f"{prefix}{name}") or "").strip()


def _text(parts: Mapping[str, JsonValue], name: str) -> str:
    value = parts.get(name)
    return value.strip() if isinstance(value, str) else ""


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
