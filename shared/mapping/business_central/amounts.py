"""Quantity, unit price and discount such that Business Central's own arithmetic gives the line amount we want.

Business Central computes `round(quantity * unitPrice) - discountAmount`. The line amount is fixed by the canonical
order; the unit price stays commercetools' own where it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from shared.mapping.business_central.fields import UNIT_PRICE_EXTRA_DIGITS
from shared.model.money import minor_digits
from shared.model.order import OrderLine


@dataclass(frozen=True, slots=True)
class LinePrice:
    """What goes into the line; amounts are in the header's price mode."""

    quantity: int
    unit_price: Decimal
    discount: Decimal


def line_price(line: OrderLine, *, include_tax: bool) -> LinePrice:
    """Price one line. Credits (negative lines) go out as negative quantities of a positive price."""
    target = (line.gross if include_tax else line.net).amount
    digits = minor_digits(line.net.currency)
    quantity = max(line.quantity, 1)
    if target < 0 or line.unit_price.amount < 0:
        return LinePrice(-1, -target, Decimal(0))
    own_mode = line.price_includes_tax == include_tax
    unit = _round(line.unit_price.amount, digits + UNIT_PRICE_EXTRA_DIGITS) if own_mode else None
    if unit is None or _round(unit * quantity, digits) < target:
        unit = _ceil(target / quantity, digits + UNIT_PRICE_EXTRA_DIGITS)
    return LinePrice(quantity, unit, _round(unit * quantity, digits) - target)


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _ceil(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_CEILING)
