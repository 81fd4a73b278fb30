"""The purchase order number in Business Central: one comment line, since API v2.0 has no field for it on sales orders.

A comment line has a text and nothing else: no number, quantity or price. So it takes no part in totals and in the
comparison of lines, wherever in the document it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.mapping.business_central.fields import LINE_LIMITS
from shared.mapping.fitting import fit
from shared.mapping.line_edits import LineEdit, Row
from shared.mapping.purchase_orders import PURCHASE_ORDER_NUMBER, not_carried
from shared.market_options.business_central import DEFAULTS
from shared.markets import Market
from shared.model.back_end import Cut, MissingReference
from shared.model.order import Order

COMMENT = "Comment"
PREFIX = "Purchase order "
_LIMITS = {PURCHASE_ORDER_NUMBER: LINE_LIMITS["description"] - len(PREFIX)}


def carries_purchase_order(market: Market) -> bool:
    """Tell whether the market writes the number at all."""
    options = market.business_central or DEFAULTS
    return options.purchase_order_number == "comment_line"


def purchase_order_lines(
    order: Order, market: Market
) -> tuple[list[dict[str, Any]], tuple[Cut, ...]] | MissingReference:
    """Return the comment line as a list: empty where there is no number, or where the market does not carry it."""
    if not carries_purchase_order(market):
        return [], not_carried(order)
    fitted = fit({PURCHASE_ORDER_NUMBER: order.purchase_order_number}, _LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    return [{"lineType": COMMENT, "description": f"{PREFIX}{number}"} for number in fields.values()], cuts


def goods_and_purchase_order[Line: Row](lines: Sequence[Line]) -> tuple[list[Line], Line | None]:
    """Part the lines from the first comment line that carries a purchase order number."""
    ours = next((line for line in lines if _carries_number(line)), None)
    return [line for line in lines if line is not ours], ours


def purchase_order_edits(wanted: Row | None, there: Row | None, place: int) -> list[LineEdit]:
    """List the one edit that makes the comment line what it should be. `place` is where a new line goes."""
    if wanted is None:
        return [LineEdit(place, _text(there), there, None)] if there is not None else []
    if there is None:
        return [LineEdit(place, _text(wanted), None, wanted)]
    changed = {"description": wanted["description"]} if _text(wanted) != _text(there) else None
    return [LineEdit(place, _text(there), there, changed)] if changed else []


def _carries_number(line: Row) -> bool:
    return line.get("lineType") == COMMENT and _text(line).startswith(PREFIX)


def _text(line: Row) -> str:
    return str(line.get("description") or "")
