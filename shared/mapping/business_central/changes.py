"""Comparing a Business Central sales order with what it should be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.mapping.business_central.fields import ORDER_LIMITS
from shared.mapping.business_central.purchase_orders import goods_and_purchase_order, purchase_order_edits
from shared.mapping.line_edits import LineEdit, Row, same_value
from shared.markets import LineTarget

LINES = "salesOrderLines"
ROUNDING = "Rounding"
_FIXED = frozenset({"externalDocumentNumber", LINES})
_GROUPS = ("sellTo", "shipTo")
_SOLD = ("lineType", "lineObjectNumber", "itemVariantId")
_NOTHING = {"", "00000000-0000-0000-0000-000000000000"}
_PRICED = ("quantity", "unitPrice", "discountAmount", "taxCode")
# Business Central writes these in capitals.
_CODES = frozenset(
    {"lineObjectNumber", "taxCode", "sellToCountry", "shipToCountry", "sellToPostCode", "shipToPostCode"}
)


def header_changes(payload: Row, row: Row, payer_id: str | None) -> dict[str, Any]:
    """List the header fields that differ; a changed payer comes first, since it resets others."""
    wanted = {name: value for name, value in payload.items() if name not in _FIXED}
    paying = row["billToCustomerId"]
    if _differs("billToCustomerId", payer_id or row["customerId"], paying):
        return {"billToCustomerId": payer_id or row["customerId"], **wanted, **_emptied(wanted, row)}
    changed = {name: value for name, value in wanted.items() if _differs(name, value, row.get(name))}
    groups = {prefix for prefix in _GROUPS for name in changed if name.startswith(prefix)}
    emptied = _emptied(wanted, row).items()
    return changed | {name: value for name, value in emptied if name.startswith(tuple(groups))}


def _emptied(wanted: Row, row: Row) -> dict[str, str]:
    """List the parts of an address that the new one does not have."""
    given = tuple(prefix for prefix in _GROUPS if any(name.startswith(prefix) for name in wanted))
    if not given:
        return {}
    return {name: "" for name in ORDER_LIMITS if name.startswith(given) and name not in wanted and row.get(name)}


def line_changes(payload: Row, row: Row, rounding: LineTarget | None) -> list[LineEdit]:
    """List what makes the lines those of the payload, in their order: changes, then additions, then removals.

    What a line sells cannot be changed and new lines go to the end. So lines are kept as long as they sell what the
    payload wants in its order; the rest is added anew. The rounding line goes too when anything differs: the gap may
    be another one then.
    """
    own, (wanted, _) = own_lines(row, rounding), goods_and_purchase_order(payload[LINES])
    kept, removed = _aligned(wanted, own)
    edits = [LineEdit(place, _name(line), line, body) for place, line, body in kept if body]
    new = enumerate(wanted[len(kept) :], start=len(kept) + 1)
    edits += [LineEdit(place, _name(line), None, line) for place, line in new]
    edits += [LineEdit(place, _name(line), line, None) for place, line in removed]
    if edits:
        goods, _ = goods_and_purchase_order(sorted_lines(row))
        edits += [LineEdit(len(own) + 1, _name(line), line, None) for line in goods[len(own) :]]
    return edits


def comment_changes(payload: Row, row: Row) -> list[LineEdit]:
    """List what makes the comment line with the purchase order number that of the payload. It moves no totals."""
    rows = sorted_lines(row)
    (_, wanted), (_, there) = goods_and_purchase_order(payload[LINES]), goods_and_purchase_order(rows)
    place = len(rows) if there is None else rows.index(there)
    return purchase_order_edits(wanted, there, place + 1)


def _name(line: Row) -> str:
    return str(line.get("lineObjectNumber") or line.get("description") or "")


def sorted_lines(row: Row) -> list[Row]:
    """Return the lines in the order of the document."""
    return sorted(row.get(LINES, ()), key=lambda line: int(line["sequence"]))


def own_lines(row: Row, rounding: LineTarget | None) -> list[Row]:
    """Return the lines without the one that closes a rounding gap and the one with the purchase order number."""
    rows, _ = goods_and_purchase_order(sorted_lines(row))
    last = rows[-1] if rows else {}
    closes = rounding is not None and last.get("description") == ROUNDING
    if closes and rounding is not None and not _differs("lineObjectNumber", rounding.number, last["lineObjectNumber"]):
        return rows[:-1]
    return rows


type _Kept = tuple[int, Row, dict[str, Any]]


def _aligned(wanted: Sequence[Row], rows: Sequence[Row]) -> tuple[list[_Kept], list[tuple[int, Row]]]:
    """Match rows with the beginning of what is wanted; every row that does not fit in is to be removed."""
    kept: list[_Kept] = []
    removed: list[tuple[int, Row]] = []
    for place, row in enumerate(rows, start=1):
        line = wanted[len(kept)] if len(kept) < len(wanted) else None
        if line is not None and not any(_differs(name, line.get(name), row.get(name)) for name in _SOLD):
            kept.append((len(kept) + 1, row, _line_difference(line, row)))
        else:
            removed.append((place, row))
    return kept, removed


def _line_difference(line: Row, row: Row) -> dict[str, Any]:
    """Return what to send: quantity, price and discount belong together."""
    full = {**line, "discountAmount": line.get("discountAmount", 0.0)}
    differing = {name for name, value in full.items() if _differs(name, value, row.get(name))}
    if differing & set(_PRICED):
        differing |= set(_PRICED)
    return {name: value for name, value in full.items() if name in differing}


def _differs(name: str, wanted: object, there: object) -> bool:
    if name in _CODES or name.endswith("Id"):
        ours, theirs = str(wanted or "").casefold(), str(there or "").casefold()
        return ours != theirs and not {ours, theirs} <= _NOTHING
    return not same_value(wanted, there)
