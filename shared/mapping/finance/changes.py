"""Comparing a Finance sales order with what it should be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.mapping.finance.fields import ORDER_LIMITS
from shared.mapping.finance.orders import HEADER, LINES
from shared.mapping.line_edits import LineEdit, Row, compare_numbered, same_value
from shared.markets import LineTarget

NUMBER = "CustomersLineNumber"
PAYER = "InvoiceCustomerAccountNumber"
ADDRESS = "DeliveryAddress"
OWN_ADDRESS = "IsDeliveryAddressOrderSpecific"
_FIXED = frozenset({"dataAreaId", "CustomersOrderReference", "SalesOrderNumber", "CurrencyCode"})
_SOLD = (
    *("ItemNumber", "ProductConfigurationId", "ProductSizeId"),
    *("ProductColorId", "ProductStyleId", "ProductVersionId"),
)
_PRICED = ("OrderedSalesQuantity", "SalesPrice", "SalesPriceQuantity", "LineDiscountAmount", "LineDiscountPercentage")


def header_changes(payload: Mapping[str, Any], row: Row, payer: str) -> dict[str, Any]:
    """List the header fields that differ; an address is always sent whole."""
    wanted = {**payload[HEADER], PAYER: payer}
    known = {name: value for name, value in wanted.items() if name not in _FIXED and name in row}
    changed = {name: value for name, value in known.items() if not _same(value, row[name])}
    if any(name.startswith(ADDRESS) for name in changed):
        names = [name for name in ORDER_LIMITS if name.startswith(ADDRESS)]
        changed |= {name: known.get(name, "") for name in names if name in known or row.get(name)}
        changed |= {name: wanted[name] for name in (OWN_ADDRESS,) if name in wanted}
    return changed


def line_changes(payload: Mapping[str, Any], rows: Sequence[Row], rounding: LineTarget | None) -> list[LineEdit]:
    """Compare lines by our number. The rounding line goes when anything differs: the gap may be another one then."""
    own = own_lines(rows, rounding)
    edits = compare_numbered(payload[LINES], own, NUMBER, _difference, _name)
    closing = [row for row in rows if row not in own]
    # It goes first: another line may take its number.
    return [*(LineEdit(int(row[NUMBER]), _name(row), row, None) for row in closing), *edits] if edits else []


def own_lines(rows: Sequence[Row], rounding: LineTarget | None) -> list[Row]:
    """Return the lines without the one that closes a rounding gap: the last number, and the rounding item."""
    last = max((int(row.get(NUMBER) or 0) for row in rows), default=0)
    return [row for row in rows if not (rounding is not None and _closes(row, rounding, last))]


def _closes(row: Row, rounding: LineTarget, last: int) -> bool:
    return int(row.get(NUMBER) or 0) == last and _same(rounding.number, row["ItemNumber"])


def _difference(line: Row, row: Row) -> dict[str, Any] | None:
    if not all(_same(line.get(name, ""), row.get(name, "")) for name in _SOLD):
        return None
    readable = {name: value for name, value in line.items() if name in row}
    differing = {name for name, value in readable.items() if not _same(value, row[name])}
    if differing & set(_PRICED):
        differing |= set(_PRICED) & readable.keys()
    return {name: value for name, value in readable.items() if name in differing}


def _name(row: Row) -> str:
    return str(row.get("ItemNumber", ""))


def _same(wanted: object, there: object) -> bool:
    """Finance gives codes back in another case, and empty texts for nothing."""
    if isinstance(wanted, str) and isinstance(there, str):
        return wanted.casefold() == there.casefold()
    return same_value(wanted, there)
