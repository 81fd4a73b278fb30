"""Line amounts, sales tax and order totals; pure. Sales tax codes are those that both groups of a line name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class TaxedLine:
    """What the calculation needs of a line; the amount includes tax when prices do."""

    amount: Decimal
    rate: Decimal
    discount: Decimal = Decimal(0)


@dataclass(frozen=True)
class OrderTotals:
    """What the header shows."""

    amount: Decimal
    tax: Decimal
    discount: Decimal


def round_to(value: Decimal, digits: int) -> Decimal:
    """Round half away from zero."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def line_amount(
    quantity: Decimal, price: Decimal, price_quantity: Decimal, discount: Decimal, percentage: Decimal, digits: int
) -> Decimal:
    """Return the net amount of a line: the price is for so many units, the discount amount for one unit."""
    amount = quantity * price / price_quantity - quantity * discount
    return round_to(amount * (1 - percentage / HUNDRED), digits)


def common_rate(group: Iterable[str], item_group: Iterable[str], rates: Mapping[str, Decimal]) -> Decimal:
    """Return the percentage of all codes that both groups name."""
    return sum((rates[code] for code in set(group) & set(item_group)), Decimal(0))


def totals(
    lines: Sequence[TaxedLine], digits: int, *, included: bool, method: Literal["line", "total"], shift: Decimal
) -> OrderTotals:
    """Return the order's totals; tax is rounded for each line, or once for each rate."""
    bases = [(line.amount, line.rate) for line in lines]
    if method == "total":
        by_rate = {rate: sum(amount for amount, other in bases if other == rate) for _, rate in bases}
        bases = [(Decimal(amount), rate) for rate, amount in by_rate.items()]
    tax = sum((_tax(amount, rate / HUNDRED, digits, included) for amount, rate in bases), Decimal(0))
    amount = sum((line.amount for line in lines), Decimal(0)) + (0 if included else tax)
    discount = sum((line.discount for line in lines), Decimal(0))
    return OrderTotals(amount + shift, tax + shift, discount)


def _tax(amount: Decimal, rate: Decimal, digits: int, included: bool) -> Decimal:
    return amount - round_to(amount / (1 + rate), digits) if included else round_to(amount * rate, digits)
