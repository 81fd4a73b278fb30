"""Rows of price books → prices: the lowest that holds, tiers, periods without overlap, exact money, stable keys."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.commercetools.price_documents import (
    ListedPrice,
    Period,
    Scope,
    ScopeIds,
    Tier,
    amount_of,
    embedded_draft,
    key_prefix,
    money_draft,
    price_key,
    standalone_draft,
)
from shared.mapping.commercetools.prices import Listing, listed_prices, within
from shared.market_options.trade import PriceBook
from shared.model.catalogue import PriceState
from tests.fakes.markets import market
from tests.fakes.unhurried import unhurried
from tests.unit.mapping.catalogue import WEB, assert_published, day, row, selling


def listed(*rows: PriceState, **options: Any) -> Listing:
    return listed_prices(rows, "SKU-1", selling(), **options)


def only(*rows: PriceState) -> ListedPrice:
    listing = listed(*rows)
    assert listing.problems == ()
    (price,) = listing.prices
    return price


def test_the_row_from_one_piece_on_is_the_price_and_the_others_are_tiers() -> None:
    price = only(row("10"), row("8.5", "10"), row("7", "100"))
    assert price.amount == Decimal(10)
    assert price.tiers == (Tier(10, Decimal("8.5")), Tier(100, Decimal(7)))


@pytest.mark.parametrize(("minimum", "tier"), [("1.5", 2), ("2", 2), ("2.25", 3)])
def test_a_tier_begins_with_the_next_whole_piece(minimum: str, tier: int) -> None:
    assert only(row("10"), row("9", minimum)).tiers == (Tier(tier, Decimal(9)),)


@pytest.mark.parametrize("minimum", ["0", "0.5", "1"])
def test_a_minimum_up_to_one_is_the_price_itself(minimum: str) -> None:
    assert (only(row("10", minimum)).amount, only(row("10", minimum)).tiers) == (Decimal(10), ())


def test_nobody_pays_more_for_a_piece_because_he_takes_more() -> None:
    assert only(row("10"), row("12", "5"), row("10", "6"), row("9", "20")).tiers == (Tier(20, Decimal(9)),)


def test_of_several_rows_for_the_same_quantity_the_lowest_counts() -> None:
    price = only(row("10"), row("9.9"), row("8", "10"), row("7.5", "10"))
    assert (price.amount, price.tiers) == (Decimal("9.9"), (Tier(10, Decimal("7.5")),))


def test_a_book_without_a_price_for_one_piece_takes_the_items_own() -> None:
    price = only(row("8", "10"), row("11", book=""))
    assert (price.amount, price.tiers) == (Decimal(11), (Tier(10, Decimal(8)),))


def test_a_book_without_a_price_for_one_piece_is_told_where_the_item_has_none_of_its_own() -> None:
    listing = listed(row("8", "10"), row("11", book="", currency="SEK"))
    assert listing.prices == ()
    assert [(problem.book, "quantity of 10" in problem.text) for problem in listing.problems] == [("WEB", True)]


def test_rows_of_other_books_and_currencies_are_no_prices_of_this_one() -> None:
    assert listed(row("1", book="WHOLESALE"), row("1", currency="SEK"), row("1", book="")).prices == ()
    assert only(row("10"), row("1", book="WHOLESALE"), row("1", currency="SEK")).amount == Decimal(10)


def test_a_book_is_found_whatever_the_case_of_its_name() -> None:
    assert only(row("10", book="web")).amount == Decimal(10)


def test_one_book_may_be_sold_in_several_countries() -> None:
    books = (WEB.model_copy(update={"country": "DE"}), WEB.model_copy(update={"country": "FR"}))
    prices = listed_prices([row("10")], "SKU-1", market(price_books=books)).prices
    assert [price.scope.country for price in prices] == ["DE", "FR"]
    assert len({price.key for price in prices}) == 2


def test_only_books_of_the_kind_asked_for_make_prices() -> None:
    books = (WEB.model_copy(update={"kind": "embedded"}), WEB.model_copy(update={"country": "FR"}))
    both = market(price_books=books)
    kinds = ("embedded", "standalone")
    found = [listed_prices([row("10")], "SKU-1", both, kind=kind).prices[0].scope.country for kind in kinds]
    assert found == [None, "FR"]


def test_prices_in_several_units_are_told_unless_the_unit_is_known() -> None:
    rows = [row("10", unit="PCS"), row("90", unit="BOX")]
    assert [("BOX, PCS" in problem.text) for problem in listed(*rows).problems] == [True]
    assert [price.amount for price in listed(*rows, unit="PCS").prices] == [Decimal(10)]
    assert listed(*rows, unit="PALLET") == Listing()


@pytest.mark.parametrize("amount", ["-1", "0.000000000000000000001"])
def test_an_amount_that_no_price_can_have_is_told(amount: str) -> None:
    listing = listed(row(amount))
    assert (listing.prices, len(listing.problems)) == ((), 1)


def test_a_price_of_nothing_is_a_price() -> None:
    assert only(row("0")).amount == Decimal(0)


def test_rows_with_a_period_make_a_price_with_that_period() -> None:
    price = only(row("10", valid_from=day(1), valid_until=day(5)))
    assert price.period == Period(day(1), day(5))
    draft = standalone_draft(price)
    assert (draft["validFrom"], draft["validUntil"]) == ("2026-12-01T00:00:00.000Z", "2026-12-05T00:00:00.000Z")


def test_a_period_beside_an_unlimited_row_is_a_second_price_and_the_lowest_counts_in_it() -> None:
    always, while_reduced = listed(row("10"), row("8", valid_from=day(1), valid_until=day(5))).prices
    assert (always.period, always.amount) == (Period(), Decimal(10))
    assert (while_reduced.period, while_reduced.amount) == (Period(day(1), day(5)), Decimal(8))


def test_overlapping_periods_are_cut_where_one_begins_or_ends() -> None:
    rows = [row("10", valid_from=day(1), valid_until=day(9)), row("8", valid_from=day(3), valid_until=day(5))]
    found = [(price.period, price.amount) for price in listed(*rows).prices]
    assert found == [
        (Period(day(1), day(3)), Decimal(10)),
        (Period(day(3), day(5)), Decimal(8)),
        (Period(day(5), day(9)), Decimal(10)),
    ]


def test_a_gap_between_periods_stays_a_gap_and_touching_ones_of_the_same_price_become_one() -> None:
    rows = [row("8", valid_from=day(a), valid_until=day(b)) for a, b in ((1, 2), (2, 4), (6, 7))]
    assert [price.period for price in listed(*rows).prices] == [Period(day(1), day(4)), Period(day(6), day(7))]


@pytest.mark.parametrize(("starts", "ends"), [(day(1), None), (None, day(5))])
def test_a_period_may_be_open_at_one_end(starts: datetime | None, ends: datetime | None) -> None:
    assert only(row("10", valid_from=starts, valid_until=ends)).period == Period(starts, ends)


type Drawn = tuple[int, str, int | None, int | None]


def in_order(drawn: Drawn) -> bool:
    _, _, starts, ends = drawn
    return starts is None or ends is None or starts < ends


MINIMA = st.sampled_from(["1", "2", "5", "10"])
DAYS = st.one_of(st.none(), st.integers(1, 8))
ROWS = st.lists(
    st.tuples(st.integers(1, 20), MINIMA, DAYS, DAYS).filter(in_order),
    min_size=1,
    max_size=7,
)


def rows_of(drawn: list[Drawn]) -> list[PriceState]:
    return [
        row(str(amount), minimum, valid_from=day(starts) if starts else None, valid_until=day(ends) if ends else None)
        for amount, minimum, starts, ends in drawn
    ]


def holds(start: datetime | None, end: datetime | None, moment: datetime) -> bool:
    return (start is None or start <= moment) and (end is None or moment < end)


def charged(prices: tuple[ListedPrice, ...], moment: datetime, quantity: int) -> Decimal | None:
    """What commercetools charges: a price with a period before one without, and of its tiers the last one reached."""
    found = [price for price in prices if holds(price.period.starts, price.period.ends, moment)]
    if not found:
        return None
    price = max(found, key=lambda one: one.period.is_bound)
    reached = [tier.amount for tier in price.tiers if tier.minimum <= quantity]
    return reached[-1] if reached else price.amount


@unhurried
@given(drawn=ROWS, quantity=st.sampled_from([1, 2, 4, 5, 9, 10, 50]), hours=st.integers(0, 9 * 24))
def test_at_any_time_and_quantity_the_lowest_row_that_holds_is_charged(
    drawn: list[Drawn], quantity: int, hours: int
) -> None:
    rows = rows_of(drawn)
    own = row("21", book="")
    moment = day(1) - timedelta(hours=12) + timedelta(hours=hours)
    prices = listed(*rows, own).prices
    holding = [one for one in rows if holds(one.valid_from, one.valid_until, moment)]
    applicable = [one.amount for one in holding if one.minimum <= quantity]
    lowest = min(applicable) if applicable else own.amount
    assert charged(prices, moment, quantity) == (lowest if holding else None)


@unhurried
@given(drawn=ROWS)
def test_periods_of_one_scope_never_overlap_and_keys_are_never_shared(drawn: list[Drawn]) -> None:
    prices = listed(*rows_of(drawn), row("21", book="")).prices
    pairs = [(one, other) for one in prices for other in prices if one is not other]
    assert [(one, other) for one, other in pairs if one.period.overlaps(other.period)] == []
    assert len({price.key for price in prices}) == len(prices)
    assert sum(not price.period.is_bound for price in prices) <= 1


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("12.34", "EUR", {"type": "centPrecision", "centAmount": 1234}),
        ("12.30", "EUR", {"type": "centPrecision", "centAmount": 1230}),
        ("1200", "JPY", {"type": "centPrecision", "centAmount": 1200}),
        ("1.234", "KWD", {"type": "centPrecision", "centAmount": 1234}),
        ("12.345", "EUR", {"type": "highPrecision", "centAmount": 1234, "preciseAmount": 12345, "fractionDigits": 3}),
        ("0.00123", "EUR", {"type": "highPrecision", "centAmount": 0, "preciseAmount": 123, "fractionDigits": 5}),
        ("1.5", "JPY", {"type": "highPrecision", "centAmount": 2, "preciseAmount": 15, "fractionDigits": 1}),
        ("1E+2", "EUR", {"type": "centPrecision", "centAmount": 10000}),
    ],
)
def test_money_is_exact_in_minor_units_or_with_all_its_digits(
    amount: str, currency: str, expected: dict[str, Any]
) -> None:
    draft = money_draft(Decimal(amount), currency)
    assert draft == {"currencyCode": currency, **expected}
    assert amount_of(draft) == Decimal(amount)


@pytest.mark.parametrize("draft_of", [standalone_draft, embedded_draft])
def test_a_draft_with_everything_is_valid(draft_of: Any) -> None:
    book = PriceBook(name="WEB", currency="EUR", country="DE", customer_group="b2b", channel="store-1")
    rows = [row("10.123", valid_from=day(1)), row("9", "10", valid_from=day(1))]
    (price,) = listed_prices(rows, "SKU-1", market(price_books=(book,))).prices
    draft = draft_of(price)
    assert (draft["country"], draft["customerGroup"]["key"], draft["channel"]["key"]) == ("DE", "b2b", "store-1")
    assert [tier["minimumQuantity"] for tier in draft["tiers"]] == [10]
    assert "discounted" not in draft
    if "sku" in draft:
        assert_published("standalone-prices", draft)
    else:
        change = {"action": "addPrice", "sku": "SKU-1", "price": draft, "staged": False}
        assert_published("products/1", {"version": 1, "actions": [change]})


@pytest.mark.parametrize("sku", ["SKU-1", "a b/c", "Ä" * 400, "-", "X" * 300])
def test_keys_are_keys_whatever_the_sku(sku: str) -> None:
    key = price_key("market with a very long name " * 9, sku, "WEB", Scope("EUR"), Period())
    assert re.fullmatch(r"[A-Za-z0-9_-]{2,256}", key)
    assert key.startswith(key_prefix("market with a very long name " * 9))


def test_keys_differ_where_anything_does_and_only_there() -> None:
    scopes = [Scope("EUR"), Scope("SEK"), Scope("EUR", "DE"), Scope("EUR", None, "DE"), Scope("EUR", None, None, "DE")]
    places = [("se", "A", "WEB", scope, Period()) for scope in scopes]
    places += [("eu", "A", "WEB", scopes[0], Period()), ("se", "a", "WEB", scopes[0], Period())]
    places += [("se", "A", "WEB2", scopes[0], Period()), ("se", "A", "WEB", scopes[0], Period(day(1), day(2)))]
    places += [("se", "A", "WEB", scopes[0], Period(day(1))), ("se", "A", "WEB", scopes[0], Period(None, day(1)))]
    assert len({price_key(*place) for place in places}) == len(places)
    assert [price_key(*place) for place in places] == [price_key(*place) for place in places]


def test_a_book_for_a_group_that_does_not_exist_is_told_once() -> None:
    books = (PriceBook(name="WEB", currency="EUR", customer_group="b2b"),)
    rows = [row("10"), row("8", valid_from=day(1), valid_until=day(5))]
    listing = listed_prices(rows, "SKU-1", market(price_books=books))
    assert within(listing, ScopeIds(customer_groups={"b2b": "group-1"})) == listing
    narrowed = within(listing, ScopeIds())
    assert narrowed.prices == ()
    assert [("customer group b2b" in problem.text) for problem in narrowed.problems] == [True]
