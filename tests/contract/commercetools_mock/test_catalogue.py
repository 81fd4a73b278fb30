"""Inventory, prices and products of the stand-in, which have to be as strict as the API, read by the connector."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.commercetools.open_orders import open_lines
from shared.commercetools.pacing import Pacer
from shared.errors import Conflict
from shared.mapping.commercetools.inventory import Entry
from shared.mapping.commercetools.price_differences import paired, standalone_steps
from shared.mapping.commercetools.price_documents import key_prefix
from shared.mapping.commercetools.prices import listed_prices
from shared.mapping.commercetools.product_drafts import product_draft
from shared.mapping.commercetools.products import Matched, Vocabulary, product_change
from shared.mapping.stock import OpenLine
from shared.market_options.trade import PriceBook
from tests.fakes.markets import market
from tests.published.commercetools import problems_of_requests
from tests.unit.mapping.catalogue import day, item, row, selling

from .catalogue import attribute, cart, connected, created, ordered, product, product_type, refusal, stocked, unique
from .stand_in import Document, StandIn, money, order_document, run_stand_in

TRACE = "correlation-1"
EUR = {"currencyCode": "EUR", "centAmount": 1000}


def entry(mock: StandIn, entry_id: str) -> tuple[int, int, int]:
    document = mock.get(f"inventory/{entry_id}")
    return document["version"], document["quantityOnStock"], document["availableQuantity"]


@pytest.mark.parametrize("mode", ["TrackOnly", "ReserveOnOrder"])
def test_an_order_takes_its_stock_raises_the_version_and_tells_nobody(mock: StandIn, mode: str) -> None:
    sku = unique()
    entry_id = stocked(mock, sku, 5)["id"]
    assert ordered(mock, cart(mock, [(sku, 2)], mode)).status_code == 201
    assert entry(mock, entry_id) == (2, 3, 3)
    messages = mock.get("messages", where=f'resource(id = "{entry_id}")')["results"]
    assert [message["type"] for message in messages] == ["InventoryEntryCreated"]


def test_without_tracking_an_order_takes_nothing(mock: StandIn) -> None:
    sku = unique()
    entry_id = stocked(mock, sku, 5)["id"]
    assert ordered(mock, cart(mock, [(sku, 2)], "None")).status_code == 201
    assert entry(mock, entry_id) == (1, 5, 5)


def test_an_order_of_more_than_there_is_takes_nothing_at_all(mock: StandIn) -> None:
    enough, little = unique(), unique()
    ids = [stocked(mock, enough, 5)["id"], stocked(mock, little, 1)["id"]]
    answer = ordered(mock, cart(mock, [(enough, 2), (little, 1), (little, 1)], "ReserveOnOrder"))
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["code"], error["skus"]) == ("OutOfStock", [little])
    assert [entry(mock, entry_id) for entry_id in ids] == [(1, 5, 5), (1, 1, 1)]


def test_tracking_lets_stock_fall_below_zero_but_needs_an_entry(mock: StandIn) -> None:
    sku = unique()
    entry_id = stocked(mock, sku, 1)["id"]
    assert ordered(mock, cart(mock, [(sku, 3)], "TrackOnly")).status_code == 201
    assert entry(mock, entry_id) == (2, -2, -2)
    assert ordered(mock, cart(mock, [(unique(), 1)], "TrackOnly")).status_code == 400


async def test_an_order_between_reading_and_writing_refuses_the_write(mock: StandIn) -> None:
    sku = unique()
    stocked(mock, sku, 5)
    async with connected(mock) as catalogue:
        (read,) = await catalogue.entries([sku], TRACE)
        assert ordered(mock, cart(mock, [(sku, 2)], "ReserveOnOrder")).status_code == 201
        with pytest.raises(Conflict):
            await catalogue.change_quantity(read, 5, TRACE)
        (again,) = await catalogue.entries([sku], TRACE)
        await catalogue.change_quantity(again, 4, TRACE)
        assert [one.available for one in await catalogue.entries([sku], TRACE)] == [4]


async def test_an_entry_for_a_taken_place_is_a_conflict(mock: StandIn) -> None:
    sku, key = unique(), unique("channel")
    created(mock, "channels", {"key": key, "roles": ["InventorySupply"]})
    async with connected(mock) as catalogue:
        channel = (await catalogue.channel_ids([key, "unknown"], TRACE))[key]
        for place in (channel, None):
            await catalogue.create_entry(sku, place, 3, TRACE)
            with pytest.raises(Conflict):
                await catalogue.create_entry(sku, place, 3, TRACE)
        found = await catalogue.entries([sku], TRACE, channel_ids=[channel])
        assert {one.channel_id for one in found} == {channel, None}
        assert [one.channel_id for one in await catalogue.entries([sku], TRACE, channel_ids=[])] == [None]


async def test_open_orders_are_found_until_they_are_exported_or_over(mock: StandIn) -> None:
    export, supply = (created(mock, "channels", {"key": unique("channel")}) for _ in range(2))
    sku, now = unique(), datetime.now(UTC)

    def seeded(exported_hours_ago: int | None = None, **changed: Any) -> str:
        order = order_document(createdAt=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), **changed)
        line = {"variant": {"id": 1, "sku": sku}, "supplyChannel": {"typeId": "channel", "id": supply["id"]}}
        order["lineItems"][0] |= line
        if exported_hours_ago is not None:
            moment = (now - timedelta(hours=exported_hours_ago)).isoformat(timespec="milliseconds")
            mark = {"channel": {"typeId": "channel", "id": export["id"]}, "externalId": "1"}
            order["syncInfo"] = [{**mark, "syncedAt": moment.replace("+00:00", "Z")}]
        mock.seed("orders", order)
        return str(order["id"])

    waiting, fresh, _, _ = seeded(), seeded(0), seeded(5), seeded(orderState="Cancelled")
    async with connected(mock) as catalogue:
        lines = await open_lines(
            catalogue.client,
            now - timedelta(days=1),
            TRACE,
            export_channel=export["id"],
            known_before=now - timedelta(hours=1),
        )
    ours = {line.order_id: line for line in lines if line.sku == sku}
    assert ours.keys() == {waiting, fresh}
    assert ours[waiting] == OpenLine(waiting, sku, 2, supply["key"])
    assert ours[fresh].exported_at is not None


def price_draft(sku: str, **changed: Any) -> Document:
    return {"sku": sku, "value": EUR, **changed}


def test_a_new_price_keeps_its_key_its_tiers_and_its_references_and_is_active(mock: StandIn) -> None:
    channel = created(mock, "channels", {"key": unique("channel")})
    group = created(mock, "customer-groups", {"groupName": unique(), "key": unique("group")})
    tier = {"minimumQuantity": 10, "value": {**EUR, "centAmount": 900}}
    draft = price_draft(unique(), key=unique("key"), tiers=[tier], country="DE")
    draft |= {"channel": {"typeId": "channel", "key": channel["key"]}}
    draft |= {"customerGroup": {"typeId": "customer-group", "key": group["key"]}}
    price = created(mock, "standalone-prices", draft)
    assert (price["key"], price["country"], price["active"]) == (draft["key"], "DE", True)
    assert (price["channel"]["id"], price["customerGroup"]["id"]) == (channel["id"], group["id"])
    assert price["tiers"] == [{"minimumQuantity": 10, "value": money(900)}]


def test_money_with_more_digits_than_its_currency_is_kept(mock: StandIn) -> None:
    precise = {"type": "highPrecision", **EUR, "preciseAmount": 100045, "fractionDigits": 4}
    price = created(mock, "standalone-prices", price_draft(unique(), value=precise))
    assert price["value"] == precise
    assert refusal(mock, "standalone-prices", price_draft(unique(), value={**precise, "fractionDigits": 2}))


def test_there_is_one_price_for_a_scope_and_time(mock: StandIn) -> None:
    sku = unique()
    created(mock, "standalone-prices", price_draft(sku))
    assert refusal(mock, "standalone-prices", price_draft(sku)) == "DuplicateStandalonePriceScope"
    created(mock, "standalone-prices", price_draft(sku, country="DE"))
    first = {"validFrom": "2026-12-01T00:00:00.000Z", "validUntil": "2026-12-05T00:00:00.000Z"}
    later = {"validFrom": "2026-12-04T00:00:00.000Z", "validUntil": "2026-12-09T00:00:00.000Z"}
    created(mock, "standalone-prices", price_draft(sku, **first))
    assert refusal(mock, "standalone-prices", price_draft(sku, **later)) == "OverlappingStandalonePriceValidity"
    created(mock, "standalone-prices", price_draft(sku, **{**later, "validFrom": first["validUntil"]}))


def test_a_price_is_not_moved_into_the_time_of_another(mock: StandIn) -> None:
    sku = unique()
    created(mock, "standalone-prices", price_draft(sku, validUntil="2026-12-05T00:00:00.000Z"))
    price = created(mock, "standalone-prices", price_draft(sku, validFrom="2026-12-05T00:00:00.000Z"))
    path = f"standalone-prices/{price['id']}"
    action = {"action": "setValidFromAndUntil", "validFrom": "2026-12-04T00:00:00.000Z"}
    assert mock.update(path, 1, action).json()["errors"][0]["code"] == "OverlappingStandalonePriceValidity"
    assert mock.update(path, 1, {**action, "validFrom": "2026-12-06T00:00:00.000Z"}).status_code == 200


def test_changes_of_a_price_are_kept_as_messages(mock: StandIn) -> None:
    price = created(mock, "standalone-prices", price_draft(unique()))
    actions: list[Document] = [
        {"action": "changeValue", "value": {**EUR, "centAmount": 900}},
        {"action": "setPriceTiers", "tiers": [{"minimumQuantity": 5, "value": {**EUR, "centAmount": 800}}]},
        {"action": "setKey", "key": unique("key")},
        {"action": "setValidFromAndUntil", "validFrom": "2026-12-01T00:00:00.000Z"},
        {"action": "changeActive", "active": False},
    ]
    assert mock.update(f"standalone-prices/{price['id']}", 1, *actions).status_code == 200
    messages = mock.get("messages", where=f'resource(id = "{price["id"]}")', sort="sequenceNumber")["results"]
    assert [message["type"].removeprefix("StandalonePrice") for message in messages] == [
        "Created",
        "ValueChanged",
        "TiersSet",
        "KeySet",
        "ValidFromAndUntilSet",
        "ActiveChanged",
    ]
    assert messages[1]["oldValue"]["centAmount"] == 1000
    assert messages[4]["validFrom"] == "2026-12-01T00:00:00.000Z"


async def test_listed_prices_are_written_and_then_nothing_is_left_to_do(mock: StandIn) -> None:
    sku, group = unique(), unique("group")
    created(mock, "customer-groups", {"groupName": group, "key": group})
    where = market(price_books=(PriceBook(name="WEB", currency="EUR", customer_group=group),))
    first = [row("10"), row("9.999", "10"), row("8", valid_from=day(3), valid_until=day(5))]
    second = [
        row("11"),
        row("7", valid_from=day(4), valid_until=day(8)),
        row("6", valid_from=day(2), valid_until=day(4)),
    ]
    prefix = key_prefix(where.name)
    async with connected(mock) as catalogue:
        ids = await catalogue.scope_ids([group], [], TRACE)
        for rows in (first, second):
            listed = listed_prices(rows, sku, where).prices
            there = await catalogue.prices_of([sku], TRACE)
            for step in standalone_steps(paired(listed, there, prefix, ids), prefix, "delete"):
                await catalogue.write_price(step, TRACE)
            after = paired(listed, await catalogue.prices_of([sku], TRACE), prefix, ids)
            assert standalone_steps(after, prefix, "delete") == []
            assert [document is not None for _, document in after.pairs] == [True] * len(listed)


def test_a_sku_a_slug_and_a_key_are_taken_once(mock: StandIn) -> None:
    sku, key = unique(), unique("key")
    made = product(mock, [sku, unique()], key=key)
    draft = {"productType": made["productType"], "name": {"en": "x"}, "slug": {"en": unique("slug")}}
    assert refusal(mock, "products", {**draft, "masterVariant": {"sku": sku}}) == "DuplicateField"
    assert refusal(mock, "products", {**draft, "masterVariant": {}, "variants": [{"sku": sku}]}) == "DuplicateField"
    assert refusal(mock, "products", {**draft, "masterVariant": {"sku": unique()}, "key": key}) == "DuplicateField"
    other = product(mock, [unique()])
    renamed = mock.update(f"products/{other['id']}", 1, {"action": "setSku", "variantId": 1, "sku": sku})
    assert renamed.json()["errors"][0]["code"] == "DuplicateField"


async def test_staged_and_current_projections_differ_until_a_product_is_published(mock: StandIn) -> None:
    sku = unique()
    made = product(mock, [unique(), sku])
    rename = {"action": "changeName", "name": {"en": "Renamed"}}
    assert mock.update(f"products/{made['id']}", 1, rename).status_code == 200
    async with connected(mock) as catalogue:
        (both,) = await catalogue.products_of([sku], TRACE)
        assert (both.staged["name"]["en"], both.current["name"]["en"]) == ("Renamed", "Example item")
        await catalogue.update_product(both, [{"action": "publish", "scope": "All"}], TRACE)
        (published,) = await catalogue.products_of([sku], TRACE)
        assert published.current["name"]["en"] == "Renamed"
        await catalogue.update_product(published, [{"action": "unpublish"}], TRACE)
        (hidden,) = await catalogue.products_of([sku], TRACE)
        assert (hidden.is_published, hidden.skus[1]) == (False, sku)
        assert await catalogue.known_skus([sku, "unknown"], TRACE) == {sku}


async def test_products_are_found_by_key_and_by_attribute(mock: StandIn) -> None:
    key, gtin = unique("key"), uuid.uuid4().hex
    type_key = product_type(mock, attribute("gtin"))
    variants = [{"sku": unique(), "attributes": [{"name": "gtin", "value": gtin}]}]
    made = product(mock, [unique()], type_key, key=key, variants=variants)
    async with connected(mock) as catalogue:
        assert [one.id for one in await catalogue.products_by_key([key], TRACE)] == [made["id"]]
        assert [one.id for one in await catalogue.products_by_attribute("gtin", [gtin], TRACE)] == [made["id"]]
        assert await catalogue.products_by_attribute("gtin", ["none"], TRACE) == []


def test_attributes_have_to_be_known_and_of_their_type(mock: StandIn) -> None:
    enum = {"name": "lenum", "values": [{"key": "red", "label": {"en": "Red"}}]}
    shared = attribute("brand", attributeConstraint="SameForAll")
    definitions = [attribute("size", "number"), attribute("colour", type=enum), shared]
    path = f"products/{product(mock, ['A' + unique(), unique()], product_type(mock, *definitions))['id']}"
    wrong: list[Document] = [
        {"action": "setAttribute", "variantId": 1, "name": "absent", "value": "x"},
        {"action": "setAttribute", "variantId": 1, "name": "size", "value": "large"},
        {"action": "setAttribute", "variantId": 1, "name": "colour", "value": "green"},
        {"action": "setAttribute", "variantId": 1, "name": "brand", "value": "Example"},
        {"action": "setAttribute", "variantId": 9, "name": "size", "value": 1},
    ]
    assert [mock.update(path, 1, action).status_code for action in wrong] == [400] * 5
    right = [
        {"action": "setAttribute", "variantId": 1, "name": "colour", "value": "red", "staged": False},
        {"action": "setAttributeInAllVariants", "name": "brand", "value": "Example", "staged": False},
    ]
    data = mock.update(path, 1, *right).json()["masterData"]
    colour, brand = data["current"]["masterVariant"]["attributes"]
    assert (colour["value"], brand["value"]) == (enum["values"][0], "Example")
    assert data["hasStagedChanges"] is False
    version = mock.get(path)["version"]
    removal = {"action": "setAttribute", "variantId": 1, "name": "colour"}
    data = mock.update(path, version, removal).json()["masterData"]
    assert [one["name"] for one in data["staged"]["masterVariant"]["attributes"]] == ["brand"]
    assert data["hasStagedChanges"] is True


def test_embedded_prices_are_replaced_as_a_whole_and_one_to_a_scope(mock: StandIn) -> None:
    sku = unique()
    path = f"products/{product(mock, [sku])['id']}"
    tier = {"minimumQuantity": 10, "value": {**EUR, "centAmount": 900}}
    add = {"action": "addPrice", "sku": sku, "price": {"value": EUR, "tiers": [tier]}, "staged": False}
    added = mock.update(path, 1, add).json()
    price_id = added["masterData"]["current"]["masterVariant"]["prices"][0]["id"]
    assert mock.update(path, added["version"], add).json()["errors"][0]["code"] == "DuplicatePriceScope"
    cheaper = {"value": {**EUR, "centAmount": 800}}
    change = {"action": "changePrice", "priceId": price_id, "price": cheaper, "staged": False}
    changed = mock.update(path, added["version"], change).json()
    assert changed["masterData"]["current"]["masterVariant"]["prices"] == [{"id": price_id, "value": money(800)}]
    both = {"action": "setPrices", "sku": sku, "prices": [cheaper, {**cheaper, "country": "DE"}], "staged": True}
    data = mock.update(path, changed["version"], both).json()["masterData"]
    assert [len(data[name]["masterVariant"]["prices"]) for name in ("staged", "current")] == [2, 1]
    messages = mock.get("messages", where=f'resource(id = "{path.removeprefix("products/")}")', sort="sequenceNumber")
    assert [one["type"] for one in messages["results"]][1:] == [
        "ProductPriceAdded",
        "ProductPriceChanged",
        "ProductPricesSet",
    ]


async def test_an_item_becomes_a_product_and_later_changes_of_it_arrive(mock: StandIn) -> None:
    number, type_key = unique("ITEM"), product_type(mock, attribute("size", "number"))
    rules = selling(product_type=type_key, attributes={"Size": "size"}, publish="always")
    async with connected(mock) as catalogue:
        attributes = (await catalogue.product_types([type_key], TRACE, by="key"))[type_key]
        draft, _ = product_draft([item(number=number, attributes={"Size": "3"})], attributes, rules)
        assert draft is not None
        await catalogue.create_product(draft, TRACE)
        renamed = Matched(item(number=number, name="Renamed", attributes={"Size": "4"}), number)
        (made,) = await catalogue.products_of([number], TRACE)
        words = Vocabulary((await catalogue.product_types([made.product_type_id], TRACE))[made.product_type_id])
        await catalogue.update_product(made, product_change(made, [renamed], words, rules).actions, TRACE)
        (after,) = await catalogue.products_of([number], TRACE)
        assert (after.current["name"]["en"], after.is_published) == ("Renamed", True)
        assert product_change(after, [renamed], words, rules).actions == []


async def test_a_thousand_of_3000_entries_are_changed_by_little_more_than_a_thousand_calls() -> None:
    with run_stand_in() as running:
        skus = [f"SKU-{number:05}" for number in range(3_000)]
        for sku in skus:
            fields = {"id": str(uuid.uuid4()), "version": 1, "sku": sku, "quantityOnStock": 5, "availableQuantity": 5}
            running.seed("inventory-entry", fields)
        running.api.delete("/__requests")
        async with connected(running) as catalogue:
            entries = await catalogue.entries(skus, TRACE, [])
            changed = [one for one in entries if int(one.sku[4:]) % 3 == 0]

            def job(one: Entry) -> Any:
                return lambda: catalogue.change_quantity(one, 7, TRACE)

            answers = await Pacer().run([job(one) for one in changed])
            after = {one.sku: one.quantity_on_stock for one in await catalogue.entries(skus, TRACE, [])}
        assert len(entries) == 3_000
        assert answers == [None] * 1_000
        assert after == {sku: 7 if number % 3 == 0 else 5 for number, sku in enumerate(skus)}
        requests = [one for one in running.api.get("/__requests").json()["requests"] if "oauth" not in one["path"]]
        assert len(requests) == 6 + 1_000 + 6
        assert problems_of_requests(requests) == []
