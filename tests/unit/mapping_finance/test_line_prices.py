"""Finance computes round(quantity * (price / price quantity - discount)): that must be the amount we want, always."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.finance.amounts import LinePrice, line_price
from shared.model.money import minor_digits
from shared.model.order import OrderLine
from tests.unit.mapping.orders import line, order_lines
from tests.unit.money.orders import checked


def finance_amount(price: LinePrice, digits: int) -> Decimal:
    # What travels is a JSON number: the arithmetic must survive it.
    unit, discount = Decimal(str(float(price.price))), Decimal(str(float(price.discount)))
    amount = price.quantity * unit / price.price_quantity - price.quantity * discount
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@checked
@given(order_lines(), st.booleans())
def test_finances_own_arithmetic_gives_the_amount_of_the_line(one: OrderLine, include_tax: bool) -> None:
    price = line_price(one, include_tax=include_tax)
    wanted = one.gross if include_tax else one.net
    assert finance_amount(price, minor_digits(one.net.currency)) == wanted.amount


@checked
@given(order_lines(), st.booleans())
def test_prices_have_six_digits_and_discounts_no_more_than_the_currency(one: OrderLine, include_tax: bool) -> None:
    price = line_price(one, include_tax=include_tax)
    digits = minor_digits(one.net.currency)
    assert price.price == round(price.price, 6)
    assert price.discount == round(price.discount, digits)
    assert price.price >= 0
    assert price.discount >= 0


@checked
@given(order_lines(), st.booleans())
def test_the_quantity_that_was_ordered_is_the_quantity_that_ships(one: OrderLine, include_tax: bool) -> None:
    price = line_price(one, include_tax=include_tax)
    if one.final_amount.amount >= 0:
        assert price.quantity == one.quantity
    else:
        assert (price.quantity, price.price_quantity) == (-1, 1)


@pytest.mark.parametrize(
    ("one", "include_tax", "expected"),
    [
        (line("160.00", "200.00", unit="100.00", quantity=2), True, (2, "100", "0", 1)),
        # 50.00 off two pieces: 25.00 off each
        (line("120.00", "150.00", unit="100.00", quantity=2), True, (2, "100", "25", 1)),
        # 10.00 off three pieces is no whole number of cents each: the price is what remains, 290.00 / 3
        (line("232.00", "290.00", unit="100.00", quantity=3), True, (3, "96.666667", "0", 1)),
        # without tax, while the shop's prices have it: 160.00 / 2
        (line("160.00", "200.00", unit="100.00", quantity=2), False, (2, "80", "0", 1)),
        # a gift
        (line("0.00", "0.00", unit="19.99"), True, (1, "19.99", "19.99", 1)),
        # a credit
        (line("-80.00", "-100.00", unit="-100.00"), True, (-1, "100", "0", 1)),
        (line("-80.00", "-100.00", unit="-50.00", quantity=2), True, (-1, "100", "0", 1)),
    ],
)
def test_worked_examples(one: OrderLine, include_tax: bool, expected: tuple[int, str, str, int]) -> None:
    quantity, price, discount, price_quantity = expected
    wanted = LinePrice(quantity, Decimal(price), Decimal(discount), price_quantity)
    assert line_price(one, include_tax=include_tax) == wanted


def test_a_price_for_the_whole_quantity_is_exact_where_six_digits_are_not() -> None:
    # 100000.01 / 30000 is 3.3333336666…; six digits of it give 100000.02
    one = line("100000.01", "125000.01", unit="4.00", quantity=30_000)
    price = line_price(one, include_tax=False)
    assert price == LinePrice(30_000, Decimal("100000.01"), price_quantity=30_000)
