"""Comparing a Dataverse sales order with what it should be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.mapping.dataverse.fields import SHIP_TO_LIMITS
from shared.mapping.line_edits import LineEdit, Row, compare_numbered, same_value
from shared.market_options.dataverse import DataverseOptions

NUMBER = "lineitemnumber"
_PREFIXES = ("billto_", "shipto_")
_PARTS = [name.removeprefix("shipto_") for name in SHIP_TO_LIMITS]
PRODUCT = "productid@odata.bind"
_PRICED = ("quantity", "ispriceoverridden", "priceperunit", "tax", "manualdiscountamount")


def header_changes(payload: Mapping[str, Any], row: Row, options: DataverseOptions) -> dict[str, Any]:
    """List the header columns that differ; what a changed address lacks is emptied, and so is a number that is gone."""
    number = {options.purchase_order_number: None} if options.purchase_order_number else {}
    wanted = {"freightamount": 0.0, **number, **payload}
    plain = {name: value for name, value in wanted.items() if name != options.lines_property and "@" not in name}
    changed = {name: value for name, value in plain.items() if not _same(name, value, row.get(name))}
    for prefix in _PREFIXES:
        if any(name.startswith(prefix) for name in changed):
            names = (f"{prefix}{part}" for part in _PARTS)
            changed |= {name: None for name in names if name not in plain and row.get(name)}
    return changed


def line_changes(wanted: Sequence[Row], rows: Sequence[Row], rounding: Row | None) -> list[LineEdit]:
    """Compare lines by our number. The rounding line goes when anything differs: the gap may be another one then.

    It goes first, since another line may take its number.
    """
    own = own_lines(rows, rounding)
    edits = compare_numbered(wanted, own, NUMBER, _difference, _name)
    closing = [row for row in rows if row not in own]
    return [*(LineEdit(_number(row), _name(row), row, None) for row in closing), *edits] if edits else []


def own_lines(rows: Sequence[Row], rounding: Row | None) -> list[Row]:
    """Return the lines without the one that closes a rounding gap: the last number, and what `rounding` sells."""
    last = max(map(_number, rows), default=0)
    return [row for row in rows if not (rounding is not None and _number(row) == last and _sells(rounding, row))]


def _number(row: Row) -> int:
    return int(row.get(NUMBER) or 0)


def _name(row: Row) -> str:
    return str(row.get("description") or row.get("productdescription") or "")


def _sells(line: Row, row: Row) -> bool:
    """What a line sells is chosen when it is created: a product or a text."""
    product = line.get(PRODUCT)
    if product is None:
        return bool(row.get("isproductoverridden")) and line.get("productdescription") == row.get("productdescription")
    return _bound(product) == str(row.get("_productid_value") or "").casefold()


def _bound(reference: str) -> str:
    return reference.partition("(")[2].removesuffix(")").casefold()


def _difference(line: Row, row: Row) -> dict[str, Any] | None:
    if not _sells(line, row):
        return None
    # What an own delivery address lacks is emptied, and so is an address that the line does not have any more.
    emptied = {name: None for name in SHIP_TO_LIMITS if row.get(name)}
    full = {"manualdiscountamount": 0.0, **emptied, **line}
    plain = {name: value for name, value in full.items() if "@" not in name}
    differing = {name for name, value in plain.items() if not _same(name, value, row.get(name))}
    if differing & set(_PRICED):
        differing |= set(_PRICED)
    return {name: value for name, value in plain.items() if name in differing}


def _same(name: str, wanted: object, there: object) -> bool:
    if name == "requestdeliveryby":
        return str(wanted)[:10] == str(there or "")[:10]
    return same_value(wanted, there)
