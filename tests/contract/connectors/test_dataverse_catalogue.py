"""Products, prices and stock of Dataverse: what the suite for all back-ends cannot ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from local.dynamics.dataverse.environment import Environment, create_environment
from local.dynamics.dataverse.service import SCOPE
from shared.errors import NotFound, Permanent
from shared.market_options.catalogue import ProductRules
from shared.market_options.trade import PriceBook, Warehouse
from shared.markets import ItemTarget
from tests.contract.connectors.catalogue_harness import CatalogueUnderTest
from tests.contract.connectors.dataverse_catalogue import PeopleInDataverse, catalogue_in
from tests.contract.connectors.dataverse_harness import PLENTY
from tests.contract.connectors.harness import TOKEN_KEY, TRACE, an_order

SOCKS = "SOCKS-3PACK"


@pytest.fixture
async def environment() -> Environment:
    return create_environment(TOKEN_KEY, limits=PLENTY)


@pytest.fixture
async def dv(environment: Environment) -> AsyncIterator[CatalogueUnderTest]:
    under_test = catalogue_in(environment)
    async with under_test.back_end.http:
        yield under_test


@pytest.fixture
def hand(dv: CatalogueUnderTest) -> PeopleInDataverse:
    assert isinstance(dv.hand, PeopleInDataverse)
    return dv.hand


async def reserved(dv: CatalogueUnderTest, number: str = SOCKS) -> Decimal:
    """What orders will take; the listing must say the same."""
    (state,) = (await dv.stock_of(number)).values()
    assert (await dv.stock()).by_key[state.key] == state
    return state.reserved


async def test_orders_of_commercetools_reserve_what_they_sell(dv: CatalogueUnderTest) -> None:
    document, order = an_order("1001")
    await dv.back_end.created(order)
    sold = {line["variant"]["sku"]: line["quantity"] for line in document["lineItems"]}
    assert sold
    assert {sku: await reserved(dv, sku) for sku in sold} == {sku: Decimal(count) for sku, count in sold.items()}


async def test_a_line_reserves_in_the_unit_of_the_product(dv: CatalogueUnderTest, hand: PeopleInDataverse) -> None:
    hand.order(SOCKS, Decimal(2), unit="BOX")  # of 12
    hand.order(SOCKS, Decimal(3))
    assert await reserved(dv) == 27


async def test_what_is_shipped_or_cancelled_is_not_reserved(dv: CatalogueUnderTest, hand: PeopleInDataverse) -> None:
    hand.order(SOCKS, Decimal(10), quantityshipped=Decimal(4), quantitycancelled=Decimal(1))
    assert await reserved(dv) == 5
    hand.order(SOCKS, Decimal(3), quantityshipped=Decimal(7))
    assert await reserved(dv) == 5


@pytest.mark.parametrize(
    ("state", "status", "counts"), [(0, 2, 1), (1, 3, 1), (2, 4, 0), (3, 100001, 0), (4, 100003, 0)]
)
async def test_only_open_orders_reserve(
    dv: CatalogueUnderTest, hand: PeopleInDataverse, state: int, status: int, counts: int
) -> None:
    order = hand.order(SOCKS, Decimal(6))
    hand.environment.rules["salesorders"].save(SCOPE, order | {"statecode": state, "statuscode": status})
    assert await reserved(dv) == 6 * counts


async def test_a_market_with_two_warehouses_is_refused_with_what_to_do(dv: CatalogueUnderTest) -> None:
    two = dv.market.model_copy(update={"warehouses": (Warehouse(code="MAIN"), Warehouse(code="EAST"))})
    with pytest.raises(Permanent, match="exactly one warehouse"):
        await dv.offers.stock_of(two, [ItemTarget(item=SOCKS)], TRACE)
    assert any("2 warehouses" in gap for gap in dv.offers.catalogue_gaps(two))


async def test_families_are_the_category_of_products_and_no_items(
    dv: CatalogueUnderTest, hand: PeopleInDataverse
) -> None:
    family = {"productnumber": "CLOTHES", "name": "Clothes", "productstructure": 2}
    hand.environment.seeder.seed("products", [family])
    hand.write("products", hand.product(SOCKS), {"hierarchypath": "Clothes"})
    found = await dv.items()
    assert "CLOTHES" not in found.by_key
    assert found.by_key[SOCKS].category == "Clothes"
    assert list(await dv.offers.items_of(dv.market, [ItemTarget(item="CLOTHES")], TRACE)) == []
    assert "CLOTHES" not in {state.number for state in (await dv.stock()).records}


async def test_mapped_columns_are_attributes_and_a_mapping_that_changes_lists_anew(
    dv: CatalogueUnderTest, hand: PeopleInDataverse
) -> None:
    hand.write("products", hand.product(SOCKS), {"vendorname": "Example Vendor", "stockweight": Decimal("0.25")})
    before = await dv.items()
    rules = ProductRules(attributes={"vendorname": "vendor", "stockweight": "weight", "size": "size"})
    market = dv.market.model_copy(update={"products": rules})
    pages = [page async for page in dv.offers.items(market, before.cursor, TRACE)]
    found = {state.key: state for page in pages for state in page.records}
    assert found[SOCKS].attributes == {"vendorname": "Example Vendor", "stockweight": "0.25", "size": ""}
    assert found.keys() == before.by_key.keys()


async def test_a_price_list_holds_from_its_first_day_until_the_end_of_its_last(
    dv: CatalogueUnderTest, hand: PeopleInDataverse
) -> None:
    before = await dv.prices()
    price_list = hand.one("pricelevels", "name", dv.book.name)
    hand.write("pricelevels", price_list, {"begindate": "2026-12-01T00:00:00Z", "enddate": "2026-12-24"})
    (row,) = await dv.prices_of(SOCKS)
    assert (row.valid_from, row.valid_until) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2026, 12, 25, tzinfo=UTC),
    )
    after = await dv.prices(before.cursor)
    assert after.by_key[row.key] == row
    assert len(after.records) == len(before.records)


async def test_a_percentage_of_another_price_is_left_out(dv: CatalogueUnderTest, hand: PeopleInDataverse) -> None:
    (row,) = hand.rows_of(SOCKS, dv.book)
    hand.write("productpricelevels", row, {"pricingmethodcode": 2, "percentage": Decimal(80), "amount": None})
    assert await dv.prices_of(SOCKS) == []
    assert any("percentage" in gap for gap in dv.offers.catalogue_gaps(dv.market))


async def test_each_unit_of_a_product_has_its_own_price(dv: CatalogueUnderTest, hand: PeopleInDataverse) -> None:
    box = {"pricelevelid": dv.book.name, "productid": SOCKS, "uomid": "BOX", "amount": Decimal("90.5")}
    hand.environment.seeder.seed("productpricelevels", [box])
    assert {row.unit: row.amount for row in await dv.prices_of(SOCKS)} == {
        "PCS": Decimal("8.4"),
        "BOX": Decimal("90.5"),
    }


async def test_a_price_book_that_is_no_price_list_is_named(dv: CatalogueUnderTest) -> None:
    market = dv.market.model_copy(update={"price_books": (PriceBook(name="Nobody's list", currency="EUR"),)})
    with pytest.raises(NotFound, match="Nobody's list"):
        await dv.offers.prices_of(market, [ItemTarget(item=SOCKS)], TRACE)


@pytest.mark.parametrize("kind", ["items", "prices"])
async def test_a_link_that_has_lapsed_means_a_whole_list(
    dv: CatalogueUnderTest, hand: PeopleInDataverse, kind: str
) -> None:
    before = await (dv.items() if kind == "items" else dv.prices())
    hand.environment.settings.age_days = 8.0
    after = await (dv.items(before.cursor) if kind == "items" else dv.prices(before.cursor))
    assert after.whole
    assert after.by_key.keys() == before.by_key.keys()


async def test_after_a_whole_list_only_changes_are_read(dv: CatalogueUnderTest, hand: PeopleInDataverse) -> None:
    before = await dv.items()
    hand.rename(SOCKS, "Other socks")
    after = await dv.items(before.cursor)
    assert not after.whole
    assert [(state.number, state.name) for state in after.records] == [(SOCKS, "Other socks")]
    assert (await dv.items(after.cursor)).records == []


async def test_a_whole_list_that_was_broken_off_goes_on_behind_its_page(
    dv: CatalogueUnderTest, hand: PeopleInDataverse
) -> None:
    hand.many(1100)
    first = await dv.items()
    rest = await dv.items(first.pages[0].cursor)
    assert [state.key for state in rest.records] == [state.key for page in first.pages[1:] for state in page.records]
    hand.rename("BOOK-001", "Told although its page was done")
    assert [state.number for state in (await dv.items(rest.cursor)).records] == ["BOOK-001"]


async def test_without_change_tracking_every_list_is_whole_and_doctor_hears_of_it() -> None:
    under_test = catalogue_in(create_environment(TOKEN_KEY, limits=PLENTY, customised=False))
    async with under_test.back_end.http:
        before = await under_test.items()
        after = await under_test.items(before.cursor)
        assert after.whole
        assert after.by_key == before.by_key
        assert any("ctd365 setup dataverse" in gap for gap in under_test.offers.catalogue_gaps(under_test.market))


async def test_a_target_with_a_variant_is_no_product(dv: CatalogueUnderTest) -> None:
    target = ItemTarget(item=SOCKS, variant="RED")
    assert list(await dv.offers.items_of(dv.market, [target], TRACE)) == []
    assert list(await dv.offers.stock_of(dv.market, [target], TRACE)) == []
