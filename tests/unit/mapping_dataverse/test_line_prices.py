"""Dataverse computes round(price * quantity) - discount + tax with rounded prices: always the net amount we want."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.dataverse.amounts import LinePrice, exact_price, line_price
from shared.model.money import Money, minor_digits
from shared.model.order import OrderLine
from tests.unit.mapping.orders import line, money, order_lines
from tests.unit.money.orders import checked

DECIMALS = st.integers(0, 6)


def half_up(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def dataverse_amount(price: LinePrice, decimals: int, digits: int) -> Decimal:
    """The platform's arithmetic on what travels: JSON numbers, prices rounded to the organisation's decimals."""
    unit = half_up(Decimal(str(float(price.unit_price))), decimals)
    discount = half_up(Decimal(str(float(price.discount))), digits)
    return half_up(unit * price.quantity, digits) - discount


@checked
@given(order_lines(), DECIMALS)
def test_the_back_ends_own_arithmetic_gives_the_net_amount_of_the_line(one: OrderLine, decimals: int) -> None:
    price = line_price(one, decimals)
    assert dataverse_amount(price, decimals, minor_digits(one.net.currency)) == one.net.amount


@checked
@given(order_lines(), DECIMALS, st.integers(0, 4))
def test_an_organisation_with_more_decimals_changes_nothing(one: OrderLine, decimals: int, more: int) -> None:
    price = line_price(one, decimals)
    assert dataverse_amount(price, decimals + more, minor_digits(one.net.currency)) == one.net.amount


@checked
@given(order_lines(), DECIMALS)
def test_discounts_are_never_negative_and_quantities_always_positive(one: OrderLine, decimals: int) -> None:
    price = line_price(one, decimals)
    assert price.discount >= 0
    assert price.quantity > 0


@checked
@given(st.integers(-10_000, 10_000), st.sampled_from(["EUR", "JPY", "KWD"]), DECIMALS)
def test_a_gap_of_any_size_and_sign_can_be_closed(units: int, currency: str, decimals: int) -> None:
    amount = Money.from_cents(units, currency)
    price = exact_price(amount, decimals)
    assert price.discount >= 0
    assert dataverse_amount(price, decimals, minor_digits(currency)) == amount.amount


@pytest.mark.parametrize(
    ("net", "gross", "unit", "quantity", "included", "expected"),
    [
        # 125.00 with 25 % is 100.00 net: three of them, nothing off
        ("300.00", "375.00", "125.00", 3, True, (3, "100.00", "0.00")),
        # without tax the price is commercetools' own; 10 % off is a discount of 30
        ("270.00", "337.50", "100.00", 3, False, (3, "100.00", "30.00")),
        # 19.99 / 1.25 = 15.992 -> 15.99; 3 x 15.99 = 47.97; commercetools has 47.98: the price goes up
        ("47.98", "59.97", "19.99", 3, True, (3, "16.00", "0.02")),
        # a high-precision price of 0.0125: 100 pieces are 1.25, two decimals show 0.02
        ("1.25", "1.56", "0.0125", 100, False, (100, "0.02", "0.75")),
        # a credit
        ("-8.00", "-10.00", "-10.00", 1, True, (1, "-8.00", "0.00")),
    ],
)
def test_prices_worked_out_by_hand(
    net: str, gross: str, unit: str, quantity: int, included: bool, expected: tuple[int, str, str]
) -> None:
    price = line_price(line(net, gross, unit=unit, quantity=quantity, included=included), 2)
    assert (price.quantity, price.unit_price, price.discount) == (
        expected[0],
        Decimal(expected[1]),
        Decimal(expected[2]),
    )


def test_more_decimals_show_more_of_the_price() -> None:
    price = line_price(line("1.25", "1.56", unit="0.0125", quantity=100, included=False), 4)
    assert (price.unit_price, price.discount) == (Decimal("0.0125"), Decimal(0))


def test_a_line_that_was_edited_to_nothing_costs_nothing() -> None:
    nothing = line("0.00", "0.00", unit="10.00", quantity=0)
    assert line_price(nothing, 2) == LinePrice(1, Decimal("8.00"), Decimal("8.00"))


def test_money_of_a_currency_without_decimals_stays_whole() -> None:
    price = line_price(line("1000", "1100", unit="333", quantity=3, currency="JPY", included=False), 2)
    # 3 x 333 = 999 is less than 1000: the price must be 333.34, and 3 x 333.34 = 1000.02 is 1000 yen
    assert (price.unit_price, price.discount) == (Decimal("333.34"), Decimal(0))
    assert money("1000", "JPY").amount == dataverse_amount(price, 2, 0)
