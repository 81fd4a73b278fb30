"""Orders: seeded whole, queried, updated with the actions and refusals of the API."""

import uuid
from typing import Any

import pytest

from .stand_in import Document, StandIn, money, order_document


def seeded_order(mock: StandIn, **changed: Any) -> Document:
    order = order_document(**changed)
    assert mock.seed("order", order) == {"id": order["id"], "version": order["version"]}
    return order


def channel(mock: StandIn, *roles: str) -> str:
    return str(
        mock.seed("channel", {"id": str(uuid.uuid4()), "version": 1, "key": str(uuid.uuid4()), "roles": roles})["id"]
    )


def first_error(answer: Any) -> Document:
    error: Document = answer.json()["errors"][0]
    return error


def test_a_seeded_order_is_served_back_unchanged(mock: StandIn) -> None:
    order = seeded_order(mock)
    assert mock.get(f"orders/{order['id']}") == order
    assert mock.get(f"orders/order-number={order['orderNumber']}") == order


def test_seeding_an_id_again_replaces_the_document(mock: StandIn) -> None:
    order = seeded_order(mock)
    replacement = order_document(id=order["id"], version=9)
    mock.seed("orders", replacement)
    assert mock.get(f"orders/{order['id']}") == replacement


def test_seeding_an_unknown_resource_type_is_refused_with_the_known_ones(mock: StandIn) -> None:
    answer = mock.api.post("/__seed/demo/spaceship", json={"id": "1", "version": 1})
    assert answer.status_code == 400
    assert "inventory-entry" in answer.json()["message"]


def test_orders_sort_by_several_fields_in_both_directions(mock: StandIn) -> None:
    mark = f"sort-{uuid.uuid4()}@example.com"
    for number, modified in (("a", "2026-01-02"), ("b", "2026-01-01"), ("c", "2026-01-02")):
        seeded_order(mock, id=f"{number}-{mark}", customerEmail=mark, lastModifiedAt=f"{modified}T00:00:00.000Z")
    query = {"where": f'customerEmail = "{mark}"', "sort": ["lastModifiedAt asc", "id desc"]}
    assert [order["id"][0] for order in mock.get("orders", **query)["results"]] == ["b", "c", "a"]
    query["sort"] = ["lastModifiedAt desc", "id asc"]
    assert [order["id"][0] for order in mock.get("orders", **query)["results"]] == ["a", "c", "b"]


def test_orders_sort_by_a_nested_field(mock: StandIn) -> None:
    mark = f"nested-{uuid.uuid4()}@example.com"
    for cents in (300, 100, 200):
        seeded_order(mock, customerEmail=mark, totalPrice=money(cents))
    page = mock.get("orders", where=f'customerEmail = "{mark}"', sort="totalPrice.centAmount desc")
    assert [order["totalPrice"]["centAmount"] for order in page["results"]] == [300, 200, 100]


def test_a_keyset_walk_over_last_modified_and_id_meets_every_order_once(mock: StandIn) -> None:
    mark = f"keyset-{uuid.uuid4()}@example.com"
    stamp = "2026-02-01T00:00:00.000Z"
    expected = sorted(seeded_order(mock, customerEmail=mark, lastModifiedAt=stamp)["id"] for _ in range(5))
    walked: list[str] = []
    cursor = ""
    while True:
        where = [
            f'customerEmail = "{mark}"',
            f'(lastModifiedAt > "{stamp}" or (lastModifiedAt = "{stamp}" and id > "{cursor}"))',
        ]
        query = {"where": where, "sort": ["lastModifiedAt asc", "id asc"], "limit": 2, "withTotal": "false"}
        page = mock.get("orders", **query)
        assert "total" not in page
        if not page["results"]:
            break
        walked += [order["id"] for order in page["results"]]
        cursor = walked[-1]
    assert walked == expected


def test_not_equal_may_be_written_as_a_diamond(mock: StandIn) -> None:
    mark = f"diamond-{uuid.uuid4()}@example.com"
    seeded_order(mock, customerEmail=mark, orderState="Open")
    complete = seeded_order(mock, customerEmail=mark, orderState="Complete")
    page = mock.get("orders", where=f'customerEmail = "{mark}" and orderState <> "Open"')
    assert [order["id"] for order in page["results"]] == [complete["id"]]


def test_limit_zero_answers_the_total_alone(mock: StandIn) -> None:
    mark = f"zero-{uuid.uuid4()}@example.com"
    seeded_order(mock, customerEmail=mark)
    page = mock.get("orders", where=f'customerEmail = "{mark}"', limit=0)
    assert (page["results"], page["count"], page["total"]) == ([], 0, 1)


