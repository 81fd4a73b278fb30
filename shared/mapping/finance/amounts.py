"""Quantity, price and discount such that Finance's own arithmetic gives the line amount we want.

Finance computes `round(quantity * (SalesPrice / SalesPriceQuantity - LineDiscountAmount))`. The discount is per unit
and, as we assume to be safe, has no more digits than the currency. The line amount is fixed by the canonical order.
Tried in turn: commercetools' own price with a discount per unit; a price after discount; one for the whole quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from shared.mapping.finance.fields import PRICE_DIGITS
from shared.model.money import minor_digits
from shared.model.order import OrderLine


@dataclass(frozen=True, slots=True)
class LinePrice:
    """What goes into the line; amounts are in the header's price mode. `price` is for `price_quantity` units."""

    quantity: int
    price: Decimal
    discount: Decimal = Decimal(0)
    price_quantity: int = 1


def line_price(line: OrderLine, *, include_tax: bool) -> LinePrice:
    """Price one line. Credits (negative lines) go out as a negative quantity of a positive price."""
    target = (line.gross if include_tax else line.net).amount
    digits = minor_digits(line.net.currency)
    if target < 0:
        return LinePrice(-1, -target)
    if line.price_includes_tax == include_tax and line.unit_price.amount >= 0:
        own = _own_price(_round(line.unit_price.amount, PRICE_DIGITS), line.quantity, target, digits)
        if own is not None:
            return own
    return _price_after_discount(line.quantity, target, digits)


def _own_price(price: Decimal, quantity: int, target: Decimal, digits: int) -> LinePrice | None:
    if _round(price * quantity, digits) == target:
        return LinePrice(quantity, price)
    discount = _round((price * quantity - target) / quantity, digits)
    exact = discount >= 0 and _round((price - discount) * quantity, digits) == target
    return LinePrice(quantity, price, discount) if exact else None


def _price_after_discount(quantity: int, target: Decimal, digits: int) -> LinePrice:
    price = _round(target / quantity, PRICE_DIGITS)
    if _round(price * quantity, digits) == target:
        return LinePrice(quantity, price)
    return LinePrice(quantity, target, price_quantity=quantity)


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
