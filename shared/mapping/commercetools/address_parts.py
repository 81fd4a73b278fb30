"""Addresses as both sides can compare them (`ADDRESS_PARTS`), and back into commercetools' finer fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from shared.mapping.commercetools.addresses import address_from
from shared.mapping.commercetools.documents import AddressDocument
from shared.model.customer_fields import ADDRESS_PARTS, same

type Raw = Mapping[str, Any]
type Parts = Mapping[str, JsonValue]
type Texts = dict[str, str | None]

_ALIKE = {"company": "company", "city": "city", "country": "country", "first_name": "firstName"}
_ALIKE |= {"last_name": "lastName", "postal_code": "postalCode"}
_LINES = ("additionalStreetInfo", "building", "apartment", "additionalAddressInfo")
_BETWEEN_LINES = ", "


def parts_of(raw: Raw) -> dict[str, JsonValue]:
    """Tell the parts of an Address document; empty ones are left out."""
    address = address_from(AddressDocument.model_validate(raw))
    texts = {
        "company": address.company,
        "first_name": address.first_name,
        "last_name": address.last_name,
        "street": address.street_line,
        "additional": _BETWEEN_LINES.join(address.additional_lines),
        "postal_code": address.postal_code,
        "city": address.city,
        "state": address.state or address.region,
        "country": address.country,
        "phone": address.phone or address.mobile,
    }
    return {name: text.strip() for name, text in texts.items() if text and text.strip()}


def with_parts(raw: Raw, before: Parts, after: Parts) -> dict[str, Any]:
    """Write the parts that differ between before and after into an Address document; everything else stays."""
    changed = dict(raw)
    shown = parts_of(raw) if raw else {}
    for part in ADDRESS_PARTS:
        wanted = after.get(part)
        if same(before.get(part), wanted) or same(shown.get(part), wanted):
            continue
        changed |= _spelled(part, str(wanted or ""), raw)
    return {name: value for name, value in changed.items() if value is not None}


def _spelled(part: str, text: str, raw: Raw) -> Texts:
    """Say which fields of the document hold a part; None empties one."""
    if part in _ALIKE:
        return {_ALIKE[part]: text or None}
    if part == "street":
        return _street(text, raw)
    if part == "additional":
        return _additional(text, raw)
    first, second = ("state", "region") if part == "state" else ("phone", "mobile")
    if not text:
        return {first: None, second: None}  # the second shows where the first is empty
    return {second if raw.get(second) and not raw.get(first) else first: text}


def _street(text: str, raw: Raw) -> Texts:
    """Keep street and number apart where one of them stays; else the whole line is the street."""
    name, number = raw.get("streetName"), raw.get("streetNumber")
    if not text:
        return {"streetName": None, "streetNumber": None, "pOBox": None}
    if raw.get("pOBox") and not name and not number:
        return {"pOBox": text}
    if number and text.endswith(f" {number}"):
        return {"streetName": text.removesuffix(f" {number}")}
    if name and text.startswith(f"{name} "):
        return {"streetNumber": text.removeprefix(f"{name} ")}
    return {"streetName": text, "streetNumber": None}


def _additional(text: str, raw: Raw) -> Texts:
    """Keep the lines where they are when there are as many as before; else one field takes all of them."""
    names = [name for name in _LINES if raw.get(name)]
    lines = text.split(_BETWEEN_LINES)
    if text and len(lines) == len(names):
        return dict(zip(names, lines, strict=True))
    empty: Texts = dict.fromkeys(names)
    return empty | {"additionalStreetInfo": text or None}