@pytest.mark.parametrize("query", ["limit=501", "limit=-1", "offset=10001", "sort=id+sideways"])
def test_paging_beyond_the_limits_is_refused(mock: StandIn, query: str) -> None:
    answer = mock.api.get(f"/demo/orders?{query}")
    assert answer.status_code == 400
    assert first_error(answer)["code"] == "InvalidInput"


def test_an_order_is_updated_by_its_order_number(mock: StandIn) -> None:
    order = seeded_order(mock)
    action = {"action": "changeOrderState", "orderState": "Confirmed"}
    answer = mock.update(f"orders/order-number={order['orderNumber']}", 7, action)
    assert answer.status_code == 200
    assert (answer.json()["orderState"], answer.json()["version"]) == ("Confirmed", 8)


def test_an_effective_change_moves_last_modified_and_names_the_client(mock: StandIn) -> None:
    order = seeded_order(mock)
    action = {"action": "changeOrderState", "orderState": "Confirmed"}
    changed = mock.update(f"orders/{order['id']}", 7, action).json()
    assert changed["lastModifiedAt"] > order["lastModifiedAt"]
    assert changed["createdAt"] == order["createdAt"]
    assert changed["lastModifiedBy"]["clientId"] == "contract-client"
    same = mock.update(f"orders/{order['id']}", 8, action).json()
    assert (same["version"], same["lastModifiedAt"]) == (8, changed["lastModifiedAt"])


def test_a_stale_version_is_refused_even_when_nothing_would_change(mock: StandIn) -> None:
    order = seeded_order(mock)
    answer = mock.update(f"orders/{order['id']}", 6, {"action": "changeOrderState", "orderState": "Open"})
    assert answer.status_code == 409
    assert first_error(answer)["code"] == "ConcurrentModification"
    assert first_error(answer)["currentVersion"] == 7


def test_deleting_with_a_stale_version_is_refused_and_with_the_right_one_done(mock: StandIn) -> None:
    order = seeded_order(mock)
    assert mock.api.delete(f"/demo/orders/{order['id']}?version=6").status_code == 409
    assert mock.api.delete(f"/demo/orders/{order['id']}").status_code == 400
    assert mock.api.delete(f"/demo/orders/{order['id']}?version=7").status_code == 200
    assert mock.api.get(f"/demo/orders/{order['id']}").status_code == 404


def test_more_than_500_actions_are_refused(mock: StandIn) -> None:
    order = seeded_order(mock)
    actions = [{"action": "setLocale", "locale": "en"}] * 501
    assert mock.update(f"orders/{order['id']}", 7, *actions).status_code == 400
    assert mock.update(f"orders/{order['id']}", 7, *actions[:500]).status_code == 200


@pytest.mark.parametrize(
    "action",
    [
        {"action": "changeOrderState", "orderState": "Canceled"},
        {"action": "changeShipmentState", "shipmentState": "Cancelled"},
        {"action": "changePaymentState", "paymentState": "Bogus"},
    ],
)
def test_a_bogus_state_is_refused(mock: StandIn, action: Document) -> None:
    order = seeded_order(mock)
    answer = mock.update(f"orders/{order['id']}", 7, action)
    assert answer.status_code == 400
    assert first_error(answer)["code"] == "InvalidJsonInput"
    assert mock.get(f"orders/{order['id']}") == order


def test_an_order_number_is_unique_and_immutable_once_set(mock: StandIn) -> None:
    taken = seeded_order(mock)["orderNumber"]
    numbered = seeded_order(mock)
    unnumbered = order_document()
    del unnumbered["orderNumber"]
    mock.seed("order", unnumbered)
    duplicate = mock.update(f"orders/{unnumbered['id']}", 7, {"action": "setOrderNumber", "orderNumber": taken})
    assert duplicate.status_code == 400
    assert first_error(duplicate)["code"] == "DuplicateField"
    assert (first_error(duplicate)["field"], first_error(duplicate)["duplicateValue"]) == ("orderNumber", taken)
    changed = mock.update(f"orders/{numbered['id']}", 7, {"action": "setOrderNumber", "orderNumber": "OTHER"})
    assert changed.status_code == 400
    fresh = f"FRESH-{uuid.uuid4()}"
    assert (
        mock.update(f"orders/{unnumbered['id']}", 7, {"action": "setOrderNumber", "orderNumber": fresh}).status_code
        == 200
    )


