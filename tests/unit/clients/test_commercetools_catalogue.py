"""Variants, prices, inventory and open orders of a project: in bulk, exact, and by as few requests as possible."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.commercetools.bulk_queries import LONGEST_ADDRESS, portions
from shared.commercetools.catalogue import Catalogue
from shared.commercetools.open_orders import open_lines
from shared.errors import Conflict, Permanent
from shared.mapping.commercetools.inventory import Entry
from shared.mapping.commercetools.price_differences import PriceStep
from shared.mapping.stock import OpenLine
from tests.fakes.commercetools import FakeCommercetools

TRACE = "correlation-1"


@pytest.fixture
def shop() -> FakeCommercetools:
    return FakeCommercetools()


@pytest.fixture
def catalogue(shop: FakeCommercetools) -> Catalogue:
    return Catalogue(shop.client)


def stocked(shop: FakeCommercetools, sku: str, quantity: int = 5, channel: str | None = None, version: int = 1) -> str:
    entry_id = f"entry-{len(shop.documents):06}"
    supply = {"supplyChannel": {"typeId": "channel", "id": channel}} if channel else {}
    entry = {"id": entry_id, "version": version, "sku": sku, "quantityOnStock": quantity, "availableQuantity": quantity}
    shop.put("inventory", {**entry, **supply})
    return entry_id


def sold(shop: FakeCommercetools, product_id: str, skus: Iterable[str], **changed: Any) -> None:
    master, *others = ({"id": place, "sku": sku, "attributes": []} for place, sku in enumerate(skus, start=1))
    data = {"name": {"en": product_id}, "slug": {"en": product_id}, "masterVariant": master, "variants": others}
    states = {"staged": data, "current": data, "published": True, "hasStagedChanges": False}
    product = {"id": product_id, "version": 3, "productType": {"typeId": "product-type", "id": "type-1"}}
    shop.put("products", {**product, "masterData": {**states, **changed}})


def requests_to(shop: FakeCommercetools, path: str) -> int:
    return sum(request.url.path == f"/shop/{path}" for request in shop.api_requests)


def test_values_are_split_into_requests_of_500_and_each_is_asked_for_once() -> None:
    values = [f"SKU-{number}" for number in range(1_200)]
    split = list(portions([*values, *values]))
    assert [len(portion) for portion in split] == [500, 500, 200]
    assert [value for portion in split for value in portion] == values


def test_long_values_make_more_requests_so_that_no_address_is_too_long() -> None:
    values = [f"{number:03}" + "Ä" * 60 for number in range(500)]
    split = list(portions(values))
    assert [value for portion in split for value in portion] == values
    encoded = [sum(len("&var.v=") + 3 + 60 * 6 for _ in portion) for portion in split]
    assert max(encoded) <= LONGEST_ADDRESS


async def test_500_entries_are_read_with_one_request(shop: FakeCommercetools, catalogue: Catalogue) -> None:
    skus = [f"SKU-{number}" for number in range(499)]
    for sku in (*skus, "OTHER"):
        stocked(shop, sku)
    assert {entry.sku for entry in await catalogue.entries(skus, TRACE)} == set(skus)
    assert requests_to(shop, "inventory") == 1


async def test_entries_of_many_channels_are_read_to_the_last_page(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    for number in range(1_100):
        stocked(shop, "SKU-1", channel=f"channel-{number}")
    found = await catalogue.entries(["SKU-1"], TRACE)
    assert len({entry.id for entry in found}) == len(found) == 1_100
    assert requests_to(shop, "inventory") == 3


async def test_only_entries_of_the_channels_asked_for_are_read(shop: FakeCommercetools, catalogue: Catalogue) -> None:
    for channel in ("ours", "theirs", None):
        stocked(shop, "SKU-1", channel=channel)
    found = await catalogue.entries(["SKU-1"], TRACE, channel_ids=["ours"])
    assert {entry.channel_id for entry in found} == {"ours", None}
    alone = await catalogue.entries(["SKU-1"], TRACE, channel_ids=[])
    assert [entry.channel_id for entry in alone] == [None]


async def test_a_quantity_is_set_for_the_version_that_was_read_only(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    stocked(shop, "SKU-1", quantity=5, version=4)
    (entry,) = await catalogue.entries(["SKU-1"], TRACE)
    await catalogue.change_quantity(entry, 9, TRACE)
    assert [one["quantityOnStock"] for one in shop.all_of("inventory")] == [9]
    with pytest.raises(Conflict):
        await catalogue.change_quantity(entry, 2, TRACE)
    assert [one["quantityOnStock"] for one in shop.all_of("inventory")] == [9]


async def test_an_order_between_reading_and_writing_refuses_the_write(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    stocked(shop, "SKU-1", quantity=5)
    (entry,) = await catalogue.entries(["SKU-1"], TRACE)
    shop.place(order("order-1", [("SKU-1", 2, None)]))
    with pytest.raises(Conflict):
        await catalogue.change_quantity(entry, 5, TRACE)


async def test_an_entry_that_somebody_made_meanwhile_is_a_conflict(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    shop.put("channels", {"id": "channel-1", "version": 1, "key": "main"})
    await catalogue.create_entry("SKU-1", "channel-1", 3, TRACE)
    assert [(one["sku"], one["supplyChannel"]["id"]) for one in shop.all_of("inventory")] == [("SKU-1", "channel-1")]
    with pytest.raises(Conflict):
        await catalogue.create_entry("SKU-1", "channel-1", 3, TRACE)
    await catalogue.create_entry("SKU-1", None, 3, TRACE)


async def test_skus_of_master_and_other_variants_are_known_by_one_request(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    sold(shop, "product-1", ["A", "B"])
    sold(shop, "product-2", ["C"], published=False)
    assert await catalogue.known_skus(["A", "B", "C", "D"], TRACE) == {"A", "B", "C"}
    assert requests_to(shop, "product-projections") == 1


async def test_a_product_with_staged_changes_is_read_in_both_states(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    variant = {"id": 1, "sku": "A", "attributes": []}
    current, staged = ({"name": {"en": name}, "masterVariant": variant, "variants": []} for name in ("old", "new"))
    sold(shop, "product-1", ["A"], current=current, staged=staged, hasStagedChanges=True)
    sold(shop, "product-2", ["B"])
    first, second = sorted(await catalogue.products_of(["A", "B"], TRACE), key=lambda one: one.id)
    assert (first.staged["name"], first.current["name"]) == ({"en": "new"}, {"en": "old"})
    assert second.staged == second.current
    assert requests_to(shop, "product-projections") == 2


async def test_products_are_found_by_key_and_by_a_text_attribute(shop: FakeCommercetools, catalogue: Catalogue) -> None:
    sold(shop, "product-1", ["A"])
    variant = {"id": 1, "sku": "B", "attributes": [{"name": "gtin", "value": "4006381333931"}]}
    data = {"name": {"en": "b"}, "masterVariant": variant, "variants": []}
    sold(shop, "product-2", ["B"], staged=data, current=data)
    shop.documents["products/product-1"]["key"] = "ITEM-1"
    assert [one.id for one in await catalogue.products_by_key(["ITEM-1", "ITEM-2"], TRACE)] == ["product-1"]
    found = await catalogue.products_by_attribute("gtin", ["4006381333931", "400638133393"], TRACE)
    assert [one.id for one in found] == ["product-2"]


async def test_ids_of_channels_are_asked_for_once(shop: FakeCommercetools, catalogue: Catalogue) -> None:
    shop.put("channels", {"id": "channel-1", "version": 1, "key": "main"})
    for _ in range(3):
        assert await catalogue.channel_ids(["main"], TRACE) == {"main": "channel-1"}
    assert requests_to(shop, "channels") == 1
    assert await catalogue.channel_ids(["main", "unknown"], TRACE) == {"main": "channel-1"}


async def test_a_group_and_a_channel_of_the_same_key_are_kept_apart(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    shop.put("channels", {"id": "channel-1", "version": 1, "key": "b2b"})
    shop.put("customer-groups", {"id": "group-1", "version": 1, "key": "b2b"})
    ids = await catalogue.scope_ids(["b2b"], ["b2b"], TRACE)
    assert (ids.customer_groups, ids.channels) == ({"b2b": "group-1"}, {"b2b": "channel-1"})


async def test_a_price_is_created_changed_and_deleted_for_the_version_that_was_read(
    shop: FakeCommercetools, catalogue: Catalogue
) -> None:
    draft = {"key": "key-1", "sku": "A", "value": {"currencyCode": "EUR", "centAmount": 1000}, "active": True}
    await catalogue.write_price(PriceStep(None, draft=draft), TRACE)
    (price,) = await catalogue.prices_of(["A"], TRACE)
    change = {"action": "changeValue", "value": {"currencyCode": "EUR", "centAmount": 900}}
    await catalogue.write_price(PriceStep(price, [change]), TRACE)
    with pytest.raises(Conflict):
        await catalogue.write_price(PriceStep(price, [change]), TRACE)
    (changed,) = await catalogue.prices_of(["A"], TRACE)
    assert changed["value"]["centAmount"] == 900
    await catalogue.write_price(PriceStep(changed), TRACE)
    assert await catalogue.prices_of(["A"], TRACE) == []


async def test_a_refused_price_says_what_the_api_said(shop: FakeCommercetools, catalogue: Catalogue) -> None:
    draft = {"sku": "A", "value": {"currencyCode": "EUR", "centAmount": 1000}}
    await catalogue.write_price(PriceStep(None, draft=draft), TRACE)
    with pytest.raises(Permanent, match="has the same scope") as caught:
        await catalogue.write_price(PriceStep(None, draft=draft), TRACE)
    assert caught.value.code == "DuplicateStandalonePriceScope"


async def test_more_than_500_actions_go_in_several_requests(shop: FakeCommercetools, catalogue: Catalogue) -> None:
    sold(shop, "product-1", ["A"])
    (product,) = await catalogue.products_of(["A"], TRACE)
    actions = [{"action": "changeName", "name": {"en": str(number)}, "staged": False} for number in range(1_001)]
    await catalogue.update_product(product, actions, TRACE)
    assert [len(update) for update in shop.updates] == [500, 500, 1]
    assert shop.documents["products/product-1"]["masterData"]["current"]["name"] == {"en": "1000"}


def order(order_id: str, lines: Iterable[tuple[str, int, str | None]], **changed: Any) -> dict[str, Any]:
    items = [
        {
            "variant": {"id": 1, "sku": sku},
            "quantity": quantity,
            **({"supplyChannel": {"typeId": "channel", "id": channel}} if channel else {}),
        }
        for sku, quantity, channel in lines
    ]
    known = {"id": order_id, "version": 1, "createdAt": "2026-11-20T10:00:00.000Z", "orderState": "Open"}
    return {**known, "lineItems": items, "syncInfo": [], **changed}


def exported(moment: str, channel: str = "export-1") -> dict[str, Any]:
    return {"syncInfo": [{"channel": {"typeId": "channel", "id": channel}, "externalId": "1", "syncedAt": moment}]}


SINCE = datetime(2026, 11, 1, tzinfo=UTC)


async def test_open_orders_tell_what_they_take_from_where(shop: FakeCommercetools) -> None:
    shop.put("channels", {"id": "supply-1", "version": 1, "key": "main-warehouse"})
    shop.put("orders", order("order-1", [("A", 2, "supply-1"), ("B", 1, None)]))
    lines = await open_lines(shop.client, SINCE, TRACE)
    assert lines == [OpenLine("order-1", "A", 2, "main-warehouse"), OpenLine("order-1", "B", 1)]


@pytest.mark.parametrize(
    "changed",
    [{"orderState": "Cancelled"}, {"createdAt": "2026-10-31T23:59:59.999Z"}],
)
async def test_orders_that_are_over_or_too_old_take_nothing(shop: FakeCommercetools, changed: dict[str, Any]) -> None:
    shop.put("orders", order("order-1", [("A", 2, None)], **changed))
    assert await open_lines(shop.client, SINCE, TRACE) == []


async def test_orders_exported_long_ago_are_left_out_and_fresh_ones_say_when(shop: FakeCommercetools) -> None:
    shop.put("orders", order("order-1", [("A", 1, None)], **exported("2026-11-20T10:00:00.000Z")))
    shop.put("orders", order("order-2", [("A", 2, None)], **exported("2026-11-20T12:00:00.000Z")))
    shop.put("orders", order("order-3", [("A", 3, None)]))
    shop.put("orders", order("order-4", [("A", 4, None)], **exported("2026-11-20T10:00:00.000Z", "another")))
    known_before = datetime(2026, 11, 20, 11, tzinfo=UTC)
    lines = await open_lines(shop.client, SINCE, TRACE, export_channel="export-1", known_before=known_before)
    fresh = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert [(line.order_id, line.exported_at) for line in lines] == [
        ("order-2", fresh),
        ("order-3", None),
        ("order-4", None),
    ]


async def test_open_orders_are_read_to_the_last_page(shop: FakeCommercetools) -> None:
    for number in range(250):
        shop.put("orders", order(f"order-{number:03}", [("A", 1, None)]))
    assert sum(line.quantity for line in await open_lines(shop.client, SINCE, TRACE)) == 250
    assert requests_to(shop, "orders") == 3


async def test_an_entry_knows_what_is_reserved() -> None:
    assert Entry("1", 1, "A", None, quantity_on_stock=10, available=7).reserved == 3
    assert Entry("1", 1, "A", None, quantity_on_stock=-2, available=-2).reserved == 0
