"""From deliveries to the queue: what is work, what is counted, what is refused."""

from __future__ import annotations

import json

import pytest

from shared.commercetools.messages import MalformedNotification
from shared.errors import Transient
from shared.pipeline.envelope import Envelope, parse_envelope
from shared.pipeline.failures import Incoming, MessageFailed
from shared.pipeline.intake import Accepted, UnknownProject, accept_message, accept_request, take_message
from tests.fakes.clock import START
from tests.fakes.road import Bench
from tests.unit.intake.deliveries import Delivery, batch, cloud_event, message, official, platform, structured

PROJECTS = {"shop": None, "shop-b2b": None}


async def accepted(bench: Bench, delivery: Delivery) -> Accepted:
    return await accept_request(bench.road, PROJECTS, *delivery, "delivery-1")


def queued(bench: Bench) -> list[Envelope]:
    return [parse_envelope(message.body) for message in bench.sender.sent.get("orders", [])]


@pytest.mark.parametrize("birth", ["OrderCreated", "OrderImported", "OrderCreatedFromRecurringOrder"])
async def test_each_of_the_three_births_of_an_order_is_queued_for_the_orders_flow(birth: str) -> None:
    bench = Bench()
    assert await accepted(bench, structured(cloud_event(message(birth)))) == Accepted(1, 0)
    (found,) = queued(bench)
    assert (found.flow, found.project, found.entity_type, found.entity_id) == ("orders", "shop", "order", "order-1")
    assert (found.cause.source, found.cause.type, found.cause.id) == ("commercetools", birth, "message-of-order-1")
    assert (found.cause.sequence_number, found.attempt, found.accepted_at) == (2, 1, START)
    assert found.correlation_id.startswith("shop/")


async def test_the_same_message_by_both_ways_is_one_cause() -> None:
    bench = Bench()
    await accepted(bench, structured(cloud_event(message())))
    await accept_message(bench.road, PROJECTS, platform(message())[1])
    first, second = queued(bench)
    assert first.payload_hash == second.payload_hash


async def test_no_data_of_the_payload_travels_on() -> None:
    bench = Bench()
    await accepted(bench, platform(message(order="order-1", lastName="Doe", customerEmail="customer@example.com")))
    body = bench.sender.sent["orders"][0].body
    assert "Doe" not in body
    assert "example.com" not in body


async def test_a_batch_is_sent_as_one_batch() -> None:
    bench = Bench()
    events = [cloud_event(message(order=f"order-{number}")) for number in range(5)]
    assert await accepted(bench, batch(*events)) == Accepted(5, 0)
    assert bench.sender.batches == 1
    assert [message.session_id for message in bench.sender.sent["orders"]] == [f"orders:order-{n}" for n in range(5)]


async def test_what_no_flow_wants_is_counted_and_not_queued() -> None:
    bench = Bench()
    delivery = batch(cloud_event(message()), cloud_event(message("OrderStateChanged")))
    assert await accepted(bench, delivery) == Accepted(1, 1)
    counted = [(dimensions["type"], dimensions["queued"]) for name, dimensions in bench.telemetry.events]
    assert counted == [("OrderCreated", "true"), ("OrderStateChanged", "false")]


async def test_the_test_notification_of_a_subscription_is_acknowledged() -> None:
    bench = Bench()
    document = official("resource-created-payload") | {"projectKey": "shop"}
    document["resource"] = {"typeId": "subscription", "id": "s-1"}
    assert await accepted(bench, structured(cloud_event(document))) == Accepted(0, 1)
    assert bench.sender.batches == 0


async def test_an_empty_batch_is_fine_and_sends_nothing() -> None:
    bench = Bench()
    assert await accepted(bench, batch()) == Accepted(0, 0)
    assert bench.sender.batches == 0


async def test_one_unknown_project_refuses_the_whole_batch() -> None:
    bench = Bench()
    delivery = batch(cloud_event(message()), cloud_event(message(project="stranger")))
    with pytest.raises(UnknownProject, match="project stranger is not in the market map"):
        await accepted(bench, delivery)
    assert queued(bench) == []


async def test_a_refused_delivery_leaves_an_audit_entry_without_its_body() -> None:
    bench = Bench()
    headers, body = structured({"specversion": "1.0", "id": "1", "source": "customer@example.com"})
    with pytest.raises(MalformedNotification, match="CloudEvents attribute type is missing"):
        await accepted(bench, (headers, body))
    (entry,) = await bench.audit("delivery-1")
    assert (entry.flow, entry.step, entry.outcome) == ("intake", "refused", "MalformedNotification")
    assert entry.why == "CloudEvents attribute type is missing"
    assert "example.com" not in str(entry)


async def test_a_queue_that_cannot_be_reached_is_told_to_the_sender_so_that_it_delivers_again() -> None:
    bench = Bench()
    bench.sender.down = True
    with pytest.raises(Transient):
        await accepted(bench, platform(message()))


async def test_what_was_not_queued_is_not_counted_as_queued() -> None:
    bench = Bench()
    bench.sender.down = True
    with pytest.raises(Transient):
        await accepted(bench, platform(message()))
    assert bench.telemetry.events == []


@pytest.mark.parametrize("body", [b"{", b"[]", json.dumps({"notificationType": "Message"}).encode()])
async def test_a_malformed_message_of_the_service_bus_queue_raises_for_the_host(body: bytes) -> None:
    with pytest.raises(MalformedNotification):
        await accept_message(Bench().road, PROJECTS, body)


async def test_a_stranger_on_the_service_bus_queue_raises_too() -> None:
    with pytest.raises(UnknownProject, match="stranger is not in the market map"):
        await accept_message(Bench().road, PROJECTS, platform(message(project="stranger"))[1])


async def test_a_cloud_event_on_the_service_bus_queue_is_understood_as_well() -> None:
    bench = Bench()
    assert await accept_message(bench.road, PROJECTS, structured(cloud_event(message()))[1]) == Accepted(1, 0)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 100_000, "MalformedNotification"),
        (b"\xff\xfe", "MalformedNotification"),
        (platform(message(project="stranger"))[1], "UnknownProject"),
    ],
)
async def test_a_message_that_can_never_be_accepted_fails_fast_from_then_on_and_says_why(
    body: bytes, reason: str
) -> None:
    bench = Bench()
    for delivery in (1, 2, 3):
        with pytest.raises(MessageFailed):
            await take_message(bench.road, PROJECTS, Incoming("commercetools-events", body, "m-7", 1, delivery))
    (entry,) = await bench.audit("m-7")
    assert (entry.flow, entry.step, entry.outcome, entry.actor) == (
        "intake",
        "refused",
        reason,
        "commercetools-events",
    )
    failure = await bench.state.failures.get("commercetools-events", "m-7", 1)
    assert failure is not None
    assert (failure.reason, failure.detail) == (reason, entry.why)
