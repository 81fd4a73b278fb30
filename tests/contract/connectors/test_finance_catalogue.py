"""Released products, prices and stock of Finance: what the suite for all back-ends cannot ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from shared.errors import NotFound
from shared.market_options.catalogue import ProductRules
from shared.market_options.trade import PriceBook
from shared.markets import ItemTarget
from shared.model.catalogue import ItemState, PriceState
from tests.contract.connectors.catalogue_harness import CatalogueUnderTest
from tests.contract.connectors.finance_catalogue import (
    BARCODE,
    EMPTY_DATE,
    MEDIUM_BLACK,
    PeopleInFinance,
    catalogue_with,
)
from tests.contract.connectors.harness import TRACE, an_order

SOCKS = "SOCKS-3PACK"
EVERYBODY = PriceBook(name="All Customers", currency="EUR")
ON_PRODUCT = PriceBook(name="Unit Price", currency="EUR")


@pytest.fixture
async def fo() -> AsyncIterator[CatalogueUnderTest]:
    under_test = catalogue_with()
    async with under_test.back_end.http:
        yield under_test


@pytest.fixture
def hand(fo: CatalogueUnderTest) -> PeopleInFinance:
    assert isinstance(fo.hand, PeopleInFinance)
    return fo.hand


async def item(fo: CatalogueUnderTest, number: str, variant: str | None = None) -> ItemState:
    """As it is read; the listing must say the same."""
    states = await fo.offers.items_of(fo.market, [ItemTarget(item=number, variant=variant)], TRACE)
    found = next(state for state in states if state.variant == (variant or ""))
    assert (await fo.items()).by_key[found.key] == found
    return found


async def prices_in(fo: CatalogueUnderTest, book: PriceBook, number: str = SOCKS) -> list[PriceState]:
    """As they are read; the listing must say the same."""
    market = fo.market.model_copy(update={"price_books": (book,)})
    read = list(await fo.offers.prices_of(market, [ItemTarget(item=number)], TRACE))
    pages = [page async for page in fo.offers.prices(market, None, TRACE)]
    listed = [price for page in pages for price in page.records if price.number == number]
    assert {price.key: price for price in read} == {price.key: price for price in listed}
    assert {price.book for price in read} <= {book.name}
    return read


async def test_names_are_those_of_the_markets_language(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    texts = {"ProductName": "Socken, drei Paar", "Description": "Aus Baumwolle"}
    hand.seed("ProductTranslations", {"ProductNumber": SOCKS, "LanguageId": "de", **texts})
    english = await item(fo, SOCKS)
    assert (english.name, english.description) == ("Socks, pack of three", "")
    german = fo.market.model_copy(update={"products": ProductRules(locale="de-DE")})
    (found,) = await fo.offers.items_of(german, [ItemTarget(item=SOCKS)], TRACE)
    assert (found.name, found.description) == (texts["ProductName"], texts["Description"])


async def test_a_product_may_have_another_number_than_its_item(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    hand.seed("ReleasedProductsV2", hand.product(SOCKS) | {"ProductNumber": "A-77"})
    hand.seed("ProductTranslations", {"ProductNumber": "A-77", "LanguageId": "en-US", "ProductName": "Three socks"})
    assert (await item(fo, SOCKS)).name == "Three socks"


async def test_the_barcode_of_the_sales_unit_is_the_trade_item_number(
    fo: CatalogueUnderTest, hand: PeopleInFinance
) -> None:
    box = BARCODE | {"ProductQuantityUnitSymbol": "box"}
    not_scanned = BARCODE | {"IsDefaultScannedBarcode": "No"}
    black = {"ProductSizeId": "M", "ProductColorId": "BLK"}
    hand.seed(
        "ProductBarcodesV3",
        {"ItemNumber": "SHIRT", "Barcode": "00000000", **box},
        {"ItemNumber": "SHIRT", "Barcode": "11111111", **not_scanned},
        {"ItemNumber": "SHIRT", "Barcode": "96385074", **BARCODE},
        {"ItemNumber": "SHIRT", "Barcode": "INTERNAL-1", **BARCODE},
        {"ItemNumber": "SHIRT", "Barcode": "4012345678901", **BARCODE, **black},
    )
    assert (await item(fo, "SHIRT")).gtin == "96385074"
    assert (await item(fo, "SHIRT", MEDIUM_BLACK)).gtin == "4012345678901"
    assert (await item(fo, "SHIRT", "SHIRT : : L : WHT :")).gtin == ""


async def test_a_variant_may_be_blocked_alone_and_have_its_own_texts(
    fo: CatalogueUnderTest, hand: PeopleInFinance
) -> None:
    table = hand.environment.companies.store.table("", "ReleasedProductVariantsV2")
    rows = [row for row in table.find("ProductVariantNumber", MEDIUM_BLACK) if row["dataAreaId"] == "demf"]
    own = {"ProductLifecycleStateId": "Obsolete", "ProductDescription": "Black", "SalesSalesTaxItemGroupCode": "VAT7"}
    hand.seed("ReleasedProductVariantsV2", rows[0] | own)
    shirt, black = await item(fo, "SHIRT"), await item(fo, "SHIRT", MEDIUM_BLACK)
    assert (shirt.blocked, shirt.name, shirt.tax_code) == (False, "Shirt in several sizes", "VAT19")
    assert (black.blocked, black.name, black.description, black.tax_code) == (True, "Shirt M BLK", "Black", "VAT7")


async def test_dimensions_are_attributes_of_variants_and_other_fields_of_all(fo: CatalogueUnderTest) -> None:
    rules = ProductRules(attributes={"ProductColorId": "color", "SearchName": "short"})
    market = fo.market.model_copy(update={"products": rules})
    found = await fo.offers.items_of(market, [ItemTarget(item="SHIRT")], TRACE)
    attributes = {state.variant: state.attributes for state in found}
    assert attributes[""] == {"ProductColorId": "", "SearchName": "SHIRT"}
    assert attributes[MEDIUM_BLACK] == {"ProductColorId": "BLK", "SearchName": "SHIRT"}


async def test_a_company_sees_its_own_rows_alone(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    hand.environment.seeder.seed("ReleasedProductsV2", [{"ItemNumber": "ELSEWHERE"}], "usmf")
    assert "ELSEWHERE" not in (await fo.items()).by_key


async def test_for_all_customers_the_price_on_the_product_counts_where_no_agreement_holds(
    fo: CatalogueUnderTest, hand: PeopleInFinance
) -> None:
    june, july, august = (datetime(2027, month, 1, tzinfo=UTC) for month in (6, 7, 8))
    own = {"PriceApplicableFromDate": "2027-06-01T12:00:00Z", "PriceApplicableToDate": "2027-06-30T12:00:00Z"}
    hand.agree(SOCKS, Decimal("9.10"), **own)  # dearer than the 8.40 on the product
    hand.agree(SOCKS, Decimal("7.00"), FromQuantity=Decimal(10))
    own = {"PriceApplicableFromDate": "2027-08-01T12:00:00Z", "PriceApplicableToDate": EMPTY_DATE}
    hand.agree(SOCKS, Decimal("6.50"), **own)
    found = {(row.valid_from, row.valid_until, row.minimum): row.amount for row in await prices_in(fo, EVERYBODY)}
    assert found == {
        (None, june, Decimal(1)): Decimal("8.4"),
        (june, july, Decimal(1)): Decimal("9.1"),
        (july, august, Decimal(1)): Decimal("8.4"),
        (august, None, Decimal(1)): Decimal("6.5"),
        (None, None, Decimal(10)): Decimal(7),
    }


async def test_the_price_on_the_product_is_in_the_currency_of_the_company(
    fo: CatalogueUnderTest, hand: PeopleInFinance
) -> None:
    hand.agree(SOCKS, Decimal(5))
    (row,) = await prices_in(fo, ON_PRODUCT)
    assert (row.amount, row.currency, row.unit) == (Decimal("8.4"), "EUR", "ea")
    for name in (ON_PRODUCT.name, EVERYBODY.name):
        assert await prices_in(fo, PriceBook(name=name, currency="SEK")) == []


async def test_a_company_without_a_ledger_is_named(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    hand.environment.companies.store.remove("", "Ledgers", ("DEMF",))
    with pytest.raises(NotFound, match="accounting currency"):
        await prices_in(fo, ON_PRODUCT)


async def test_a_price_for_several_pieces_is_divided(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    hand.agree(SOCKS, Decimal(100), SalesPriceQuantity=Decimal(8))
    hand.agree(SOCKS, Decimal(10), SalesPriceQuantity=Decimal(3), FromQuantity=Decimal(5))
    hand.agree(SOCKS, Decimal(9), SalesPriceQuantity=Decimal(0), FromQuantity=Decimal(7))
    found = {row.minimum: row.amount for row in await prices_in(fo, EVERYBODY)}
    assert found == {1: Decimal("12.5"), 5: Decimal("3.3333333333"), 7: Decimal(9)}


@pytest.mark.parametrize(
    "narrow", [{"CustomerAccountNumber": "10000"}, {"PriceSiteId": "1"}, {"PriceWarehouseId": "MAIN"}]
)
async def test_agreements_that_are_not_for_everybody_everywhere_are_left_out(
    fo: CatalogueUnderTest, hand: PeopleInFinance, narrow: dict[str, str]
) -> None:
    hand.agree(SOCKS, Decimal(1), **narrow)
    assert [row.amount for row in await prices_in(fo, EVERYBODY)] == [Decimal("8.4")]


async def test_where_two_agreements_say_the_same_the_lower_price_counts(
    fo: CatalogueUnderTest, hand: PeopleInFinance
) -> None:
    hand.agree(SOCKS, Decimal("6.80"))
    hand.agree(SOCKS, Decimal("6.20"))
    hand.agree(SOCKS, Decimal("6.90"))
    assert [row.amount for row in await prices_in(fo, EVERYBODY)] == [Decimal("6.2")]


async def test_an_agreement_for_a_colour_holds_for_its_variants(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    hand.agree("SHIRT", Decimal(18))
    hand.agree("SHIRT", Decimal(21), ProductColorId="WHT")
    hand.agree("SHIRT", Decimal(23), ProductColorId="WHT", ProductSizeId="L")
    hand.agree("SHIRT", Decimal(99), ProductconfigurationId="NONE", ProductColorId="WHT")
    found = {row.variant: row.amount for row in await prices_in(fo, EVERYBODY, "SHIRT")}
    assert found == {
        "": 18,
        MEDIUM_BLACK: 18,
        "SHIRT : : L : BLK :": 18,
        "SHIRT : : M : WHT :": 21,
        "SHIRT : : L : WHT :": 23,
    }


async def test_an_agreement_of_the_past_stays_in_the_past(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    hand.set_price(SOCKS, Decimal(3), book=fo.book, first_day=date(2020, 1, 1), last_day=date(2020, 12, 31))
    until = {row.amount: row.valid_until for row in await fo.prices_of(SOCKS)}
    assert until == {Decimal("8.4"): None, Decimal(3): datetime(2021, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize("method", ["None", "Automatic"])
async def test_orders_take_what_they_sell_whether_they_reserve_it_or_not(
    fo: CatalogueUnderTest, hand: PeopleInFinance, method: str
) -> None:
    document, order = an_order("1001")
    sold = {line["variant"]["sku"]: line["quantity"] for line in document["lineItems"]}
    for sku in sold:
        hand.set_stock(sku, Decimal(1), warehouse="MAIN", reserved=Decimal("0.5"))
    _, record = await fo.back_end.created(order)
    header = hand.environment.companies.find("SalesOrderHeadersV2", "demf", record.id)
    assert header is not None
    hand.seed("SalesOrderHeadersV2", header | {"InventoryReservationMethod": method})
    for sku, quantity in sold.items():
        state = (await fo.stock_of(sku))["MAIN"]
        assert (state.on_hand, state.reserved) == (Decimal(1), Decimal(quantity) + Decimal("0.5"))
        assert (await fo.stock()).by_key[state.key] == state
    await fo.back_end.connector.delete_order(fo.market, record, TRACE)
    assert {(await fo.stock_of(sku))["MAIN"].reserved for sku in sold} == {Decimal("0.5")}


async def test_sites_are_added_up_and_promised_receipts_taken_off(
    fo: CatalogueUnderTest, hand: PeopleInFinance
) -> None:
    place = {"ItemNumber": SOCKS, "InventoryWarehouseId": "MAIN"}
    hand.seed("WarehousesOnHandV2", {**place, "InventorySiteId": "1", "OnHandQuantity": "4", "OrderedQuantity": "10"})
    more = {"OnHandQuantity": "3", "OrderedQuantity": "2", "ReservedOrderedQuantity": "5", "OnOrderQuantity": "1"}
    hand.seed("WarehousesOnHandV2", {**place, "InventorySiteId": "2", **more})
    state = (await fo.stock_of(SOCKS))["MAIN"]
    assert (state.on_hand, state.reserved, state.planned) == (Decimal(7), Decimal(1), Decimal(7))


async def test_dimensions_that_name_no_variant_are_left_out(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    place = {"ItemNumber": "SHIRT", "InventoryWarehouseId": "MAIN", "InventorySiteId": "1"}
    hand.seed("WarehousesOnHandV2", {**place, "ProductSizeId": "XXL", "OnHandQuantity": "4"})
    assert {state.number for state in (await fo.stock()).records} == {SOCKS}
    assert (await fo.stock_of("SHIRT"))["MAIN"].on_hand == 0


async def test_a_list_that_was_broken_off_goes_on_behind_its_page(
    fo: CatalogueUnderTest, hand: PeopleInFinance
) -> None:
    hand.many(1100)
    first = await fo.stock()
    assert [len(page.records) for page in first.pages] == [500, 500, 101]
    rest = await fo.stock(first.pages[1].cursor)
    assert rest.records == list(first.pages[2].records)
    assert (await fo.stock(first.cursor)).records == first.records


async def test_codes_may_come_back_in_another_case(fo: CatalogueUnderTest, hand: PeopleInFinance) -> None:
    hand.seed(
        "WarehousesOnHandV2",
        {"ItemNumber": "LAMP-DESK", "InventoryWarehouseId": "main", "InventorySiteId": "1", "OnHandQuantity": "6"},
    )
    (read,) = [state for state in (await fo.stock_of("lamp-desk")).values() if state.on_hand]
    assert (read.number, read.warehouse, read.on_hand) == ("LAMP-DESK", "MAIN", Decimal(6))
