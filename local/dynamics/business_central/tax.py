"""Amounts, tax and totals of a sales document, by Business Central's rounding; pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HUNDRED = Decimal(100)


def round_to(value: Decimal, decimals: int) -> Decimal:
    """Round half away from zero to so many decimals."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class TaxableLine:
    """What the calculation needs to know of a line; line_amount is after the line discount."""

    line_amount: Decimal
    rate: Decimal
    tax_code: str


@dataclass(frozen=True)
class LineAmounts:
    """The computed amounts of a line, before and after its part of the invoice discount."""

    amount_excluding_tax: Decimal
    tax_amount: Decimal
    amount_including_tax: Decimal
    invoice_discount: Decimal
    net_amount: Decimal
    net_tax_amount: Decimal
    net_amount_including_tax: Decimal


def carried(values: Iterable[Decimal], compute: Callable[[Decimal], Decimal]) -> list[Decimal]:
    """Return each value's part of compute(sum), the rounding difference carried from one to the next."""
    running = before = Decimal(0)
    parts = []
    for value in values:
        running += value
        now = compute(running)
        parts.append(now - before)
        before = now
    return parts


def distribute(total: Decimal, weights: Sequence[Decimal], decimals: int) -> list[Decimal]:
    """Distribute an amount by weight; the rounded parts add up to it."""
    whole = sum(weights, Decimal(0))
    if not whole:
        return [Decimal(0) for _ in weights]
    return carried(weights, lambda running: round_to(total * running / whole, decimals))


def line_amount(quantity: Decimal, unit_price: Decimal, discount: Decimal, decimals: int) -> Decimal:
    """Return the amount of a line: the rounded product less the line discount."""
    return round_to(quantity * unit_price, decimals) - discount


def compute(
    lines: Sequence[TaxableLine], discount: Decimal, decimals: int, *, prices_include_tax: bool, shift: Decimal
) -> list[LineAmounts]:
    """Return the amounts of all lines of a document, in line order.

    Tax is rounded once for each tax code over the document; the lines of the code carry the difference.
    """
    shares = distribute(discount, [line.line_amount for line in lines], decimals)
    results: list[LineAmounts | None] = [None] * len(lines)
    for code in dict.fromkeys(line.tax_code for line in lines):
        members = [index for index, line in enumerate(lines) if line.tax_code == code]
        rate = lines[members[0]].rate / HUNDRED
        bases = [lines[index].line_amount - shares[index] for index in members]
        split = _split_included if prices_include_tax else _split_excluded
        for index, (net, tax) in zip(members, split(bases, rate, decimals), strict=True):
            results[index] = _line(
                lines[index].line_amount, rate, shares[index], net, tax, decimals, prices_include_tax
            )
    complete = [result for result in results if result is not None]
    return _shifted(complete, shift)


def _split_excluded(bases: Sequence[Decimal], rate: Decimal, decimals: int) -> list[tuple[Decimal, Decimal]]:
    taxes = carried(bases, lambda running: round_to(running * rate, decimals))
    return list(zip(bases, taxes, strict=True))


def _split_included(bases: Sequence[Decimal], rate: Decimal, decimals: int) -> list[tuple[Decimal, Decimal]]:
    nets = carried(bases, lambda running: round_to(running / (1 + rate), decimals))
    return [(net, base - net) for base, net in zip(bases, nets, strict=True)]


def _line(
    amount: Decimal, rate: Decimal, share: Decimal, net: Decimal, tax: Decimal, decimals: int, included: bool
) -> LineAmounts:
    excluding = round_to(amount / (1 + rate), decimals) if included else amount
    including = amount if included else round_to(amount * (1 + rate), decimals)
    return LineAmounts(excluding, including - excluding, including, share, net, tax, net + tax)


def _shifted(lines: list[LineAmounts], shift: Decimal) -> list[LineAmounts]:
    """Add the programmed deviation to the tax of the last line, which moves the document's totals."""
    if not lines or not shift:
        return lines
    last = lines[-1]
    moved = LineAmounts(
        last.amount_excluding_tax,
        last.tax_amount,
        last.amount_including_tax,
        last.invoice_discount,
        last.net_amount,
        last.net_tax_amount + shift,
        last.net_amount_including_tax + shift,
    )
    return [*lines[:-1], moved]
