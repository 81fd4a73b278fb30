"""How the platform computes lines and orders. Pure."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from local.dynamics.odata.definitions import Row

HUNDRED = Decimal(100)


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Return the value with so many decimals, halves away from zero."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def amount(row: Row, name: str) -> Decimal:
    """Return an amount; what is not set counts as nothing."""
    value = row.get(name)
    return Decimal(0) if value is None else Decimal(value)


def priced_line(row: Row, pricing_decimals: int, decimals: int) -> Row:
    """Return the line with its computed amounts."""
    price = rounded(amount(row, "priceperunit"), pricing_decimals)
    given = {
        name: rounded(Decimal(row[name]), decimals)
        for name in ("manualdiscountamount", "tax")
        if row.get(name) is not None
    }
    line = row | {"priceperunit": price} | given
    base = rounded(price * amount(line, "quantity"), decimals)
    volume = rounded(amount(line, "volumediscountamount") * amount(line, "quantity"), decimals)
    extended = base - volume - amount(line, "manualdiscountamount") + amount(line, "tax")
    return line | {"baseamount": base, "extendedamount": extended}


def priced_order(header: Row, lines: Sequence[Row], decimals: int, tax_shift: Decimal = Decimal(0)) -> Row:
    """Return the order with its totals."""
    items = sum((amount(line, "extendedamount") - amount(line, "tax") for line in lines), Decimal(0))
    share = rounded(items * amount(header, "discountpercentage") / HUNDRED, decimals)
    discount = rounded(amount(header, "discountamount"), decimals) + share
    tax = sum((amount(line, "tax") for line in lines), Decimal(0)) + (tax_shift if lines else 0)
    less_freight = items - discount
    return header | {
        "totallineitemamount": items,
        "totallineitemdiscountamount": sum((amount(line, "manualdiscountamount") for line in lines), Decimal(0)),
        "totaldiscountamount": discount,
        "totaltax": tax,
        "totalamountlessfreight": less_freight,
        "totalamount": less_freight + rounded(amount(header, "freightamount"), decimals) + tax,
    }
