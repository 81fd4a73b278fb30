"""What only Business Central does with items, prices and stock: the companion extension, price lists, row versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from local.dynamics.business_central.companion import PRICES, seed_rows
from local.dynamics.business_central.environment import AUDIENCE, Environment
from local.orders import Line
from shared.dynamics.business_central import ERRORS
from shared.dynamics.business_central_feed import OVERLAP
from shared.dynamics.business_central_ground import Ground
from shared.dynamics.business_central_stock import Stock
from shared.dynamics.examination import Examiner
from shared.dynamics.odata import ODataClient
from shared.errors import Permanent
from shared.market_options.catalogue import ProductRules, StockRules
from shared.market_options.trade import PriceBook, Warehouse
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, StockState
from tests.contract.connectors.business_central_catalogue import PeopleInBusinessCentral, catalogue_at
from tests.contract.connectors.business_central_harness import COMPANY, ROOT
from tests.contract.connectors.catalogue_harness import CatalogueUnderTest, Listed, listed
from tests.contract.connectors.harness import TRACE, Tokens, an_order
from tests.fakes.clock import ManualClock

TURNS = 200  # of the event loop: more than an answer of the simulator takes, which never waits for anything
ALL_CUSTOMERS = PriceBook(name="All Customers", currency="EUR")
UNIT_PRICE = PriceBook(name="Unit Price", currency="EUR")
MAIN = Warehouse(code="MAIN", channel="main")


@dataclass
class Desk:
    catalogue: CatalogueUnderTest
    environment: Environment
    clock: ManualClock

    @property
    def hand(self) -> PeopleInBusinessCentral:
        assert isinstance(self.catalogue.hand, PeopleInBusinessCentral)
        return self.catalogue.hand

    def without_companion(self) -> None:
        self.environment.companion.is_installed = False

    def market(self, **changes: Any) -> Market:
        return self.catalogue.market.model_copy(update=changes)

    def having(self, **changes: Any) -> CatalogueUnderTest:
        """The same with other options of the market."""
        back_end = replace(self.catalogue.back_end, market=self.market(**changes))
        return replace(self.catalogue, back_end=back_end)

    def price_line(self, **values: Any) -> dict[str, Any]:
        (row,) = seed_rows(self.environment.companion, COMPANY, PRICES, [values])
        return row

    def asked(self, part: str) -> list[str]:
        """The queries of the requests whose path ends so."""
        return [entry["query"] for entry in self.environment.app.log if entry["path"].endswith(part)]

    def stock_in_pages_of(self, rows: int) -> Stock:
        http, tokens = self.catalogue.back_end.http, Tokens(AUDIENCE)
        api = ODataClient(ROOT, tokens, http, ERRORS, in_flight=5)
        return Stock(Ground(api, ROOT, self.clock, OVERLAP), rows)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = ManualClock()
    under_test, environment = catalogue_at(clock)
    async with under_test.back_end.http:
        yield Desk(under_test, environment, clock)


async def test_a_variant_takes_all_from_its_item_and_its_description_is_an_attribute(desk: Desk) -> None:
    rules = ProductRules(attributes={"description": "cut", "unitCost": "cost", "priceIncludesTax": "gross"})
    catalogue = desk.having(products=rules)
    desk.hand.write("items", desk.hand.item("HOODIE-GRY-L"), {"unitCost": Decimal("17.50"), "displayName2": "Warm"})
    found = (await catalogue.items()).by_key
    item, variant = found["HOODIE-GRY-L"], found["HOODIE-GRY-L/ZIP"]
    assert item.attributes == {"unitCost": "17.5", "priceIncludesTax": "false"}
    assert variant.attributes == {**item.attributes, "description": "With zip"}
    assert (variant.name, variant.description, variant.tax_code, variant.category) == (
        "Hooded sweater grey L",
        "Warm",
        "VAT19",
        "GOODS",
    )
    assert (variant.tax_code, variant.category) == (item.tax_code, item.category)


async def test_a_variant_that_changes_alone_comes_alone(desk: Desk) -> None:
    catalogue = desk.having(products=ProductRules(attributes={"description": "cut"}))
    catalogue.age()
    before = await catalogue.items()
    catalogue.age()
    (row,) = desk.environment.store.table(COMPANY, "itemVariants").find("code", "ZIP")
    desk.hand.write("itemVariants", row, {"description": "With a long zip"})
    catalogue.age()
    (changed,) = (await catalogue.items(before.cursor)).records
    assert (changed.key, changed.attributes) == ("HOODIE-GRY-L/ZIP", {"description": "With a long zip"})


async def test_a_new_variant_is_told_although_its_item_did_not_change(desk: Desk) -> None:
    desk.catalogue.age()
    before = await desk.catalogue.items()
    desk.catalogue.age()
    new = {"itemNumber": "SOCKS-3PACK", "code": "RED", "description": "Red"}
    desk.environment.seeder.seed(COMPANY, "itemVariants", [new])
    desk.catalogue.age()
    assert [state.key for state in (await desk.catalogue.items(before.cursor)).records] == ["SOCKS-3PACK/RED"]


async def test_variants_of_a_whole_page_of_items_are_read_in_one_request(desk: Desk) -> None:
    desk.hand.many(600)
    await desk.catalogue.items()
    assert len(desk.asked("/items")) == len(desk.asked("/itemVariants")) == 2


async def test_nothing_changed_costs_one_request_for_each_thing_that_is_watched(desk: Desk) -> None:
    catalogue = desk.catalogue
    catalogue.age()
    items, prices, stock = await catalogue.items(), await catalogue.prices(), await catalogue.stock()
    catalogue.age()
    catalogue.forget_requests()
    assert (await catalogue.items(items.cursor)).records == []
    assert (await catalogue.prices(prices.cursor)).records == []
    assert (await catalogue.stock(stock.cursor)).records == []
    assert [len(desk.asked(f"/{name}")) for name in ("items", "itemVariants")] == [2, 1]  # names, and cards' prices
    assert [len(desk.asked(f"/{name}")) for name in ("priceListLines", "itemAvailabilities")] == [1, 1]
    assert catalogue.requests() == 5


async def test_numbers_and_codes_are_found_however_they_are_written(desk: Desk) -> None:
    target = ItemTarget(item="hoodie-gry-l", variant="zip")
    (state,) = await desk.catalogue.offers.items_of(desk.market(), [target], TRACE)
    assert state.key == "HOODIE-GRY-L/ZIP"
    market = desk.market(warehouses=(Warehouse(code="east"),))
    (stock,) = await desk.catalogue.offers.stock_of(market, [target], TRACE)
    assert (stock.warehouse, stock.on_hand) == ("east", Decimal(20))


async def test_a_line_that_is_not_active_any_more_is_told_as_gone(desk: Desk) -> None:
    (number,) = desk.hand.many(1)
    desk.catalogue.age()
    before = await desk.catalogue.prices()
    (key,) = [key for key, price in before.by_key.items() if price.number == number]
    desk.catalogue.age()
    (line,) = desk.hand.lines(number, desk.catalogue.book)
    desk.price_line(id=line["id"], status="Inactive")
    desk.catalogue.age()
    after = await desk.catalogue.prices(before.cursor)
    assert (after.records, after.gone, after.whole) == ([], {key}, False)
    assert await desk.catalogue.prices_of(number) == []


async def test_lines_for_single_customers_drafts_and_discounts_are_no_prices_of_the_shop(desk: Desk) -> None:
    catalogue = desk.having(price_books=(ALL_CUSTOMERS, PriceBook(name="20000", currency="EUR", country="DE")))
    desk.price_line(itemNumber="LAMP-DESK", sourceType="All_x0020_Customers", amountType="Discount")
    assert {price.amount for price in await catalogue.prices_of("LAMP-DESK")} == {Decimal("33.61")}  # the item card's
    listed_amounts = {price.amount for price in (await catalogue.prices()).records if price.number == "LAMP-DESK"}
    assert listed_amounts == {Decimal("33.61")}


async def test_a_line_without_a_currency_is_in_the_companys_own(desk: Desk) -> None:
    kronor = desk.having(price_books=(PriceBook(name="s-list", currency="SEK"),))
    assert {(price.book, price.amount) for price in await kronor.prices_of("TSHIRT-BLK-M")} == {
        ("s-list", Decimal(189))
    }
    dollars = desk.having(
        price_books=(
            PriceBook(name="S-LIST", currency="USD"),
            UNIT_PRICE.model_copy(update={"currency": "USD", "country": "US"}),
        )
    )
    assert await dollars.prices_of("SOCKS-3PACK") == []  # the card is in euro
    assert len(desk.asked("/companyInformation")) == 1


async def test_a_company_that_does_not_say_its_currency_is_an_error_that_says_what_to_do(desk: Desk) -> None:
    (row,) = desk.environment.store.table(COMPANY, "companyInformation").rows.values()
    desk.hand.write("companyInformation", row, {"currencyCode": ""})
    with pytest.raises(Permanent, match="LCY Code"):
        await desk.catalogue.prices()


async def test_units_are_told_and_no_unit_is_the_base_unit(desk: Desk) -> None:
    prices = await desk.catalogue.prices_of("COFFEE-500")
    listed_prices = {(price.unit, price.amount) for price in prices if price.book}
    assert listed_prices == {("", Decimal("7.2")), ("BOX", Decimal(79))}


async def test_all_lists_for_all_customers_are_one_book_and_the_lower_of_two_equal_lines_counts(desk: Desk) -> None:
    catalogue = desk.having(price_books=(ALL_CUSTOMERS,))
    (number,) = desk.hand.many(1)
    for code, amount in (("S-LIST", "0.95"), ("S-AUTUMN", "0.90")):
        own = {"priceListCode": code, "sourceType": "All_x0020_Customers", "minimumQuantity": "5"}
        desk.price_line(**own, itemNumber=number, unitPrice=amount)
    prices = await catalogue.prices_of(number)
    assert {price.minimum: price.amount for price in prices} == {Decimal(1): Decimal(1), Decimal(5): Decimal("0.90")}
    assert {price.book for price in prices} == {"All Customers"}  # the card has no price


async def test_the_item_card_counts_where_no_line_always_does(desk: Desk) -> None:
    catalogue = desk.having(price_books=(ALL_CUSTOMERS,))
    card = {(price.variant, price.book, price.unit) for price in await catalogue.prices_of("HOODIE-GRY-L")}
    assert card == {(variant, *book) for variant in ("", "ZIP") for book in (("", ""), ("All Customers", "PCS"))}
    desk.price_line(
        sourceType="All_x0020_Customers", itemNumber="HOODIE-GRY-L", unitPrice="30", startingDate="2027-01-01"
    )
    campaign = await catalogue.prices_of("HOODIE-GRY-L", "ZIP")
    assert {(price.amount, price.valid_from) for price in campaign if price.book} == {
        (Decimal(42), None),
        (Decimal(30), datetime(2027, 1, 1, tzinfo=UTC)),
    }
    desk.price_line(sourceType="All_x0020_Customers", itemNumber="HOODIE-GRY-L", unitPrice="35")
    amounts = {price.amount for price in await catalogue.prices_of("HOODIE-GRY-L", "ZIP") if price.book}
    assert amounts == {Decimal(30), Decimal(35)}


async def test_a_variants_own_line_goes_before_the_items_tiers_too(desk: Desk) -> None:
    book = desk.catalogue.book
    desk.hand.set_price("HOODIE-GRY-L", Decimal(40), book=book)
    desk.hand.set_price("HOODIE-GRY-L", Decimal(36), book=book, minimum=Decimal(10))
    desk.hand.set_price("HOODIE-GRY-L", Decimal(44), book=book, variant="ZIP", minimum=Decimal(5))
    prices = await desk.catalogue.prices_of("HOODIE-GRY-L", "ZIP")
    amounts = {price.minimum: price.amount for price in prices if price.book}
    assert amounts == {Decimal(1): Decimal(40), Decimal(5): Decimal(44)}


async def test_a_line_of_a_day_is_valid_for_that_day(desk: Desk) -> None:
    (number,) = desk.hand.many(1)
    desk.hand.remove_price(number, book=desk.catalogue.book)
    day = date(2026, 11, 27)
    desk.hand.set_price(number, Decimal("0.5"), book=desk.catalogue.book, first_day=day, last_day=day)
    (price,) = await desk.catalogue.prices_of(number)
    assert (price.valid_from, price.valid_until) == (
        datetime(2026, 11, 27, tzinfo=UTC),
        datetime(2026, 11, 28, tzinfo=UTC),
    )


async def test_a_changed_item_card_is_a_changed_price_of_its_book(desk: Desk) -> None:
    catalogue = desk.having(price_books=(UNIT_PRICE,))
    desk.catalogue.age()
    before = await catalogue.prices()
    desk.catalogue.age()
    desk.hand.write("items", desk.hand.item("SOCKS-3PACK"), {"unitPrice": Decimal("8.90")})
    desk.catalogue.age()
    prices = (await catalogue.prices(before.cursor)).records
    assert {(price.number, price.unit, price.amount) for price in prices} == {("SOCKS-3PACK", "", Decimal("8.9"))}
    assert sorted(price.book for price in prices) == ["", "Unit Price"]
    assert desk.asked("/priceListLines") == []


async def test_without_the_companion_there_is_only_the_item_cards_price(desk: Desk) -> None:
    desk.without_companion()
    catalogue = desk.having(price_books=(desk.catalogue.book, UNIT_PRICE.model_copy(update={"country": "DE"})))
    found = await catalogue.prices()
    assert {price.book for price in found.records} == {"", "Unit Price"}
    prices = await catalogue.prices_of("LAMP-DESK")
    assert {price.book: price.amount for price in prices} == {"": Decimal("33.61"), "Unit Price": Decimal("33.61")}
    lists_alone = desk.having(price_books=(desk.catalogue.book,))
    assert {price.book for price in (await lists_alone.prices()).records} == {""}


async def test_a_card_without_a_price_says_none_and_one_that_lost_it_tells_so(desk: Desk) -> None:
    catalogue = desk.having(price_books=(UNIT_PRICE,))
    (number,) = desk.hand.many(1)
    desk.catalogue.age()
    before = await catalogue.prices()
    assert number not in {price.number for price in before.records}
    desk.catalogue.age()
    desk.hand.write("items", desk.hand.item("LAMP-DESK"), {"unitPrice": Decimal(0)})
    desk.catalogue.age()
    after = await catalogue.prices(before.cursor)
    assert after.records == []
    assert after.gone == {key for key, price in before.by_key.items() if price.number == "LAMP-DESK"}
    assert await catalogue.prices_of("LAMP-DESK") == []


async def test_without_the_companion_stock_is_refused_with_what_to_do(desk: Desk) -> None:
    desk.without_companion()
    wanted = "install business-central-extension.*without_availability"
    with pytest.raises(Permanent, match=wanted):
        await desk.catalogue.stock()
    with pytest.raises(Permanent, match=wanted):
        await desk.catalogue.stock_of("SOCKS-3PACK")
    two = desk.having(stock=StockRules(without_availability="on_hand"))
    with pytest.raises(Permanent, match="one warehouse"):
        await two.stock()


async def test_without_the_companion_the_total_may_stand_for_the_only_warehouse(desk: Desk) -> None:
    desk.without_companion()
    catalogue = desk.having(stock=StockRules(without_availability="on_hand"), warehouses=(MAIN,))
    before = await catalogue.stock()
    assert before.by_key["COFFEE-500|MAIN"].on_hand == Decimal(400)
    assert not {"FREIGHT|MAIN", "GIFT-WRAP|MAIN"} & before.by_key.keys()
    assert (await catalogue.stock_of("COFFEE-500"))["MAIN"] == before.by_key["COFFEE-500|MAIN"]
    assert await catalogue.stock_of("HOODIE-GRY-L", "ZIP") == {}
    # Posting does not touch the item card: only reading all of them again can tell.
    desk.environment.companion.stock.move(COMPANY, ("COFFEE-500", "", "MAIN"), Decimal(-7))
    after = await catalogue.stock(before.cursor)
    assert after.whole
    assert after.by_key["COFFEE-500|MAIN"].on_hand == Decimal(393)


async def test_what_is_missing_without_the_companion_is_said(desk: Desk) -> None:
    desk.without_companion()
    prices, stock = sorted(desk.catalogue.offers.catalogue_gaps(desk.market()), reverse=True)
    assert prices.startswith("priceListLines")
    assert stock.startswith("itemAvailabilities")
    assert list(desk.catalogue.offers.catalogue_gaps(desk.market(price_books=(UNIT_PRICE,), warehouses=()))) == []


async def test_with_the_companion_nothing_is_missing_once_it_was_seen(desk: Desk) -> None:
    connector = desk.catalogue.back_end.connector
    assert isinstance(connector, Examiner)
    await connector.examine(desk.market(), TRACE)
    assert list(desk.catalogue.offers.catalogue_gaps(desk.market())) == []


async def test_the_companion_is_looked_for_once(desk: Desk) -> None:
    await desk.catalogue.stock()
    await desk.catalogue.prices()
    await desk.catalogue.stock_of("SOCKS-3PACK")
    assert len(desk.asked("/api/ctd365/commerce/v1.0")) == 1


async def test_an_order_in_business_central_is_reserved_stock(desk: Desk) -> None:
    desk.catalogue.age()
    before = await desk.catalogue.stock()
    back_end = replace(desk.catalogue.back_end, market=desk.market(location="MAIN"))
    _, order = an_order("W-1", Line("BOOK-001", "Paperback novel", 3, 1000, "0.07"))
    await back_end.created(order)
    (changed,) = (await desk.catalogue.stock(before.cursor)).records
    assert (changed.key, changed.on_hand, changed.reserved) == ("BOOK-001|MAIN", Decimal(80), Decimal(3))


async def test_reserved_and_sold_are_not_counted_twice(desk: Desk) -> None:
    desk.hand.set_stock("BOOK-001", Decimal(80), warehouse="MAIN", reserved=Decimal(2))
    back_end = replace(desk.catalogue.back_end, market=desk.market(location="MAIN"))
    _, order = an_order("W-2", Line("BOOK-001", "Paperback novel", 3, 1000, "0.07"))
    await back_end.created(order)
    assert (await desk.catalogue.stock_of("BOOK-001"))["MAIN"].reserved == Decimal(3)


async def test_a_deleted_order_leaves_no_stamp_and_is_noticed_by_the_next_whole_list(desk: Desk) -> None:
    back_end = replace(desk.catalogue.back_end, market=desk.market(location="MAIN"))
    _, order = an_order("W-3", Line("BOOK-001", "Paperback novel", 3, 1000, "0.07"))
    _, record = await back_end.created(order)
    before = await desk.catalogue.stock()
    assert before.by_key["BOOK-001|MAIN"].reserved == Decimal(3)
    await back_end.connector.delete_order(desk.market(), record, TRACE)
    assert "BOOK-001|MAIN" not in (await desk.catalogue.stock(before.cursor)).by_key
    desk.catalogue.relist()
    after = await desk.catalogue.stock(before.cursor)
    assert after.whole
    assert after.by_key["BOOK-001|MAIN"].reserved == Decimal(0)


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
async def test_stock_that_changes_while_it_is_listed_is_told_now_or_next_time(desk: Desk, rows: int) -> None:
    stock = desk.stock_in_pages_of(rows)
    seen: dict[str, StockState] = {}
    places = [("BOOK-001", "MAIN"), ("TSHIRT-BLK-M", "EAST"), ("SOCKS-3PACK", "MAIN")]
    cursor = None
    async for page in stock.pages(desk.market(), None, TRACE):
        seen |= {state.key: state for state in page.records}
        cursor = page.cursor
        if places:
            number, code = places.pop()
            desk.hand.set_stock(number, Decimal(900 + len(places)), warehouse=code)
    while places:
        number, code = places.pop()
        desk.hand.set_stock(number, Decimal(900 + len(places)), warehouse=code)
    async for page in stock.pages(desk.market(), cursor, TRACE):
        seen |= {state.key: state for state in page.records}
    truth = await listed(stock.pages(desk.market(), None, TRACE))
    assert seen == truth.by_key
    assert {seen[f"{number}|{code}"].on_hand for number, code in (("BOOK-001", "MAIN"), ("SOCKS-3PACK", "MAIN"))} == {
        Decimal(900),
        Decimal(902),
    }


async def test_changes_over_many_pages_are_told_again_when_a_run_breaks_off(desk: Desk) -> None:
    stock = desk.stock_in_pages_of(2)
    before = await listed(stock.pages(desk.market(), None, TRACE))
    numbers = set(desk.hand.many(7))
    changes = await listed(stock.pages(desk.market(), before.cursor, TRACE))
    assert {state.number for state in changes.records} == numbers
    for page in changes.pages[:-1]:
        again = await listed(stock.pages(desk.market(), page.cursor, TRACE))
        assert {state.number for state in again.records} == numbers
    assert (await listed(stock.pages(desk.market(), changes.cursor, TRACE))).records == []


async def test_a_broken_off_whole_list_goes_on_where_it_was(desk: Desk) -> None:
    stock = desk.stock_in_pages_of(3)
    pages: Listed[StockState] = await listed(stock.pages(desk.market(), None, TRACE))
    desk.catalogue.forget_requests()
    rest = await listed(stock.pages(desk.market(), pages.pages[-2].cursor, TRACE))
    assert rest.whole
    assert len(rest.pages) <= 2
    assert len(desk.asked("/itemAvailabilities")) == len(rest.pages)


async def test_other_warehouses_books_or_attributes_start_the_list_anew(desk: Desk) -> None:
    catalogue = desk.catalogue
    catalogue.age()
    items, prices, stock = await catalogue.items(), await catalogue.prices(), await catalogue.stock()
    other = desk.having(
        warehouses=(MAIN,),
        price_books=(catalogue.book,),
        products=ProductRules(attributes={"unitCost": "cost"}),
    )
    for again in (
        await other.items(items.cursor),
        await other.prices(prices.cursor),
        await other.stock(stock.cursor),
    ):
        assert again.whole
        assert again.records


async def test_a_companion_that_is_installed_later_starts_the_list_anew(desk: Desk) -> None:
    desk.without_companion()
    catalogue = desk.having(stock=StockRules(without_availability="on_hand"), warehouses=(MAIN,))
    before = await catalogue.stock()
    desk.environment.companion.is_installed = True
    later = await listed(desk.stock_in_pages_of(1000).pages(catalogue.market, before.cursor, TRACE))
    assert later.whole
    assert later.by_key["COFFEE-500|MAIN"].on_hand == Decimal(300)


async def test_the_next_page_is_read_while_the_caller_works_on_one_and_no_more(desk: Desk) -> None:
    desk.hand.many(30)
    stock = desk.stock_in_pages_of(5)
    generator = stock.pages(desk.market(), None, TRACE)
    async with aclosing(generator):
        first: CataloguePage[StockState] = await anext(generator)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert len(first.records) == 5
        assert len(desk.asked("/itemAvailabilities")) == 2


async def test_a_market_without_books_or_warehouses_asks_for_nothing(desk: Desk) -> None:
    catalogue = desk.having(price_books=(), warehouses=())
    assert (await catalogue.prices()).records == []
    assert (await catalogue.stock()).records == []
    assert catalogue.requests() == 0
