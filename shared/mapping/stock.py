"""How much of an item the shop may sell. Pure.

An order is counted once: what the back-end knows is in its own reservations, and what it does not know yet is taken off
here. Where it cannot be told which of the two holds, the order is taken off: too little for some minutes is a sale that
waits, too much is a customer who gets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from shared.market_options.catalogue import StockRules
from shared.market_options.trade import Warehouse
from shared.model.catalogue import StockState

# How long an export may be under way between the moment that it is dated by and the one the back-end knows of it.
EXPORT_TAKES = timedelta(minutes=2)

type Place = tuple[str, str]  # SKU, warehouse code


@dataclass(frozen=True, slots=True)
class OpenLine:
    """What an order of the shop takes out of a warehouse. `channel` is the key of the supply channel, if it names one.

    `exported_at` is None while the back-end does not know the order.
    """

    order_id: str
    sku: str
    quantity: int
    channel: str | None = None
    exported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """What orders take off, by place."""

    taken: Mapping[Place, int]


def open_orders(
    lines: Iterable[OpenLine], warehouses: Iterable[Warehouse], home: str | None, read_at: datetime
) -> OpenOrders:
    """Add up what the back-end did not know for certain when its stock was read.

    A line that names no channel is taken off the market's own warehouse, `home`, else off the first one.
    """
    rows = tuple(warehouses)
    code_of = {row.channel: row.code for row in rows if row.channel}
    default = home if home in {row.code for row in rows} else (rows[0].code if rows else None)
    taken: dict[Place, int] = {}
    for line in lines:
        code = code_of.get(line.channel or "", default)
        known = line.exported_at is not None and line.exported_at < read_at - EXPORT_TAKES
        if code is None or known:
            continue
        place = (line.sku, code)
        taken[place] = taken.get(place, 0) + line.quantity
    return OpenOrders(taken)


def sellable(state: StockState, sku: str, warehouse: Warehouse, rules: StockRules, open_quantity: int) -> int:
    """Return how many pieces of a SKU may be sold out of a warehouse.

    That is floor((on hand - reserved + planned) * pieces per unit) - safety stock - open orders, and never below 0;
    planned only if the market wants it.
    """
    units = state.on_hand - state.reserved + (state.planned if rules.planned else 0)
    pieces = (units * Decimal(str(rules.units_per_base.get(sku, 1)))).to_integral_value(ROUND_FLOOR)
    safety = warehouse.safety_stock_of.get(sku, warehouse.safety_stock)
    return max(0, int(pieces) - safety - open_quantity)
