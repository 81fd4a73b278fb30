"""The intake through the real Functions runtime: every form of delivery, every refusal."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import httpx
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from local.orders import customer_document, order_document
from local.scenario import Row, Scenario, wait_until
from tests.acceptance.orders import arrived, assert_totals, new_number, new_shopper

STRUCTURED = {"content-type": "application/cloudevents+json"}


def seeded(scenario: Scenario) -> Row:
    """Store an order without any event."""
    shopper = new_shopper()
    scenario.seed("customer", customer_document(shopper))
    order = order_document(new_number(), shopper)
    scenario.seed("order", order)
    return order


def payload(order: Row, message_type: str = "OrderCreated", project: str = "demo") -> Row:
    """The Platform payload of an order message."""
    return {
        "notificationType": "Message",
        "projectKey": project,
        "id": str(uuid.uuid4()),
        "version": 1,
        "sequenceNumber": 1,
        "resource": {"typeId": "order", "id": order["id"]},
        "resourceVersion": 1,
        "type": message_type,
    }


def cloud_event(data: Row) -> Row:
    return {
        "specversion": "1.0",
        "id": data["id"],
        "source": f"/{data['projectKey']}/orders",
        "type": f"com.commercetools.order.message.{data['type']}",
        "subject": data["resource"]["id"],
        "data": data,
    }


def test_the_handshake_of_event_grid_is_answered(scenario: Scenario) -> None:
    origin = "eventgrid.azure.net"
    answer = httpx.options(scenario.events_url, headers={"WebHook-Request-Origin": origin})
    assert answer.status_code == 200
    assert answer.headers["WebHook-Allowed-Origin"] == origin


def test_without_the_function_key_nothing_is_taken(scenario: Scenario) -> None:
    url = scenario.events_url.split("?")[0]
    assert httpx.post(url, json={}).status_code == 401
    assert httpx.options(url, headers={"WebHook-Request-Origin": "x"}).status_code == 401


def test_a_structured_cloud_event_brings_its_order(scenario: Scenario) -> None:
    order = seeded(scenario)
    answer = httpx.post(scenario.events_url, json=cloud_event(payload(order)), headers=STRUCTURED)
    assert (answer.status_code, answer.json()) == (200, {"queued": 1, "ignored": 0})
    assert_totals(order, arrived(scenario, order))


def test_a_binary_cloud_event_brings_its_order(scenario: Scenario) -> None:
    order = seeded(scenario)
    event = cloud_event(payload(order, "OrderImported"))
    headers = {f"ce-{name}": event[name] for name in ("specversion", "id", "source", "type", "subject")}
    answer = httpx.post(scenario.events_url, json=event["data"], headers=headers)
    assert answer.json() == {"queued": 1, "ignored": 0}
    assert_totals(order, arrived(scenario, order))


def test_a_batch_brings_all_its_orders_and_counts_what_is_nobodys_work(scenario: Scenario) -> None:
    orders = [seeded(scenario), seeded(scenario)]
    batch = [cloud_event(payload(order, "OrderCreatedFromRecurringOrder")) for order in orders]
    batch.append(cloud_event(payload(orders[0], "OrderBrandNewMessageType")))
    headers = {"content-type": "application/cloudevents-batch+json"}
    answer = httpx.post(scenario.events_url, content=json.dumps(batch), headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"queued": 2, "ignored": 1})
    for order in orders:
        assert_totals(order, arrived(scenario, order))


def test_the_platform_payload_is_taken_over_http_and_from_the_queue(scenario: Scenario) -> None:
    over_http, over_queue = seeded(scenario), seeded(scenario)
    assert httpx.post(scenario.events_url, json=payload(over_http)).json() == {"queued": 1, "ignored": 0}
    with (
        ServiceBusClient.from_connection_string(scenario.env["ServiceBus"]) as client,
        client.get_queue_sender("commercetools-events") as sender,
    ):
        sender.send_messages(ServiceBusMessage(json.dumps(payload(over_queue))))
    for order in (over_http, over_queue):
        assert_totals(order, arrived(scenario, order))


def test_the_test_notification_of_a_new_subscription_is_acknowledged(scenario: Scenario) -> None:
    data = {
        "notificationType": "ResourceCreated",
        "projectKey": "demo",
        "resource": {"typeId": "subscription", "id": str(uuid.uuid4())},
        "version": 1,
        "modifiedAt": datetime.now(UTC).isoformat(),
    }
    answer = httpx.post(scenario.events_url, json=data)
    assert (answer.status_code, answer.json()) == (200, {"queued": 0, "ignored": 1})


def test_an_unknown_project_is_forbidden(scenario: Scenario) -> None:
    data = payload({"id": str(uuid.uuid4())}, project="somebody-else")
    answer = httpx.post(scenario.events_url, json=cloud_event(data), headers=STRUCTURED)
    assert answer.status_code == 403
    assert "somebody-else" in answer.json()["detail"]


def test_a_malformed_delivery_is_refused_with_a_problem_body_and_an_audit_entry(scenario: Scenario) -> None:
    event = cloud_event(payload({"id": str(uuid.uuid4())}))
    del event["data"]["resource"]
    answer = httpx.post(scenario.events_url, json=event, headers=STRUCTURED)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    problem = answer.json()
    assert "resource is missing" in problem["detail"]
    entries = wait_until("the audit entry", lambda: scenario.audit(problem["correlationId"]))
    assert [(entry["step"], entry["outcome"]) for entry in entries] == [("refused", "MalformedNotification")]


def test_a_body_above_the_limit_is_refused_unread(scenario: Scenario) -> None:
    answer = httpx.post(scenario.events_url, content=b"[" + b" " * 1024 * 1024 + b"]")
    assert answer.status_code == 413
