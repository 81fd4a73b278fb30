"""Texts of a back-end → values of attributes, by the product type's definition. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

type Document = Mapping[str, Any]

_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


class Unmappable(Exception):
    """A value that an attribute does not take; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a product type says about one attribute."""

    name: str
    kind: str
    is_shared: bool  # one value for all variants
    is_of_product: bool  # an attribute of the product itself, not of its variants
    keys: tuple[str, ...] = ()  # of enumerations


def attributes_by_name(product_type: Document) -> Mapping[str, Attribute]:
    """Read a product type."""
    return {one["name"]: _attribute(one) for one in product_type.get("attributes") or ()}


def _attribute(definition: Document) -> Attribute:
    kind = definition["type"]
    return Attribute(
        name=definition["name"],
        kind=kind["name"],
        is_shared=definition.get("attributeConstraint") == "SameForAll",
        is_of_product=definition.get("level") == "Product",
        keys=tuple(value["key"] for value in kind.get("values") or ()),
    )


def value_for(attribute: Attribute, text: str, locale: str, present: Any = None) -> Any:
    """Return what to set an attribute to; other languages of a localised text stay. Raises Unmappable."""
    if attribute.kind == "ltext":
        return {**(present or {}), locale: text}
    if attribute.kind in ("enum", "lenum"):
        return _key(text, attribute.keys)
    convert = _CONVERSIONS.get(attribute.kind)
    if convert is None:
        raise Unmappable(f"is of type {attribute.kind}, which cannot be filled from a text")
    return convert(text)


def is_equal(attribute: Attribute, wanted: Any, present: Any) -> bool:
    """Compare a value with the one that commercetools shows; enumerations are shown with their labels."""
    if attribute.kind in ("enum", "lenum") and isinstance(present, Mapping):
        return bool(wanted == present["key"])
    if attribute.kind == "datetime" and present:
        return datetime.fromisoformat(wanted) == datetime.fromisoformat(present)
    return bool(wanted == present) and isinstance(wanted, bool) == isinstance(present, bool)


def _number(text: str) -> int | float:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unmappable(f"takes a number, not {text!r}") from None
    if not number.is_finite():
        raise Unmappable(f"takes a number, not {text!r}")
    return int(number) if number == number.to_integral_value() else float(number)


def _boolean(text: str) -> bool:
    word = text.strip().casefold()
    if word not in _TRUE | _FALSE:
        raise Unmappable(f"takes true or false, not {text!r}")
    return word in _TRUE


def _key(text: str, keys: tuple[str, ...]) -> str:
    if text not in keys:
        raise Unmappable(f"takes one of {', '.join(keys) or 'no keys yet'}, not {text!r}: add it to the product type")
    return text


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise Unmappable(f"takes a date such as 2026-11-24, not {text!r}") from None


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unmappable(f"takes a time such as 2026-11-24T12:00:00Z, not {text!r}") from None
    if moment.tzinfo is None:
        raise Unmappable(f"takes a time with its offset, not {text!r}")
    return text


_CONVERSIONS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "number": _number,
    "text": str,
}
