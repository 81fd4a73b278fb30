"""Comparing a Finance sales order with what it should be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shared.mapping.finance.fields import DELIVERY_LIMITS, ORDER_LIMITS, OWN_ADDRESS, REQUISITION
from shared.mapping.finance.orders import HEADER, LINES
from shared.mapping.line_edits import LineEdit, Row, compare_numbered, same_value
from shared.markets import LineTarget

NUMBER = "CustomersLineNumber"
PAYER = "InvoiceCustomerAccountNumber"
ADDRESS = "DeliveryAddress"
_FIXED = frozenset({"dataAreaId", "CustomersOrderReference", "SalesOrderNumber", "CurrencyCode"})
_SOLD = (
    *("ItemNumber", "ProductConfigurationId", "ProductSizeId"),
    *("ProductColorId", "ProductStyleId", "ProductVersionId"),
)
_DELIVERED = (OWN_ADDRESS, *DELIVERY_LIMITS)
# What tells one place from another: descriptions may be Finance's own.
_PLACE = tuple(name for name in DELIVERY_LIMITS if name != "DeliveryAddressDescription")
_PRICED = ("OrderedSalesQuantity", "SalesPrice", "SalesPriceQuantity", "LineDiscountAmount", "LineDiscountPercentage")


def header_changes(payload: Mapping[str, Any], row: Row, payer: str) -> dict[str, Any]:
    """List the header fields that differ; an address is always sent whole, a number that is gone is emptied."""
    wanted = {REQUISITION: "", **payload[HEADER], PAYER: payer}
    known = {name: value for name, value in wanted.items() if name not in _FIXED and name in row}
    changed = {name: value for name, value in known.items() if not _same(value, row[name])}
    if any(name.startswith(ADDRESS) for name in changed):
        names = [name for name in ORDER_LIMITS if name.startswith(ADDRESS)]
        changed |= {name: known.get(name, "") for name in names if name in known or row.get(name)}
        changed |= {name: wanted[name] for name in (OWN_ADDRESS,) if name in wanted}
    return changed


def line_changes(
    payload: Mapping[str, Any], header: Row, rows: Sequence[Row], rounding: LineTarget | None
) -> list[LineEdit]:
    """Compare lines by our number. The rounding line goes when anything differs: the gap may be another one then.

    `header` is the order's header as it is in Finance: a line with its address has none of its own.
    """
    own = own_lines(rows, rounding)
    edits = compare_numbered(payload[LINES], own, NUMBER, partial(_difference, payload[HEADER], header), _name)
    closing = [row for row in rows if row not in own]
    # It goes first: another line may take its number.
    return [*(LineEdit(int(row[NUMBER]), _name(row), row, None) for row in closing), *edits] if edits else []


def own_lines(rows: Sequence[Row], rounding: LineTarget | None) -> list[Row]:
    """Return the lines without the one that closes a rounding gap: the last number, and the rounding item."""
    last = max((int(row.get(NUMBER) or 0) for row in rows), default=0)
    return [row for row in rows if not (rounding is not None and _closes(row, rounding, last))]


def _closes(row: Row, rounding: LineTarget, last: int) -> bool:
    return int(row.get(NUMBER) or 0) == last and _same(rounding.number, row["ItemNumber"])


def _difference(order: Row, header: Row, line: Row, row: Row) -> dict[str, Any] | None:
    if not all(_same(line.get(name, ""), row.get(name, "")) for name in _SOLD):
        return None
    wanted = {**line, **_delivery(order, header, line, row)}
    readable = {name: value for name, value in wanted.items() if name in row}
    differing = {name for name, value in readable.items() if not _same(value, row[name])}
    for group in (_PRICED, _DELIVERED):
        if differing & set(group):
            differing |= set(group) & readable.keys()
    return {name: value for name, value in readable.items() if name in differing}


def _delivery(order: Row, header: Row, line: Row, row: Row) -> dict[str, Any]:
    """Return the whole address that the line should have, nothing where it follows the header as it should.

    Whether lines follow a header whose address changes is Finance's own setting; one that did not is corrected.
    """
    follows = all(_same(row.get(name) or "", header.get(name) or "") for name in _PLACE)
    source = line if OWN_ADDRESS in line else {} if follows or not any(row.get(name) for name in _PLACE) else order
    given = {name: source[name] for name in _DELIVERED if name in source}
    emptied = {name: "" for name in DELIVERY_LIMITS if row.get(name)}
    return {**emptied, **given} if given else {}


def _name(row: Row) -> str:
    return str(row.get("ItemNumber", ""))


def _same(wanted: object, there: object) -> bool:
    """Finance gives codes back in another case, and empty texts for nothing."""
    if isinstance(wanted, str) and isinstance(there, str):
        return wanted.casefold() == there.casefold()
    return same_value(wanted, there)
