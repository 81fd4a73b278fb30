"""Quantity, unit price and discount such that Business Central's own arithmetic gives the line amount we want.

Business Central computes `round(quantity * unitPrice) - discountAmount`. The line amount is fixed by the canonical
order; the unit price stays commercetools' own where it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import cache

from shared.mapping.business_central.fields import UNIT_PRICE_DECIMALS, UNIT_PRICE_EXTRA_DIGITS
from shared.model.money import minor_digits
from shared.model.order import OrderLine


@dataclass(frozen=True, slots=True)
class LinePrice:
    """What goes into the line; amounts are in the header's price mode."""

    quantity: int
    unit_price: Decimal
    discount: Decimal


def line_price(line: OrderLine, *, include_tax: bool, decimals: int = UNIT_PRICE_DECIMALS) -> LinePrice:
    """Price one line. Credits (negative lines) go out as negative quantities of a positive price.

    `decimals` is the unit-amount rounding precision of the currency in Business Central, which is set up there.
    """
    target = (line.gross if include_tax else line.net).amount
    digits = minor_digits(line.net.currency)
    quantity = max(line.quantity, 1)
    if target < 0 or line.unit_price.amount < 0:
        return LinePrice(-1, -target, Decimal(0))
    own_mode = line.price_includes_tax == include_tax
    price_digits = min(digits + UNIT_PRICE_EXTRA_DIGITS, decimals)
    unit = _round(line.unit_price.amount, price_digits) if own_mode else None
    amount = None if unit is None else _round(unit * quantity, digits)
    if unit is None or amount is None or amount < target:
        unit = _ceil(target / quantity, price_digits)
        amount = _round(unit * quantity, digits)
    return LinePrice(quantity, unit, amount - target)


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(_step(digits), ROUND_HALF_UP)


def _ceil(value: Decimal, digits: int) -> Decimal:
    return value.quantize(_step(digits), ROUND_CEILING)


@cache
def _step(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)
