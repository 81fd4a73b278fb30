"""Rows of Business Central as items, prices and stock: numbers, books, and which of several prices counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.business_central.catalogue import (
    availability,
    by_code,
    effective_prices,
    item_columns,
    item_states,
    line_prices,
)
from shared.market_options.catalogue import ProductRules
from shared.market_options.trade import PriceBook, Warehouse
from shared.model.catalogue import PriceState
from tests.fakes.markets import market

BOOK = PriceBook(name="S-LIST", currency="EUR")
JUNE, JULY = datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC)


def a_line(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "priceListCode": "S-LIST",
        "sourceType": "All_x0020_Customers",
        "sourceNumber": "",
        "itemNumber": "A-1",
        "variantCode": "",
        "unitOfMeasureCode": "",
        "minimumQuantity": 0,
        "currencyCode": "",
        "startingDate": "0001-01-01",
        "endingDate": "0001-01-01",
        "amountType": "Price",
        "unitPrice": 10,
    }
    return row | changes


def a_price(amount: int, minimum: int = 1, variant: str = "", **changes: Any) -> PriceState:
    price = PriceState("A-1", variant, "S-LIST", "EUR", Decimal(amount), Decimal(minimum))
    return replace(price, **changes)


def test_only_the_properties_that_are_mapped_are_read() -> None:
    rules = ProductRules(attributes={"unitCost": "cost", "description": "cut", "gtin": "ean"})
    columns = item_columns(market(products=rules)).split(",")
    assert "unitCost" in columns
    assert "description" not in columns  # a variant's; items have none
    assert len(columns) == len(set(columns))


def test_a_changed_attribute_is_another_version() -> None:
    shop = market(products=ProductRules(attributes={"unitCost": "cost"}))
    row = {"number": "A-1", "displayName": "Item", "unitCost": 1.5}
    (before,), (after,) = item_states(row, (), shop), item_states(row | {"unitCost": 1.6}, (), shop)
    assert before.version != after.version
    (unmapped,) = item_states(row | {"unitPrice": 9}, (), shop)
    assert unmapped.version == before.version


@pytest.mark.parametrize(
    ("book", "row", "belongs"),
    [
        ("S-LIST", {}, True),
        ("s-list", {}, True),
        ("OTHER", {}, False),
        ("All Customers", {}, True),
        ("Unit Price", {}, False),
        ("S-LIST", {"sourceType": "Customer", "sourceNumber": "S-LIST"}, False),
        ("S-LIST", {"sourceType": "Campaign"}, False),
        ("All Customers", {"sourceType": "Customer_x0020_Price_x0020_Group", "sourceNumber": "VIP"}, False),
        ("vip", {"sourceType": "Customer_x0020_Price_x0020_Group", "sourceNumber": "VIP"}, True),
        ("S-LIST", {"currencyCode": "SEK"}, False),
        ("S-LIST", {"currencyCode": "EUR"}, True),
        ("S-LIST", {"amountType": "Discount"}, False),
        ("S-LIST", {"amountType": "Any"}, True),
    ],
)
def test_a_line_belongs_to_a_book_by_list_or_group_and_currency(book: str, row: dict[str, Any], belongs: bool) -> None:
    prices = line_prices(a_line(**row), [PriceBook(name=book, currency="EUR")], "EUR")
    assert [price.book for price in prices] == ([book] if belongs else [])


def test_a_line_without_a_minimum_is_for_one_piece() -> None:
    (from_none,) = line_prices(a_line(minimumQuantity=0), [BOOK], "EUR")
    (from_ten,) = line_prices(a_line(minimumQuantity=10.0), [BOOK], "EUR")
    assert (from_none.minimum, str(from_ten.minimum)) == (Decimal(1), "10")


def test_a_price_is_the_same_record_whatever_its_amount() -> None:
    (one,), (other,) = line_prices(a_line(), [BOOK], "EUR"), line_prices(a_line(unitPrice=11), [BOOK], "EUR")
    assert one.key == other.key
    assert one.version != other.version


def test_a_lower_price_for_less_makes_a_higher_one_for_more_meaningless() -> None:
    assert effective_prices("", [a_price(10), a_price(12, 5), a_price(9, 20)], ()) == [a_price(10), a_price(9, 20)]


def test_a_campaign_that_is_dearer_than_the_standing_price_is_none() -> None:
    summer = a_price(12, valid_from=JUNE, valid_until=JULY)
    assert effective_prices("", [a_price(10), summer], ()) == [a_price(10)]
    cheap = replace(summer, amount=Decimal(8))
    assert effective_prices("", [a_price(10), cheap], ()) == [a_price(10), cheap]


def test_a_variant_that_is_dearer_keeps_its_own_price() -> None:
    assert effective_prices("RED", [a_price(10), a_price(12, variant="RED")], ()) == [a_price(12, variant="RED")]


def test_a_variants_campaign_leaves_the_items_price_for_the_rest_of_the_year() -> None:
    summer = a_price(12, variant="RED", valid_from=JUNE, valid_until=JULY)
    assert effective_prices("RED", [a_price(10), summer], ()) == [summer, a_price(10, variant="RED")]


def test_other_units_and_books_stay_apart() -> None:
    prices = [a_price(10), a_price(90, unit="BOX"), a_price(11, book="OTHER")]
    assert effective_prices("", prices, ()) == prices


def test_the_card_yields_to_a_standing_line_of_its_book_alone() -> None:
    card = a_price(15, unit="PCS")
    assert effective_prices("", [a_price(10)], [card]) == [a_price(10)]
    assert effective_prices("", [a_price(10, 5)], [card]) == [a_price(10, 5), card]
    assert effective_prices("", [a_price(10, book="OTHER")], [card]) == [a_price(10, book="OTHER"), card]


LINES = st.lists(
    st.builds(a_price, st.integers(1, 9), st.integers(1, 9), st.sampled_from(["", "RED"])), min_size=1, max_size=8
)


@given(lines=LINES, variant=st.sampled_from(["", "RED"]), quantity=st.integers(1, 12))
def test_the_largest_quantity_that_is_reached_gives_the_price_that_business_central_takes(
    lines: list[PriceState], variant: str, quantity: int
) -> None:
    applicable = [line for line in lines if line.minimum <= quantity and line.variant in {"", variant}]
    own = [line for line in applicable if line.variant == variant]
    taken = min((line.amount for line in own or applicable), default=None)
    reached = [price for price in effective_prices(variant, lines, ()) if price.minimum <= quantity]
    assert max(((price.minimum, price.amount) for price in reached), default=(0, None))[1] == taken


@given(lines=LINES)
def test_no_two_prices_that_count_are_one_record(lines: list[PriceState]) -> None:
    keys = [price.key for price in effective_prices("RED", lines, ())]
    assert len(keys) == len(set(keys))


def test_stock_elsewhere_is_none_of_the_markets() -> None:
    row = {
        "itemNumber": "A-1",
        "variantCode": "",
        "locationCode": "EAST",
        "quantityOnHand": 5,
        "reservedQuantity": 4,
        "quantityOnSalesOrders": 1,
        "quantityOnPurchaseOrders": 7.5,
    }
    assert availability(row, by_code([Warehouse(code="MAIN")])) is None
    state = availability(row, by_code([Warehouse(code="east")]))
    assert state is not None
    assert (state.warehouse, state.on_hand, state.reserved, state.planned) == (
        "east",
        Decimal(5),
        Decimal(4),
        Decimal("7.5"),
    )