def import_draft(**changed: Any) -> Document:
    draft: Document = {
        "orderNumber": f"IMPORT-{uuid.uuid4()}",
        "customerEmail": "customer@example.com",
        "totalPrice": {"currencyCode": "EUR", "centAmount": 1190},
        "taxedPrice": {
            "totalNet": {"currencyCode": "EUR", "centAmount": 1000},
            "totalGross": {"currencyCode": "EUR", "centAmount": 1190},
            "taxPortions": [{"rate": 0.19, "amount": {"currencyCode": "EUR", "centAmount": 190}}],
        },
    }
    return {**draft, **changed}


def test_an_imported_order_keeps_the_taxed_price_it_was_given(mock: StandIn) -> None:
    answer = mock.api.post("/demo/orders/import", json=import_draft(shipmentState="Ready"))
    assert answer.status_code == 200
    order = answer.json()
    assert order["taxedPrice"]["totalNet"]["centAmount"] == 1000
    assert order["taxedPrice"]["totalTax"] == money(190)
    assert order["shipmentState"] == "Ready"


def test_importing_an_order_number_twice_is_refused(mock: StandIn) -> None:
    draft = import_draft()
    assert mock.api.post("/demo/orders/import", json=draft).status_code == 200
    answer = mock.api.post("/demo/orders/import", json=draft)
    assert answer.status_code == 400
    assert first_error(answer)["duplicateValue"] == draft["orderNumber"]


def test_importing_a_bogus_state_is_refused(mock: StandIn) -> None:
    answer = mock.api.post("/demo/orders/import", json=import_draft(orderState="Bogus"))
    assert answer.status_code == 400
    assert first_error(answer)["code"] == "InvalidJsonInput"


def test_an_order_from_a_cart_has_a_number_only_when_it_is_given_one(mock: StandIn) -> None:
    custom_line = {
        "id": "custom-1",
        "name": {"en": "Voucher"},
        "slug": "voucher",
        "quantity": 1,
        "totalPrice": money(-500),
    }
    cart = order_document(cartState="Active", customLineItems=[custom_line], taxedShippingPrice=None)
    del cart["orderNumber"]
    mock.seed("cart", cart)
    answer = mock.api.post("/demo/orders", json={"cart": {"typeId": "cart", "id": cart["id"]}, "version": 7})
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert "orderNumber" not in order
    assert order["customLineItems"] == [custom_line]
    assert mock.get(f"carts/{cart['id']}")["cartState"] == "Ordered"


def test_sync_info_needs_a_channel_with_an_order_role(mock: StandIn) -> None:
    order = seeded_order(mock)
    wrong = {"typeId": "channel", "id": channel(mock, "InventorySupply")}
    right = {"typeId": "channel", "id": channel(mock, "OrderExport")}
    action = {"action": "updateSyncInfo", "externalId": "S-ORD1001"}
    answer = mock.update(f"orders/{order['id']}", 7, {**action, "channel": wrong})
    assert answer.status_code == 400
    assert first_error(answer)["code"] == "InvalidInput"
    updated = mock.update(f"orders/{order['id']}", 7, {**action, "channel": right}).json()
    assert [(info["channel"], info["externalId"]) for info in updated["syncInfo"]] == [(right, "S-ORD1001")]


def add_return(order: Document, state: str, key: str) -> Document:
    item = {"quantity": 1, "lineItemId": order["lineItems"][0]["id"], "shipmentState": state, "key": key}
    return {"action": "addReturnInfo", "returnTrackingId": "RETURN-1", "items": [item]}


def test_a_returned_item_goes_back_in_stock_and_an_advised_one_does_not(mock: StandIn) -> None:
    order = seeded_order(mock)
    path = f"orders/{order['id']}"
    both = mock.update(
        path, 7, add_return(order, "Advised", "advised"), add_return(order, "Returned", "returned")
    ).json()
    states = [info["items"][0]["paymentState"] for info in both["returnInfo"]]
    assert states == ["NonRefundable", "Initial"]
    back = {"action": "setReturnShipmentState", "shipmentState": "BackInStock"}
    assert mock.update(path, 9, {**back, "returnItemKey": "advised"}).status_code == 400
    moved = mock.update(path, 9, {**back, "returnItemKey": "returned"}).json()
    assert moved["returnInfo"][1]["items"][0]["shipmentState"] == "BackInStock"


def test_a_return_is_refunded_and_return_info_replaced(mock: StandIn) -> None:
    order = seeded_order(mock)
    path = f"orders/{order['id']}"
    item = mock.update(path, 7, add_return(order, "Returned", "one")).json()["returnInfo"][0]["items"][0]
    refund = {"action": "setReturnPaymentState", "returnItemId": item["id"], "paymentState": "Refunded"}
    refunded = mock.update(path, 8, refund).json()
    assert refunded["returnInfo"][0]["items"][0]["paymentState"] == "Refunded"
    info = {name: value for name, value in add_return(order, "Advised", "two").items() if name != "action"}
    replaced = mock.update(path, 9, {"action": "setReturnInfo", "items": [info]}).json()
    assert [one["items"][0]["key"] for one in replaced["returnInfo"]] == ["two"]


