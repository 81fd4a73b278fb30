"""Subscriptions deliver what changes cause, as CloudEvents, the way Event Grid does."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .stand_in import Document, StandIn, Webhook, order_document, run_stand_in, subscription_draft

Subscribe = Callable[..., Document]


@pytest.fixture(scope="module")
def batching_stand_in() -> Iterator[StandIn]:
    with run_stand_in(CT_MOCK_BATCH="1") as running:
        yield running


def seeded_order(mock: StandIn, **query: str | int) -> Document:
    order = order_document()
    mock.seed("order", order, **query)
    return order


def dead_events(mock: StandIn, order: Document) -> list[Document]:
    dead = mock.api.get("/__events/dead").json()["dead"]
    return [one for one in dead if one["event"]["subject"] == order["id"]]


def wait_for_dead(mock: StandIn, order: Document) -> list[Document]:
    deadline = time.monotonic() + 10
    while not dead_events(mock, order) and time.monotonic() < deadline:
        time.sleep(0.02)
    return dead_events(mock, order)


def test_creating_a_subscription_shakes_hands_and_sends_the_test_notification(
    subscribe: Subscribe, webhook: Webhook
) -> None:
    subscription = subscribe()
    assert [one["webhook-request-origin"] for one in webhook.handshakes] == ["eventgrid.azure.net"]
    headers, event = webhook.received[0]
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert event["type"] == "com.commercetools.subscription.change.ResourceCreated"
    assert event["subject"] == subscription["id"]
    assert event["data"]["notificationType"] == "ResourceCreated"
    assert event["data"]["resource"] == {"typeId": "subscription", "id": subscription["id"]}
    assert subscription["status"] == "Healthy"


def test_the_access_key_is_neither_shown_again_nor_sent_to_the_webhook(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscription = subscribe()
    assert "topic-access-key" not in str(mock.get(f"subscriptions/{subscription['id']}"))
    assert "aeg-sas-key" not in webhook.received[0][0]


@pytest.mark.parametrize("origin", [None, "elsewhere.example.com"])
def test_without_permission_from_the_endpoint_no_subscription_is_made(
    mock: StandIn, webhook: Webhook, origin: str | None
) -> None:
    webhook.allowed_origin = origin
    draft = subscription_draft(webhook)
    answer = mock.api.post("/demo/subscriptions", json=draft)
    assert answer.status_code == 400
    assert "OPTIONS" in answer.json()["message"]
    assert "function-key" not in answer.text
    assert mock.api.get(f"/demo/subscriptions/key={draft['key']}").status_code == 404


def test_an_endpoint_that_refuses_the_test_notification_gets_no_subscription(mock: StandIn, webhook: Webhook) -> None:
    webhook.statuses = [500]
    draft = subscription_draft(webhook)
    assert mock.api.post("/demo/subscriptions", json=draft).status_code == 400
    assert mock.api.get(f"/demo/subscriptions/key={draft['key']}").status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"format": {"type": "Platform"}},
        {"format": None},
        {"messages": []},
        {"destination": {"type": "AzureServiceBus", "connectionString": "Endpoint=sb://example"}},
    ],
)
def test_a_draft_that_could_not_work_is_refused(mock: StandIn, webhook: Webhook, changed: Document) -> None:
    draft = {name: value for name, value in subscription_draft(webhook, **changed).items() if value is not None}
    assert mock.api.post("/demo/subscriptions", json=draft).status_code == 400
    assert webhook.received == []


def test_a_subscription_key_is_taken_once(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    key = subscribe()["key"]
    answer = mock.api.post("/demo/subscriptions", json=subscription_draft(webhook, key=key))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "DuplicateField"


def test_a_seeded_order_is_announced_with_the_whole_order(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscribe()
    order = seeded_order(mock, message="OrderCreated")
    (event,) = webhook.wait_for(1)
    message = event["data"]
    assert event["specversion"] == "1.0"
    assert event["id"] == message["id"]
    assert event["type"] == "com.commercetools.order.message.OrderCreated"
    assert event["source"] == "/demo/orders"
    assert event["subject"] == order["id"]
    assert (event["sequence"], event["sequencetype"]) == ("1", "Integer")
    assert event["dataref"] == f"/demo/messages/{message['id']}"
    assert message["notificationType"] == "Message"
    assert message["projectKey"] == "demo"
    assert message["version"] == 1
    assert message["sequenceNumber"] == 1
    assert message["resourceVersion"] == order["version"]
    assert message["resourceUserProvidedIdentifiers"] == {"orderNumber": order["orderNumber"]}
    assert message["order"] == order


def test_seeding_without_a_message_announces_nothing(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe()
    silent = seeded_order(mock)
    announced = seeded_order(mock, message="OrderCreated")
    subjects = {event["subject"] for event in webhook.wait_for(1)}
    assert subjects == {announced["id"]}
    assert mock.get("messages", where=f'resource(id = "{silent["id"]}")')["results"] == []


def test_one_message_can_be_delivered_five_times_with_the_same_id(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscribe()
    seeded_order(mock, message="OrderCreated", times=5)
    events = webhook.wait_for(5)
    assert len(events) == 5
    assert len({event["id"] for event in events}) == 1


def test_a_delayed_message_arrives_after_a_later_one(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe()
    late = seeded_order(mock, message="OrderCreated", delay_ms=400)
    early = seeded_order(mock, message="OrderCreated")
    assert [event["subject"] for event in webhook.wait_for(2)] == [early["id"], late["id"]]


def test_an_import_is_announced_as_imported_and_not_as_created(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscribe()
    draft = {"orderNumber": f"IMPORT-{uuid.uuid4()}", "totalPrice": {"currencyCode": "EUR", "centAmount": 100}}
    order = mock.api.post("/demo/orders/import", json=draft).json()
    (event,) = webhook.wait_for(1)
    assert event["data"]["type"] == "OrderImported"
    assert event["data"]["order"] == order


def test_an_order_from_a_cart_is_announced_as_created(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe()
    cart = order_document(cartState="Active")
    mock.seed("cart", cart)
    draft = {"cart": {"typeId": "cart", "id": cart["id"]}, "version": 7, "orderNumber": f"CART-{uuid.uuid4()}"}
    order = mock.api.post("/demo/orders", json=draft).json()
    (event,) = webhook.wait_for(1)
    assert event["data"]["type"] == "OrderCreated"
    assert event["data"]["order"] == order


def test_the_sequence_number_rises_by_one_per_resource(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe()
    order = seeded_order(mock, message="OrderCreated")
    confirm = {"action": "changeOrderState", "orderState": "Confirmed"}
    ship = {"action": "changeShipmentState", "shipmentState": "Shipped"}
    assert mock.update(f"orders/{order['id']}", 7, confirm, ship).status_code == 200
    messages = sorted((event["data"] for event in webhook.wait_for(3)), key=lambda data: data["sequenceNumber"])
    assert [message["sequenceNumber"] for message in messages] == [1, 2, 3]
    assert [message["resourceVersion"] for message in messages] == [7, 8, 9]
    assert [message["type"] for message in messages] == [
        "OrderCreated",
        "OrderStateChanged",
        "OrderShipmentStateChanged",
    ]
    assert (messages[1]["orderState"], messages[1]["oldOrderState"]) == ("Confirmed", "Open")


def test_actions_without_a_message_of_their_own_send_none(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscribe()
    order = order_document()
    del order["orderNumber"]
    mock.seed("order", order)
    number = {"action": "setOrderNumber", "orderNumber": f"LATER-{uuid.uuid4()}"}
    same = {"action": "changeOrderState", "orderState": "Open"}
    ship = {"action": "changeShipmentState", "shipmentState": "Shipped"}
    assert mock.update(f"orders/{order['id']}", 7, number, same, ship).status_code == 200
    assert [event["data"]["type"] for event in webhook.wait_for(1)] == ["OrderShipmentStateChanged"]


def test_a_refused_update_announces_nothing(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe()
    order = seeded_order(mock)
    good = {"action": "changeOrderState", "orderState": "Confirmed"}
    bad = {"action": "setReturnShipmentState", "returnItemId": "missing", "shipmentState": "Unusable"}
    assert mock.update(f"orders/{order['id']}", 7, good, bad).status_code == 400
    assert mock.get("messages", where=f'resource(id = "{order["id"]}")')["results"] == []
    assert webhook.events() == []


def test_returns_and_parcels_are_announced(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe()
    order = seeded_order(mock)
    line = order["lineItems"][0]["id"]
    item = {"quantity": 1, "lineItemId": line, "shipmentState": "Returned", "key": "return-1"}
    parcel = {"key": "parcel-1"}
    actions: list[Document] = [
        {"action": "addDelivery", "deliveryKey": "d-1", "items": [{"id": line, "quantity": 1}], "parcels": [parcel]},
        {"action": "setParcelTrackingData", "parcelKey": "parcel-1", "trackingData": {"trackingId": "TRACK-1"}},
        {"action": "addReturnInfo", "items": [item]},
        {"action": "setReturnShipmentState", "returnItemKey": "return-1", "shipmentState": "BackInStock"},
        {"action": "setReturnPaymentState", "returnItemKey": "return-1", "paymentState": "Refunded"},
    ]
    assert mock.update(f"orders/{order['id']}", 7, *actions).status_code == 200
    messages = {event["data"]["type"]: event["data"] for event in webhook.wait_for(4)}
    assert set(messages) == {
        "DeliveryAdded",
        "ParcelTrackingDataUpdated",
        "ReturnInfoAdded",
        "OrderReturnShipmentStateChanged",
    }
    assert messages["DeliveryAdded"]["delivery"]["key"] == "d-1"
    assert messages["ParcelTrackingDataUpdated"]["trackingData"] == {"trackingId": "TRACK-1"}
    assert messages["OrderReturnShipmentStateChanged"]["returnShipmentState"] == "BackInStock"


def test_a_change_subscription_hears_of_what_has_no_message(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscribe(messages=[], changes=[{"resourceTypeId": "order"}])
    order = order_document()
    del order["orderNumber"]
    mock.seed("order", order)
    number = f"LATER-{uuid.uuid4()}"
    mock.update(f"orders/{order['id']}", 7, {"action": "setOrderNumber", "orderNumber": number})
    (event,) = webhook.wait_for(1)
    assert event["type"] == "com.commercetools.order.change.ResourceUpdated"
    assert (event["data"]["oldVersion"], event["data"]["version"]) == (7, 8)
    assert event["data"]["resourceUserProvidedIdentifiers"] == {"orderNumber": number}


def test_a_subscription_hears_only_the_message_types_it_names(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscribe(messages=[{"resourceTypeId": "order", "types": ["OrderStateChanged"]}])
    order = seeded_order(mock, message="OrderCreated")
    mock.update(f"orders/{order['id']}", 7, {"action": "changeOrderState", "orderState": "Complete"})
    assert [event["data"]["type"] for event in webhook.wait_for(1)] == ["OrderStateChanged"]


def test_a_subscription_can_be_told_to_hear_other_messages(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook
) -> None:
    subscription = subscribe()
    action = {"action": "setMessages", "messages": [{"resourceTypeId": "customer"}]}
    assert mock.update(f"subscriptions/{subscription['id']}", 1, action).status_code == 200
    seeded_order(mock, message="OrderCreated")
    customer = {"id": str(uuid.uuid4()), "version": 1, "email": "customer@example.com", "addresses": []}
    mock.seed("customer", customer, message="CustomerCreated")
    (event,) = webhook.wait_for(1)
    assert event["data"]["type"] == "CustomerCreated"
    assert event["data"]["customer"]["email"] == "customer@example.com"


def test_a_busy_endpoint_gets_the_event_again(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe()
    webhook.statuses = [503, 429]
    order = seeded_order(mock, message="OrderCreated")
    events = webhook.wait_for(3)
    assert [event["subject"] for event in events] == [order["id"]] * 3
    assert len({event["id"] for event in events}) == 1
    assert [headers["aeg-delivery-count"] for headers, _ in webhook.received[1:]] == ["0", "1", "2"]


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_refused_event_is_not_sent_again_but_kept_as_dead(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook, status: int
) -> None:
    subscribe()
    webhook.statuses = [status]
    order = seeded_order(mock, message="OrderCreated")
    mine = wait_for_dead(mock, order)
    assert [(one["status"], one["attempts"]) for one in mine] == [(status, 1)]
    assert "function-key" not in str(mine)
    assert len(webhook.events()) == 1


def test_an_endpoint_that_stays_broken_is_given_up(webhook: Webhook) -> None:
    with run_stand_in(CT_MOCK_GIVE_UP_MS="1000") as running:
        assert running.api.post("/demo/subscriptions", json=subscription_draft(webhook)).status_code == 201
        webhook.statuses = [503] * 10
        order = seeded_order(running, message="OrderCreated")
        (dead,) = wait_for_dead(running, order)
        assert running.api.get("/__events").json() == {"delivered": 0, "pending": 0, "dead": 1}
    # At once and after 0.5 s; the third attempt, 1 s later, would come too late.
    assert (dead["status"], dead["attempts"]) == (503, 2)
    assert len(webhook.events()) == 2


def test_messages_are_queried_sorted_and_limited(mock: StandIn) -> None:
    order = seeded_order(mock, message="OrderCreated")
    path = f"orders/{order['id']}"
    mock.update(path, 7, {"action": "changeOrderState", "orderState": "Confirmed"})
    mock.update(path, 8, {"action": "changeOrderState", "orderState": "Complete"})
    query: dict[str, Any] = {
        "where": f'resource(typeId = "order" and id = "{order["id"]}")',
        "sort": "sequenceNumber desc",
    }
    page = mock.get("messages", **query, limit=2)
    assert [message["sequenceNumber"] for message in page["results"]] == [3, 2]
    assert page["total"] == 3
    stored = page["results"][0]
    assert "notificationType" not in stored
    assert mock.get(f"messages/{stored['id']}") == stored


def test_a_batching_event_grid_sends_several_events_in_one_request(
    batching_stand_in: StandIn, webhook: Webhook
) -> None:
    answer = batching_stand_in.api.post("/demo/subscriptions", json=subscription_draft(webhook))
    assert answer.status_code == 201, answer.text
    seeded_order(batching_stand_in, message="OrderCreated", times=3)
    assert len(webhook.wait_for(3)) == 3
    headers, body = webhook.received[-1]
    assert headers["content-type"].startswith("application/cloudevents-batch+json")
    assert len(body) == 3
