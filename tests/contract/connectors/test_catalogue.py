"""Items, prices and stock: what every connector does in the same way, each against its simulator in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import Permanent
from shared.market_options.trade import PriceBook
from shared.markets import ItemTarget
from shared.model.catalogue import CataloguePage, ItemState, PriceState, StockState
from tests.contract.connectors.catalogue_harness import (
    GROUPS,
    GTIN,
    PERIODS,
    PLANNED,
    RESERVED,
    TIERS,
    VARIANTS,
    WAREHOUSES,
    CatalogueUnderTest,
    Listed,
)
from tests.contract.connectors.harness import TRACE

MORE_THAN_A_PAGE = 1100
UNKNOWN = ItemTarget(item="NO-SUCH-ITEM")
KINDS = ("items", "prices", "stock")
EXACT = Decimal("12345678.90125")  # more digits than binary fractions of 32 bits have


def pages_of(catalogue: CatalogueUnderTest, kind: str) -> AsyncGenerator[CataloguePage[Any]]:
    method = getattr(catalogue.offers, kind)
    pages = method(catalogue.market, None, TRACE)
    assert isinstance(pages, AsyncGenerator), "a listing can be given up"
    return pages


async def list_of(
    catalogue: CatalogueUnderTest, kind: str, cursor: str | None = None
) -> Listed[ItemState] | Listed[PriceState] | Listed[StockState]:
    match kind:
        case "items":
            return await catalogue.items(cursor)
        case "prices":
            return await catalogue.prices(cursor)
        case _:
            return await catalogue.stock(cursor)


def amounts(rows: Sequence[PriceState], book: PriceBook) -> dict[Decimal, Decimal]:
    """Amounts by minimum quantity, of one book."""
    return {row.minimum: row.amount for row in rows if row.book == book.name and row.currency == book.currency}


def change(catalogue: CatalogueUnderTest, kind: str, number: str) -> None:
    """Change one item by hand so that the listing of this kind must tell it."""
    match kind:
        case "items":
            catalogue.hand.rename(number, "A new name")
        case "prices":
            catalogue.hand.set_price(number, Decimal("4.25"), book=catalogue.book)
        case _:
            catalogue.hand.set_stock(number, Decimal(77), warehouse=catalogue.warehouse.code)


async def test_an_item_is_listed_with_its_name_and_unit(catalogue: CatalogueUnderTest) -> None:
    item = (await catalogue.items()).by_key[catalogue.item]
    assert (item.number, item.variant, item.name, item.unit, item.blocked) == (
        catalogue.item,
        "",
        catalogue.name_of_item,
        catalogue.unit_of_item,
        False,
    )
    assert item.version


async def test_an_item_that_must_not_be_sold_is_listed_as_blocked(catalogue: CatalogueUnderTest) -> None:
    catalogue.hand.block(catalogue.item)
    assert (await catalogue.items()).by_key[catalogue.item].blocked
    (found,) = await catalogue.offers.items_of(catalogue.market, [ItemTarget(item=catalogue.item)], TRACE)
    assert found.blocked


async def test_an_item_with_variants_is_listed_as_itself_and_as_each_variant(catalogue: CatalogueUnderTest) -> None:
    assert (VARIANTS in catalogue.holds) == (catalogue.with_variant is not None)
    if catalogue.with_variant is None or catalogue.with_variant.variant is None:
        return
    number, variant = catalogue.with_variant.item, catalogue.with_variant.variant
    found = (await catalogue.items()).by_key
    assert found[number].variant == ""
    assert found[f"{number}/{variant}"].variant == variant
    assert found[f"{number}/{variant}"].unit == found[number].unit


async def test_a_variant_is_read_alone_and_an_item_with_its_variants(catalogue: CatalogueUnderTest) -> None:
    target = catalogue.with_variant
    if target is None or target.variant is None:
        assert VARIANTS not in catalogue.holds
        return
    (alone,) = await catalogue.offers.items_of(catalogue.market, [target], TRACE)
    assert alone.key == f"{target.item}/{target.variant}"
    family = await catalogue.offers.items_of(catalogue.market, [ItemTarget(item=target.item)], TRACE)
    assert {target.item, alone.key} <= {state.key for state in family}
    assert {state.number for state in family} == {target.item}


async def test_what_is_blocked_or_renamed_changes_its_variants_too(catalogue: CatalogueUnderTest) -> None:
    target = catalogue.with_variant
    if target is None:
        assert VARIANTS not in catalogue.holds
        return
    catalogue.age()
    before = await catalogue.items()
    catalogue.age()
    catalogue.hand.block(target.item)
    catalogue.age()
    after = (await catalogue.items(before.cursor)).by_key
    key = f"{target.item}/{target.variant}"
    assert after[key].blocked
    assert after[key].version != before.by_key[key].version


async def test_the_listing_and_the_reading_of_an_item_agree(catalogue: CatalogueUnderTest) -> None:
    found = (await catalogue.items()).by_key
    targets = {state.key: ItemTarget(item=state.number, variant=state.variant or None) for state in found.values()}
    read = await catalogue.offers.items_of(catalogue.market, list(targets.values()), TRACE)
    assert {state.key: state for state in read} == found


async def test_items_that_are_not_there_are_left_out(catalogue: CatalogueUnderTest) -> None:
    market = catalogue.market
    assert list(await catalogue.offers.items_of(market, [UNKNOWN], TRACE)) == []
    assert list(await catalogue.offers.prices_of(market, [UNKNOWN], TRACE)) == []
    assert list(await catalogue.offers.items_of(market, [], TRACE)) == []
    assert list(await catalogue.offers.prices_of(market, [], TRACE)) == []
    assert list(await catalogue.offers.stock_of(market, [], TRACE)) == []
    both = await catalogue.offers.items_of(market, [UNKNOWN, ItemTarget(item=catalogue.item)], TRACE)
    assert [state.key for state in both] == [catalogue.item]


@pytest.mark.parametrize("kind", KINDS)
async def test_only_what_changed_comes_after_the_cursor(catalogue: CatalogueUnderTest, kind: str) -> None:
    numbers = catalogue.hand.many(3)
    catalogue.age()
    before = await list_of(catalogue, kind)
    catalogue.age()
    change(catalogue, kind, numbers[1])
    catalogue.age()
    after = await list_of(catalogue, kind, before.cursor)
    old = {record.key: record for record in before.records}
    news = {
        record.number for record in after.records if record.key not in old or record.version != old[record.key].version
    }
    assert news == {numbers[1]}
    if not after.whole:
        assert {record.number for record in after.records} == {numbers[1]}


@pytest.mark.parametrize("kind", KINDS)
async def test_versions_are_the_same_as_long_as_nothing_changes(catalogue: CatalogueUnderTest, kind: str) -> None:
    first, second = await list_of(catalogue, kind), await list_of(catalogue, kind)
    assert first.records
    assert {record.key: record.version for record in first.records} == {
        record.key: record.version for record in second.records
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_paging_neither_skips_nor_invents(catalogue: CatalogueUnderTest, kind: str) -> None:
    numbers = catalogue.hand.many(MORE_THAN_A_PAGE)
    catalogue.age()
    found = await list_of(catalogue, kind)
    assert len(found.pages) > 1
    listed = [record.number for record in found.records if record.number in set(numbers)]
    assert sorted(set(listed)) == sorted(numbers)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_run_that_breaks_off_after_any_page_loses_nothing(catalogue: CatalogueUnderTest, kind: str) -> None:
    numbers = catalogue.hand.many(MORE_THAN_A_PAGE)
    catalogue.age()
    first = await list_of(catalogue, kind)
    whole = {record.key for record in first.records}
    seen: set[str] = set()
    for page in first.pages[:-1]:
        seen |= {record.key for record in page.records}
        rest = await list_of(catalogue, kind, page.cursor)
        assert seen | {record.key for record in rest.records} == whole
    assert set(numbers) <= {record.number for record in first.records}


@pytest.mark.parametrize("kind", KINDS)
async def test_many_changes_of_one_instant_are_all_told(catalogue: CatalogueUnderTest, kind: str) -> None:
    catalogue.age()
    before = await list_of(catalogue, kind)
    catalogue.age()
    numbers = catalogue.hand.many(MORE_THAN_A_PAGE)
    catalogue.age()
    after = await list_of(catalogue, kind, before.cursor)
    assert set(numbers) <= {record.number for record in after.records}
    for page in after.pages[:-1]:
        seen = {record.number for record in page.records}
        rest = await list_of(catalogue, kind, page.cursor)
        earlier = {record.number for other in after.pages[: after.pages.index(page)] for record in other.records}
        assert set(numbers) <= seen | earlier | {record.number for record in rest.records}


async def test_what_commits_late_is_told_by_the_next_listing(catalogue: CatalogueUnderTest) -> None:
    catalogue.age()
    before = await catalogue.items()
    number = catalogue.hand.late()
    assert number not in before.by_key
    assert number in (await catalogue.items(before.cursor)).by_key


async def test_a_deleted_item_is_told_or_missing_from_the_whole_list(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    catalogue.age()
    before = await catalogue.items()
    assert number in before.by_key
    catalogue.hand.delete(number)
    catalogue.relist()
    after = await catalogue.items(before.cursor)
    assert number not in after.by_key
    assert after.whole or number in after.gone
    assert list(await catalogue.offers.items_of(catalogue.market, [ItemTarget(item=number)], TRACE)) == []


async def test_a_price_that_was_taken_away_is_told_or_missing_from_the_whole_list(
    catalogue: CatalogueUnderTest,
) -> None:
    (number,) = catalogue.hand.many(1)
    catalogue.age()
    before = await catalogue.prices()
    (key,) = [key for key, row in before.by_key.items() if row.number == number]
    catalogue.hand.remove_price(number, book=catalogue.book)
    catalogue.relist()
    after = await catalogue.prices(before.cursor)
    assert key not in after.by_key
    assert after.whole or key in after.gone
    assert await catalogue.prices_of(number) == []


async def test_a_price_names_its_book_and_currency_and_is_for_ever(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    (row,) = await catalogue.prices_of(number)
    assert (row.number, row.variant, row.book, row.currency) == (
        number,
        "",
        catalogue.book.name,
        catalogue.book.currency,
    )
    assert (row.amount, row.minimum, row.valid_from, row.valid_until) == (Decimal(1), Decimal(1), None, None)
    assert row == (await catalogue.prices()).by_key[row.key]


async def test_quantity_tiers_are_rows_of_their_own(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    if TIERS not in catalogue.holds:
        assert {row.minimum for row in (await catalogue.prices()).records} == {Decimal(1)}
        return
    tiers = {Decimal(1): Decimal("9.99"), Decimal(10): Decimal("8.49"), Decimal(50): Decimal("7.125")}
    for minimum, amount in tiers.items():
        catalogue.hand.set_price(number, amount, book=catalogue.book, minimum=minimum)
    assert amounts(await catalogue.prices_of(number), catalogue.book) == tiers
    listed = [row for row in (await catalogue.prices()).records if row.number == number]
    assert amounts(listed, catalogue.book) == tiers


async def test_a_price_is_valid_from_its_first_day_until_the_end_of_its_last(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    if PERIODS not in catalogue.holds:
        assert all(row.valid_until is None for row in (await catalogue.prices()).records)
        return
    first, last = date(2027, 6, 1), date(2027, 8, 31)
    catalogue.hand.set_price(number, Decimal("0.75"), book=catalogue.book, first_day=first, last_day=last)
    catalogue.hand.set_price(number, Decimal("0.60"), book=catalogue.book, first_day=date(2027, 9, 1))
    periods = {row.amount: (row.valid_from, row.valid_until) for row in await catalogue.prices_of(number)}
    assert periods == {
        Decimal(1): (None, None),
        Decimal("0.75"): (datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC)),
        Decimal("0.60"): (datetime(2027, 9, 1, tzinfo=UTC), None),
    }


async def test_each_group_has_its_own_book(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    if GROUPS not in catalogue.holds:
        assert len({row.book for row in (await catalogue.prices()).records}) == 1
        return
    catalogue.hand.set_price(number, Decimal("0.80"), book=catalogue.group_book)
    rows = await catalogue.prices_of(number)
    assert amounts(rows, catalogue.book) == {Decimal(1): Decimal(1)}
    assert amounts(rows, catalogue.group_book) == {Decimal(1): Decimal("0.80")}


async def test_books_that_the_market_does_not_name_are_not_read(catalogue: CatalogueUnderTest) -> None:
    currencies = {book.currency for book in catalogue.market.price_books}
    named = {(book.name, book.currency) for book in catalogue.market.price_books}
    own = {("", currency) for currency in currencies}  # of the item itself, in the currency of some book
    assert {(row.book, row.currency) for row in (await catalogue.prices()).records} <= named | own
    foreign = PriceBook(name=catalogue.book.name, currency="SEK" if catalogue.book.currency != "SEK" else "DKK")
    market = catalogue.market.model_copy(update={"price_books": (foreign,)})
    (number,) = catalogue.hand.many(1)
    assert list(await catalogue.offers.prices_of(market, [ItemTarget(item=number)], TRACE)) == []


async def test_a_variant_has_its_own_price_or_that_of_its_item(catalogue: CatalogueUnderTest) -> None:
    target = catalogue.with_variant
    if target is None or target.variant is None:
        assert VARIANTS not in catalogue.holds
        return
    book = catalogue.group_book if GROUPS in catalogue.holds else catalogue.book
    catalogue.hand.remove_price(target.item, book=book)
    catalogue.hand.set_price(target.item, Decimal("20.50"), book=book)
    inherited = await catalogue.prices_of(target.item, target.variant)
    assert {row.variant for row in inherited} == {target.variant}
    assert amounts(inherited, book) == {Decimal(1): Decimal("20.50")}
    family = await catalogue.prices_of(target.item)
    assert {"", target.variant} <= {row.variant for row in family}
    catalogue.hand.set_price(target.item, Decimal("21.75"), book=book, variant=target.variant)
    own = await catalogue.prices_of(target.item, target.variant)
    assert amounts(own, book) == {Decimal(1): Decimal("21.75")}


@pytest.mark.parametrize("amount", [Decimal("0.1"), Decimal("0.00001"), Decimal("1234567.89"), EXACT])
async def test_amounts_are_exact(catalogue: CatalogueUnderTest, amount: Decimal) -> None:
    (number,) = catalogue.hand.many(1)
    catalogue.hand.set_price(number, amount, book=catalogue.book)
    (row,) = await catalogue.prices_of(number)
    assert isinstance(row.amount, Decimal)
    assert row.amount == amount


async def test_stock_is_told_for_every_warehouse_of_the_market(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    catalogue.hand.set_stock(number, Decimal("12.5"), warehouse=catalogue.warehouse.code)
    found = await catalogue.stock_of(number)
    assert found.keys() == {row.code for row in catalogue.market.warehouses}
    assert found[catalogue.warehouse.code].on_hand == Decimal("12.5")
    assert isinstance(found[catalogue.warehouse.code].on_hand, Decimal)
    assert found[catalogue.warehouse.code] == (await catalogue.stock()).by_key[found[catalogue.warehouse.code].key]
    if WAREHOUSES in catalogue.holds:
        other = catalogue.market.warehouses[1].code
        assert found[other].on_hand == 0
        catalogue.hand.set_stock(number, Decimal(4), warehouse=other)
        assert (await catalogue.stock_of(number))[other].on_hand == 4


async def test_warehouses_that_the_market_does_not_name_are_not_read(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    if WAREHOUSES not in catalogue.holds:
        assert {state.warehouse for state in (await catalogue.stock()).records} == {catalogue.warehouse.code}
        return
    other = catalogue.market.warehouses[1].code
    catalogue.hand.set_stock(number, Decimal(9), warehouse=other)
    market = catalogue.market.model_copy(update={"warehouses": (catalogue.warehouse,)})
    found = await catalogue.offers.stock_of(market, [ItemTarget(item=number)], TRACE)
    assert {state.warehouse for state in found} == {catalogue.warehouse.code}
    pages = [page async for page in catalogue.offers.stock(market, None, TRACE)]
    assert {state.warehouse for page in pages for state in page.records} == {catalogue.warehouse.code}


async def test_an_item_that_never_had_stock_is_told_with_nothing(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    catalogue.hand.set_stock(number, Decimal(0), warehouse=catalogue.warehouse.code)
    found = await catalogue.stock_of(number)
    assert {state.on_hand for state in found.values()} == {Decimal(0)}
    assert found.keys() == {row.code for row in catalogue.market.warehouses}


async def test_what_sales_orders_will_take_is_reserved_and_what_is_ordered_is_planned(
    catalogue: CatalogueUnderTest,
) -> None:
    (number,) = catalogue.hand.many(1)
    code = catalogue.warehouse.code
    reserved = Decimal(3) if RESERVED in catalogue.holds else Decimal(0)
    planned = Decimal(8) if PLANNED in catalogue.holds else Decimal(0)
    catalogue.hand.set_stock(number, Decimal(20), warehouse=code, reserved=reserved, planned=planned)
    state = (await catalogue.stock_of(number))[code]
    assert (state.on_hand, state.reserved, state.planned) == (Decimal(20), reserved, planned)


async def test_more_sold_than_there_is_reads_as_less_than_nothing(catalogue: CatalogueUnderTest) -> None:
    (number,) = catalogue.hand.many(1)
    catalogue.hand.set_stock(number, Decimal(-3), warehouse=catalogue.warehouse.code)
    assert (await catalogue.stock_of(number))[catalogue.warehouse.code].on_hand == Decimal(-3)
    listed = [state for state in (await catalogue.stock()).records if state.number == number]
    assert Decimal(-3) in {state.on_hand for state in listed}


async def test_stock_of_a_variant_is_its_own(catalogue: CatalogueUnderTest) -> None:
    target = catalogue.with_variant
    if target is None or target.variant is None:
        assert VARIANTS not in catalogue.holds
        return
    code = catalogue.warehouse.code
    catalogue.hand.set_stock(target.item, Decimal(31), warehouse=code, variant=target.variant)
    assert (await catalogue.stock_of(target.item, target.variant))[code].on_hand == Decimal(31)
    listed = (await catalogue.stock()).by_key
    assert listed[f"{target.item}/{target.variant}|{code}"].on_hand == Decimal(31)


@pytest.mark.parametrize("kind", KINDS)
async def test_500_items_are_read_in_few_requests(catalogue: CatalogueUnderTest, kind: str) -> None:
    numbers = catalogue.hand.many(500)
    targets = [ItemTarget(item=number) for number in numbers]
    await catalogue.stock_of(catalogue.item)  # whatever is looked up once in a process is known now
    await catalogue.prices_of(catalogue.item)
    catalogue.forget_requests()
    read: Sequence[ItemState | PriceState | StockState]
    match kind:
        case "items":
            read = await catalogue.offers.items_of(catalogue.market, targets, TRACE)
        case "prices":
            read = await catalogue.offers.prices_of(catalogue.market, targets, TRACE)
        case _:
            read = await catalogue.offers.stock_of(catalogue.market, targets, TRACE)
    assert {record.number for record in read} == set(numbers)
    assert catalogue.requests() <= catalogue.requests_for_500


@pytest.mark.parametrize("kind", KINDS)
async def test_a_run_in_which_nothing_changed_costs_a_hundredth_of_a_request_for_each_record(
    catalogue: CatalogueUnderTest, kind: str
) -> None:
    catalogue.hand.many(MORE_THAN_A_PAGE)
    catalogue.age()
    before = await list_of(catalogue, kind)
    catalogue.forget_requests()
    await list_of(catalogue, kind, before.cursor)
    assert 0 < catalogue.requests() <= len(before.records) / 100


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cursor", ["a cursor that has lapsed", "{}", "[1]", '{"after": 3}', "2026-11-24T12:00:00"])
async def test_a_cursor_that_means_nothing_any_more_starts_anew(
    catalogue: CatalogueUnderTest, kind: str, cursor: str
) -> None:
    (number,) = catalogue.hand.many(1)
    catalogue.age()
    assert number in {record.number for record in (await list_of(catalogue, kind, cursor)).records}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_link_to_another_host_is_not_followed(catalogue: CatalogueUnderTest, kind: str) -> None:
    await list_of(catalogue, kind)  # what is looked up once in a process is not listed
    link = "https://elsewhere.example.com/page?$skiptoken=1"
    catalogue.back_end.fail("patch", method="GET", patch={"@odata.nextLink": link})
    with pytest.raises(Permanent, match=r"elsewhere\.example\.com"):
        await list_of(catalogue, kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_listing_that_is_given_up_leaves_no_request_behind(catalogue: CatalogueUnderTest, kind: str) -> None:
    catalogue.hand.many(MORE_THAN_A_PAGE)
    before = asyncio.all_tasks()
    async with aclosing(pages_of(catalogue, kind)) as pages:
        assert (await anext(pages)).records
    assert asyncio.all_tasks() == before


def test_every_connector_says_what_it_cannot_tell(catalogue: CatalogueUnderTest) -> None:
    gaps = catalogue.offers.catalogue_gaps(catalogue.market)
    assert all(gap.strip() for gap in gaps)
    spoken = " ".join(gaps).casefold()
    missing = {RESERVED, PLANNED, TIERS, PERIODS, WAREHOUSES} - catalogue.holds
    assert bool(missing) <= bool(spoken)


async def test_a_global_trade_item_number_is_listed(catalogue: CatalogueUnderTest) -> None:
    codes = {state.gtin for state in (await catalogue.items()).records} - {""}
    assert bool(codes) == (GTIN in catalogue.holds)
    assert all(code.isdigit() and len(code) in (8, 12, 13, 14) for code in codes)
