"""Unit price and discount such that Dataverse's own arithmetic gives the net amount we want.

Dataverse computes `round(round(priceperunit) * quantity) - manualdiscountamount + tax`; prices are always without tax,
the discount is never negative, and the tax is the one that we send.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from shared.model.money import Money, minor_digits
from shared.model.order import OrderLine


@dataclass(frozen=True, slots=True)
class LinePrice:
    """What goes into the line."""

    quantity: int
    unit_price: Decimal
    discount: Decimal


def line_price(line: OrderLine, decimals: int) -> LinePrice:
    """Price one line; the list price stays visible where the amount is not above it. Credits get a negative price."""
    target = line.net.amount
    if target < 0 or line.unit_price.amount < 0:
        return exact_price(line.net, decimals)
    digits = minor_digits(line.net.currency)
    quantity = max(line.quantity, 1)
    unit = _round(_list_price(line), decimals)
    if _round(unit * quantity, digits) < target:
        unit = (target / quantity).quantize(_step(decimals), ROUND_CEILING)
    return LinePrice(quantity, unit, _round(unit * quantity, digits) - target)


def exact_price(amount: Money, decimals: int) -> LinePrice:
    """Price a quantity of one so that it comes to any amount; digits that a unit price lacks become discount."""
    towards = ROUND_CEILING if amount.amount > 0 else ROUND_FLOOR
    unit = abs(amount.amount).quantize(_step(decimals), towards).copy_sign(amount.amount)
    return LinePrice(1, unit + 0, unit - amount.amount)  # adding nothing turns -0 into 0


def _list_price(line: OrderLine) -> Decimal:
    rate = line.tax_rate.rate if line.tax_rate and line.price_includes_tax else Decimal(0)
    return line.unit_price.amount / (1 + rate)


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(_step(digits), ROUND_HALF_UP)


def _step(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)
