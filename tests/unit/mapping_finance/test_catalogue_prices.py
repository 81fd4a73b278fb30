"""Prices on products fill exactly the time in which no agreement holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.finance.prices import ALL_CUSTOMERS, groups_of, needs_currency, price_states
from shared.market_options.trade import PriceBook
from shared.markets import Market
from shared.model.catalogue import PriceState
from tests.contract.connectors.finance_harness import finance_market

FIRST = date(2027, 1, 1)
PRODUCT = {"ItemNumber": "LAMP", "SalesPrice": 30, "SalesPriceQuantity": 1, "SalesUnitSymbol": "ea"}
DAYS = st.integers(min_value=0, max_value=30)


def market(*names: str) -> Market:
    books = tuple(PriceBook(name=name, currency="EUR", channel=name) for name in names)
    return finance_market().model_copy(update={"price_books": books})


def agreement(first: int | None, last: int | None) -> dict[str, Any]:
    def spelled(day: int | None) -> str:
        return "1900-01-01T12:00:00Z" if day is None else f"{FIRST + timedelta(days=day)}T12:00:00Z"

    dates = {"PriceApplicableFromDate": spelled(first), "PriceApplicableToDate": spelled(last)}
    return {"ItemNumber": "LAMP", "Price": 20, "PriceCurrencyCode": "EUR", "QuantityUnitySymbol": "ea", **dates}


def holds(price: PriceState, moment: datetime) -> bool:
    begun = price.valid_from is None or price.valid_from <= moment
    return begun and (price.valid_until is None or moment < price.valid_until)


@given(st.lists(st.tuples(st.none() | DAYS, st.none() | DAYS), max_size=5), st.integers(min_value=-2, max_value=33))
def test_at_every_moment_the_agreement_holds_or_else_the_price_on_the_product(
    spans: list[tuple[int | None, int | None]], day: int
) -> None:
    spans = [(first, last) for first, last in spans if first is None or last is None or first <= last]
    found = price_states(PRODUCT, [], [agreement(*span) for span in spans], market(ALL_CUSTOMERS), "EUR")
    moment = datetime(FIRST.year, FIRST.month, FIRST.day, 15, tzinfo=UTC) + timedelta(days=day)
    agreed = any((first is None or first <= day) and (last is None or day <= last) for first, last in spans)
    assert {price.amount for price in found if holds(price, moment)} == {Decimal(20) if agreed else Decimal(30)}


def test_a_price_of_nothing_is_no_price() -> None:
    assert price_states(PRODUCT | {"SalesPrice": 0}, [], [], market(ALL_CUSTOMERS), "EUR") == []


def test_the_groups_that_are_read_are_those_of_the_books() -> None:
    assert groups_of(market("WEB", "all customers", "Unit Price", "B2B")) == ["", "B2B", "WEB"]
    assert not needs_currency(market("WEB", "B2B"))
    assert needs_currency(market("WEB", "unit price"))


def test_the_end_of_time_is_no_day() -> None:
    row = agreement(None, None) | {"PriceApplicableToDate": "2154-12-31T12:00:00Z"}
    (found,) = price_states(PRODUCT, [], [row], market(ALL_CUSTOMERS), "EUR")
    assert (found.amount, found.valid_from, found.valid_until) == (Decimal(20), None, None)
