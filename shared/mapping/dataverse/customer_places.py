"""Addresses of customers as columns of Dataverse, and back: of the record itself, or rows of customeraddress. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from shared.mapping.fitting import Texts

# Parts that are one column each; the person is one column for two parts.
_COLUMNS = {
    "company": "name",
    "street": "line1",
    "additional": "line2",
    "postal_code": "postalcode",
    "city": "city",
    "state": "stateorprovince",
    "country": "country",
    "phone": "telephone1",
}
_PERSON = "primarycontactname"
_MORE_LINES = "line3"  # written by hand, or with the order that made the customer
PLACE_COLUMNS = (*_COLUMNS.values(), _PERSON, _MORE_LINES)


def place_texts(address: JsonValue, prefix: str, countries: Mapping[str, str]) -> Texts:
    """Spell an address; columns that it does not fill are there, too, and empty."""
    parts = address if isinstance(address, dict) else {}
    texts = {column: _text(parts.get(part)) for part, column in _COLUMNS.items()}
    texts["country"] = countries.get(texts["country"], texts["country"])
    person = " ".join(name for name in (_text(parts.get("first_name")), _text(parts.get("last_name"))) if name)
    return {f"{prefix}{column}": text for column, text in {**texts, _PERSON: person, _MORE_LINES: ""}.items()}


def place_of(row: Mapping[str, Any], prefix: str, countries: Mapping[str, str]) -> dict[str, JsonValue] | None:
    """Read an address; None when every column is empty. The last word of a person's name is the last name."""
    parts = {part: _text(row.get(f"{prefix}{column}")) for part, column in _COLUMNS.items()}
    lines = (parts["additional"], _text(row.get(f"{prefix}{_MORE_LINES}")))
    parts["additional"] = ", ".join(line for line in lines if line)
    parts["country"] = _iso(parts["country"], countries)
    first, _, last = _text(row.get(f"{prefix}{_PERSON}")).rpartition(" ")
    named = {**parts, "first_name": first.strip(), "last_name": last}
    return {part: text for part, text in named.items() if text} or None


def _iso(country: str, countries: Mapping[str, str]) -> str:
    """Return the ISO code; a spelling that the market map does not know stays as it is, so that somebody sees it."""
    spelled = {text.casefold(): code for code, text in countries.items()}
    known = spelled.get(country.casefold(), country)
    return known.upper() if len(known) == 2 else known


def _text(value: object) -> str:
    return str(value).strip() if value is not None else ""
