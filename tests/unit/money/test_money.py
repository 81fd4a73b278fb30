"""Money, rounding and allocation."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.model.money import (
    CurrencyMismatch,
    InexactMoney,
    Money,
    MoneyError,
    NothingToAllocateTo,
    Rounding,
    allocate,
    is_sum,
    round_ratio,
    total,
)
from tests.unit.money.orders import checked, half


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [(1999, "EUR", "19.99 EUR"), (1999, "JPY", "1999 JPY"), (1999, "KWD", "1.999 KWD"), (-5, "SEK", "-0.05 SEK")],
)
def test_minor_units_follow_the_currency(cents: int, currency: str, text: str) -> None:
    money = Money.from_cents(cents, currency)
    assert str(money) == text
    assert money.minor_units == cents


def test_a_precise_amount_keeps_all_its_digits() -> None:
    assert Money.from_cents(123456789012345678, "EUR", 20).amount == Decimal("0.00123456789012345678")


def test_a_precise_amount_has_no_minor_units_until_it_is_rounded() -> None:
    precise = Money(Decimal("0.125"), "EUR")
    with pytest.raises(InexactMoney):
        _ = precise.minor_units
    assert precise.rounded(Rounding.HALF_UP).minor_units == 13


def test_arithmetic_is_exact_beyond_the_usual_28_digits() -> None:
    large = Money(Decimal("99999999999999999999.00000000000000000001"), "EUR")
    assert (large * 3 - large - large).amount == large.amount
    assert (large + -large).amount == 0


def test_two_currencies_cannot_be_added_subtracted_compared_or_summed() -> None:
    euro, krona = Money.from_cents(1, "EUR"), Money.from_cents(1, "SEK")
    mixes = (
        lambda: euro + krona,
        lambda: euro - krona,
        lambda: euro < krona,
        lambda: total([euro, krona], "EUR"),
        lambda: is_sum(euro, [krona]),
    )
    for mix in mixes:
        with pytest.raises(CurrencyMismatch) as refused:
            mix()
        assert (refused.value.left, refused.value.right) == ("EUR", "SEK")


@pytest.mark.parametrize(("amount", "currency"), [("NaN", "EUR"), ("Infinity", "EUR"), ("1", "eur"), ("1", "EURO")])
def test_what_is_no_money_cannot_be_built(amount: str, currency: str) -> None:
    with pytest.raises(MoneyError):
        Money(Decimal(amount), currency)


def test_parts_are_a_sum_to_the_last_digit() -> None:
    whole = Money(Decimal("100000000000000000000.00000000000000000003"), "EUR")
    parts = [Money(Decimal(text), "EUR") for text in ("100000000000000000000", "0.00000000000000000001")]
    assert not is_sum(whole, parts)
    assert is_sum(whole, [*parts, Money(Decimal("0.00000000000000000002"), "EUR")])


def test_equal_amounts_are_equal_whatever_their_trailing_zeros() -> None:
    assert len({Money(Decimal("1.5"), "EUR"), Money(Decimal("1.50"), "EUR")}) == 1


def test_money_survives_json() -> None:
    adapter = TypeAdapter(Money)
    money = Money(Decimal("0.1234"), "EUR")
    assert adapter.validate_json(adapter.dump_json(money)) == money


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Rounding.HALF_EVEN, [0, 2, 2, 0, -2, -2]),
        (Rounding.HALF_UP, [1, 2, 3, -1, -2, -3]),
        (Rounding.HALF_DOWN, [0, 1, 2, 0, -1, -2]),
    ],
)
def test_ties_round_as_the_mode_says(mode: Rounding, expected: list[int]) -> None:
    assert [round_ratio(numerator, 2, mode) for numerator in (1, 3, 5, -1, -3, -5)] == expected


@checked
@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6), st.sampled_from(list(Rounding)))
def test_rounding_agrees_with_its_definition(numerator: int, denominator: int, mode: Rounding) -> None:
    assert round_ratio(numerator, denominator, mode) == half(Fraction(numerator, denominator), mode)


def test_the_largest_remainders_get_what_is_left() -> None:
    assert allocate(10, [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]) == [3, 3, 4]
    assert allocate(2, [1, 1, 1]) == [1, 1, 0]
    assert allocate(-2, [1, 1, 1]) == [-1, -1, 0]


def test_a_negative_weight_gets_a_negative_part() -> None:
    assert allocate(50, [150, -50]) == [75, -25]


def test_nothing_can_be_allocated_to_no_weight() -> None:
    assert allocate(0, [0, 0]) == [0, 0]
    for weights in ([], [0, 0], [5, -5]):
        with pytest.raises(NothingToAllocateTo):
            allocate(1, weights)


@checked
@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=12).filter(lambda weights: sum(weights) > 0),
)
def test_an_allocation_keeps_the_sum_the_sign_and_the_proportion(amount: int, weights: list[Decimal]) -> None:
    parts = allocate(amount, weights)
    whole = sum(map(Fraction, weights))
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert part * amount >= 0
        assert abs(part - amount * Fraction(weight) / whole) < 1
        assert part == 0 or weight
