"""Business Central computes round(quantity * unit price) - discount: that must be the amount we want, always."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.business_central.amounts import LinePrice, line_price
from shared.mapping.price_mode import prices_include_tax
from shared.model.money import minor_digits
from shared.model.order import OrderLine
from tests.unit.mapping.orders import line, order, order_lines
from tests.unit.money.orders import checked


def business_central_amount(price: LinePrice, digits: int) -> Decimal:
    """As Microsoft documents it for sales lines: the product is rounded to the currency, half away from zero."""
    # What travels is a JSON number: the arithmetic must survive it.
    unit, discount = Decimal(str(float(price.unit_price))), Decimal(str(float(price.discount)))
    return (price.quantity * unit).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) - discount


@checked
@given(order_lines(), st.booleans())
def test_the_back_ends_own_arithmetic_gives_the_amount_of_the_line(one: OrderLine, include_tax: bool) -> None:
    price = line_price(one, include_tax=include_tax)
    wanted = one.gross if include_tax else one.net
    assert business_central_amount(price, minor_digits(one.net.currency)) == wanted.amount


@checked
@given(order_lines(), st.booleans())
def test_unit_prices_and_discounts_are_never_negative_and_have_at_most_three_digits_more(
    one: OrderLine, include_tax: bool
) -> None:
    price = line_price(one, include_tax=include_tax)
    assert price.unit_price >= 0
    assert price.discount >= 0
    exponent = price.unit_price.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    assert -exponent <= minor_digits(one.net.currency) + 3


@checked
@given(order_lines(), st.booleans())
def test_the_quantity_that_was_ordered_is_the_quantity_that_ships(one: OrderLine, include_tax: bool) -> None:
    if one.final_amount.amount >= 0 and one.unit_price.amount >= 0:
        assert line_price(one, include_tax=include_tax).quantity == one.quantity


@pytest.mark.parametrize(
    ("one", "include_tax", "expected"),
    [
        (line("160.00", "200.00", unit="100.00", quantity=2), True, (2, "100.00000", "0.00")),
        (line("120.00", "150.00", unit="100.00", quantity=2), True, (2, "100.00000", "50.00")),
        (line("160.00", "200.00", unit="100.00", quantity=2), False, (2, "80.00000", "0.00")),
        # 200.00 / 3 goes up to 66.66667; 3 of it are 200.00001, which is 200.00
        (line("200.00", "250.00", unit="83.33", quantity=3), False, (3, "66.66667", "0.00")),
        # 100.00 / 3000 would be 0.03333, and 3000 of it only 99.99
        (line("100.00", "125.00", unit="0.04", quantity=3000), False, (3000, "0.03334", "0.02")),
        (line("0.00", "0.00", unit="99.00"), True, (1, "99.00000", "99.00")),
        (line("-40.00", "-50.00", unit="-50.00"), True, (-1, "50.00", "0")),
        (line("-80.00", "-100.00", unit="-50.00", quantity=2), True, (-1, "100.00", "0")),
    ],
    ids=[
        "list price",
        "discount",
        "other mode",
        "other mode, odd",
        "other mode, many",
        "gift",
        "credit",
        "credit of two",
    ],
)
def test_prices_stay_those_of_the_shop_where_they_can(
    one: OrderLine, include_tax: bool, expected: tuple[int, str, str]
) -> None:
    quantity, unit, discount = expected
    assert line_price(one, include_tax=include_tax) == LinePrice(quantity, Decimal(unit), Decimal(discount))


def test_the_header_takes_the_price_mode_of_the_greater_part() -> None:
    with_tax = line("80.00", "100.00", unit="100.00")
    without = line("100.00", "125.00", unit="100.00", included=False)
    assert prices_include_tax(order(with_tax))
    assert not prices_include_tax(order(without))
    assert not prices_include_tax(order(with_tax, without))
    assert prices_include_tax(order(with_tax, with_tax, without))


def test_credits_count_by_their_size_when_the_price_mode_is_chosen() -> None:
    credit = line("-100.00", "-100.00", unit="-100.00", included=False)
    assert not prices_include_tax(order(line("40.00", "50.00", unit="50.00"), credit))
