from __future__ import annotations

import pytest

from tests.contract.dynamics_simulator.simulator import US, error_of, item_line
from tests.unit.business_central_extension.simulator import Extension

SHIRT = "TSHIRT-BLK-M"


async def test_stock_lies_by_variant_and_location_and_adds_up_to_the_items_inventory(bc: Extension) -> None:
    rows = await bc.own_rows(f"itemAvailabilities?$filter=itemNumber eq '{SHIRT}'")
    on_hand = {(row["variantCode"], row["locationCode"]): row["quantityOnHand"] for row in rows}
    assert on_hand == {("", "MAIN"): 180, ("", "EAST"): 40, ("LONG", "MAIN"): 30}
    [item] = await bc.rows(f"items?$filter=number eq '{SHIRT}'")
    assert item["inventory"] == 180 + 40 + 30


async def test_stock_is_set_and_changed_and_the_items_inventory_with_it(bc: Extension) -> None:
    place = {"itemNumber": SHIRT, "locationCode": "EAST"}
    planned = {"reservedQuantity": "3", "quantityOnPurchaseOrders": "12"}
    await bc.control("stock", [place | {"quantityOnHand": 50} | planned, place | {"change": -7}])
    row = await bc.available(SHIRT, location="EAST")
    assert (row["quantityOnHand"], row["reservedQuantity"], row["quantityOnPurchaseOrders"]) == (43, 3, 12)
    [item] = await bc.rows(f"items?$filter=number eq '{SHIRT}'")
    assert item["inventory"] == 250 + 10 - 7


async def test_posting_stock_does_not_change_when_the_item_was_modified(bc: Extension) -> None:
    [before] = await bc.rows(f"items?$filter=number eq '{SHIRT}'")
    await bc.control("stock", {"itemNumber": SHIRT, "locationCode": "MAIN", "change": -1})
    [after] = await bc.rows(f"items?$filter=number eq '{SHIRT}'")
    assert after["inventory"] == before["inventory"] - 1
    assert after["lastModifiedDateTime"] == before["lastModifiedDateTime"]


@pytest.mark.parametrize(
    "wrong",
    [{"itemNumber": "NONE"}, {"itemNumber": SHIRT, "variantCode": "ZIP"}, {"itemNumber": SHIRT, "locationCode": "NO"}],
)
async def test_stock_of_what_is_not_there_is_refused(bc: Extension, wrong: dict[str, str]) -> None:
    answer = await bc.http.post("http://simulator/__stock", json=wrong | {"quantityOnHand": 1})
    assert answer.status_code == 400
    assert "cannot be found" in answer.json()["error"]


async def test_an_adjustment_through_the_standard_api_lies_at_no_location(bc: Extension) -> None:
    await bc.patch(f"items({bc.id_of('items', SHIRT)})", {"inventory": 255})
    assert (await bc.available(SHIRT))["quantityOnHand"] == 255 - 250
    assert (await bc.available(SHIRT, location="MAIN"))["quantityOnHand"] == 180


async def test_open_order_lines_count_at_their_own_place(bc: Extension) -> None:
    east, long = bc.id_of("locations", "EAST"), None
    [long] = await bc.rows("itemVariants?$filter=code eq 'LONG'")
    await bc.order(
        item_line(SHIRT, locationId=east, quantity=4),
        item_line(SHIRT, locationId=east, quantity=2),
        item_line(SHIRT, itemVariantId=long["id"], locationId=bc.id_of("locations", "MAIN"), quantity=1),
    )
    assert (await bc.available(SHIRT, location="EAST"))["quantityOnSalesOrders"] == 6
    assert (await bc.available(SHIRT, "LONG", "MAIN"))["quantityOnSalesOrders"] == 1
    assert (await bc.available(SHIRT, location="MAIN"))["quantityOnSalesOrders"] == 0


async def test_a_delta_read_from_the_read_stamp_shows_what_changed_since(bc: Extension) -> None:
    first = await bc.own_rows("itemAvailabilities")
    [stamp] = {row["readStamp"] for row in first}
    assert await bc.own_rows(f"itemAvailabilities?$filter=changeStamp ge {stamp}") == []
    await bc.control("stock", {"itemNumber": "LAMP-DESK", "locationCode": "MAIN", "change": -18})
    [changed] = await bc.own_rows(f"itemAvailabilities?$filter=changeStamp ge {stamp}")
    assert (changed["itemNumber"], changed["quantityOnHand"]) == ("LAMP-DESK", 0)
    assert changed["readStamp"] > changed["changeStamp"] >= stamp


async def test_a_deleted_order_leaves_no_stamp_but_the_full_read_is_right(bc: Extension) -> None:
    order = await bc.order(item_line("LAMP-DESK", locationId=bc.id_of("locations", "MAIN"), quantity=5))
    stamp = (await bc.available("LAMP-DESK", location="MAIN"))["readStamp"]
    await bc.delete(f"salesOrders({order['id']})")
    assert await bc.own_rows(f"itemAvailabilities?$filter=changeStamp ge {stamp}") == []
    assert (await bc.available("LAMP-DESK", location="MAIN"))["quantityOnSalesOrders"] == 0


async def test_pages_follow_each_other_without_gap(bc: Extension) -> None:
    whole = await bc.own_rows("itemAvailabilities")
    url: str | None = bc.own_url("itemAvailabilities")
    paged = []
    while url:
        page = (await bc.http.get(url, headers={"Prefer": "odata.maxpagesize=5"})).json()
        assert len(page["value"]) <= 5
        paged += page["value"]
        url = page.get("@odata.nextLink")
    assert paged == sorted(whole, key=lambda row: (row["itemNumber"], row["variantCode"], row["locationCode"]))
    assert len(paged) > 5


async def test_one_place_is_read_by_its_key_and_cannot_be_written(bc: Extension) -> None:
    key = f"itemAvailabilities(itemNumber='{SHIRT}',variantCode='',locationCode='MAIN')"
    assert (await bc.own(key)).json()["quantityOnHand"] == 180
    refused = await bc.send("PATCH", key, {"quantityOnHand": 1})
    assert error_of(refused)[:2] == (405, "BadRequest_MethodNotAllowed")
    assert (await bc.send("POST", "itemAvailabilities", {"itemNumber": SHIRT})).status_code == 405


async def test_every_company_has_its_own_stock(bc: Extension) -> None:
    await bc.http.post("http://simulator/__stock?company=CRONUS US", json={"itemNumber": SHIRT, "change": -50})
    us = Extension(bc.environment, bc.http, US)
    assert (await us.available(SHIRT))["quantityOnHand"] == -50
    assert len(await bc.own_rows(f"itemAvailabilities?$filter=itemNumber eq '{SHIRT}'")) == 3