def test_a_return_cannot_start_back_in_stock(mock: StandIn) -> None:
    order = seeded_order(mock)
    assert mock.update(f"orders/{order['id']}", 7, add_return(order, "BackInStock", "early")).status_code == 400


def test_a_delivery_gets_its_key_items_parcel_and_tracking_data(mock: StandIn) -> None:
    order = seeded_order(mock)
    path = f"orders/{order['id']}"
    items = [{"id": order["lineItems"][0]["id"], "quantity": 1}]
    parcel = {"key": "parcel-1"}
    add = {"action": "addDelivery", "deliveryKey": "shipment-1", "items": items, "parcels": [parcel]}
    track = {"action": "setParcelTrackingData", "parcelKey": "parcel-1", "trackingData": {"trackingId": "TRACK-1"}}
    more = {"action": "setDeliveryItems", "deliveryKey": "shipment-1", "items": [{**items[0], "quantity": 2}]}
    updated = mock.update(path, 7, add, track, more).json()
    delivery = updated["shippingInfo"]["deliveries"][0]
    assert delivery["key"] == "shipment-1"
    assert delivery["items"][0]["quantity"] == 2
    assert delivery["parcels"][0]["trackingData"] == {"trackingId": "TRACK-1"}
    again = mock.update(path, updated["version"], add)
    assert first_error(again)["code"] == "DuplicateField"
    gone = mock.update(path, updated["version"], {"action": "removeDelivery", "deliveryKey": "shipment-1"}).json()
    assert gone["shippingInfo"]["deliveries"] == []


def test_an_order_with_several_shippings_takes_a_delivery_by_shipping_key(mock: StandIn) -> None:
    shipping: list[Document] = [{"shippingKey": key, "shippingInfo": {"deliveries": []}} for key in ("north", "south")]
    order = order_document(shippingMode="Multiple", shipping=shipping)
    del order["shippingInfo"]
    mock.seed("order", order)
    add = {"action": "addDelivery", "items": [], "shippingKey": "south"}
    updated = mock.update(f"orders/{order['id']}", 7, add).json()
    assert [len(one["shippingInfo"]["deliveries"]) for one in updated["shipping"]] == [0, 1]
    assert mock.update(f"orders/{order['id']}", 8, {**add, "shippingKey": "west"}).status_code == 400


def test_a_refused_action_leaves_the_earlier_ones_of_the_request_undone(mock: StandIn) -> None:
    order = seeded_order(mock)
    good = {"action": "changeOrderState", "orderState": "Confirmed"}
    bad = {"action": "setReturnShipmentState", "returnItemId": "missing", "shipmentState": "Unusable"}
    assert mock.update(f"orders/{order['id']}", 7, good, bad).status_code == 400
    assert mock.get(f"orders/{order['id']}") == order


def state(mock: StandIn) -> Document:
    document = {"id": str(uuid.uuid4()), "version": 1, "key": str(uuid.uuid4()), "type": "LineItemState"}
    return {"typeId": "state", "id": str(mock.seed("state", document)["id"])}


def test_line_item_states_are_imported_for_the_whole_quantity_and_then_moved(mock: StandIn) -> None:
    order = seeded_order(mock)
    path = f"orders/{order['id']}"
    line = {"lineItemId": order["lineItems"][0]["id"]}
    picked, shipped = state(mock), state(mock)
    partial = {"action": "importLineItemState", **line, "state": [{"quantity": 1, "state": picked}]}
    assert mock.update(path, 7, partial).status_code == 400
    whole = {"action": "importLineItemState", **line, "state": [{"quantity": 2, "state": picked}]}
    move = {"action": "transitionLineItemState", **line, "quantity": 1, "fromState": picked, "toState": shipped}
    updated = mock.update(path, 7, whole, move).json()
    expected = [{"quantity": 1, "state": picked}, {"quantity": 1, "state": shipped}]
    assert updated["lineItems"][0]["state"] == expected
    (message,) = mock.get("messages", where=f'resource(id = "{order["id"]}")')["results"]
    assert message["type"] == "LineItemStateTransition"
    assert (message["fromState"], message["toState"]) == (picked, shipped)
    assert mock.update(path, 9, {**move, "quantity": 2}).status_code == 400
