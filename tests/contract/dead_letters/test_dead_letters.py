from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient

from local.servicebus.config import QueueConfig
from local.servicebus.embedded import EmbeddedBroker
from shared.errors import NotFound, Permanent, Transient
from shared.messaging.dead_letter import DeadLetterMessage, Resubmitted, with_body
from shared.messaging.dead_letters import AzureDeadLetters

NAMES = count(1)
ENVELOPE = {"schema": 1, "flow": "orders", "entity_id": "o-1", "attempt": 7, "cause": {"id": "m-1"}}


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


@pytest.fixture
def queue(broker: EmbeddedBroker) -> str:
    return broker.add_queue(QueueConfig(name=f"orders-{next(NAMES)}", requires_session=True, lock_duration_seconds=5))


@pytest.fixture
def dead_letters(broker: EmbeddedBroker) -> AzureDeadLetters:
    return AzureDeadLetters(lambda: ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0))


@pytest.fixture
async def client(broker: EmbeddedBroker) -> AsyncIterator[ServiceBusClient]:
    async with ServiceBusClient.from_connection_string(broker.connection_string, retry_total=0) as opened:
        yield opened


def envelope_message(number: int, body: str | bytes | None = None, session: str = "orders:o-1") -> ServiceBusMessage:
    return ServiceBusMessage(
        body if body is not None else json.dumps(ENVELOPE),
        message_id=f"m-{number}",
        session_id=session,
        correlation_id=f"corr-{number}",
        content_type="application/json",
        application_properties={"flow": "orders", "entity_id": "o-1"},
    )


async def dead_letter(client: ServiceBusClient, queue: str, *messages: ServiceBusMessage, session: str) -> None:
    """Send and have the broker dead-letter, as a failing trigger would."""
    sender, receiver = client.get_queue_sender(queue), client.get_queue_receiver(queue, session_id=session)
    # Side by side, since each takes half a second to open and to close.
    await asyncio.gather(sender.__aenter__(), receiver.__aenter__())
    await sender.send_messages(list(messages))
    left = len(messages)
    while left:
        for message in await receiver.receive_messages(max_message_count=left, max_wait_time=3):
            await receiver.dead_letter_message(message, "MaxDeliveryCountExceeded", "failed ten times")
            left -= 1
    await asyncio.gather(sender.close(), receiver.close())


async def received(client: ServiceBusClient, queue: str, session: str, wanted: int) -> list[ServiceBusReceivedMessage]:
    found: list[ServiceBusReceivedMessage] = []
    async with client.get_queue_receiver(queue, session_id=session) as receiver:
        while len(found) < wanted:
            batch = await receiver.receive_messages(max_message_count=wanted, max_wait_time=3)
            assert batch, f"only {len(found)} of {wanted} messages arrived"
            for message in batch:
                await receiver.complete_message(message)
            found += batch
    return found


async def test_a_listing_shows_what_the_broker_knows_and_locks_nothing(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, envelope_message(1), session="orders:o-1")

    twice = [await dead_letters.list_messages(queue), await dead_letters.list_messages(queue)]

    assert twice[0] == twice[1]
    message = twice[0][0]
    assert (message.queue, message.message_id, message.session_id) == (queue, "m-1", "orders:o-1")
    assert (message.reason, message.description) == ("MaxDeliveryCountExceeded", "failed ten times")
    assert message.correlation_id == "corr-1"
    assert json.loads(message.body) == ENVELOPE
    assert message.properties["entity_id"] == "o-1"
    assert message.enqueued_at is not None
    assert message.enqueued_at.tzinfo is not None


async def test_a_listing_goes_through_all_pages(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    messages = [envelope_message(number) for number in range(230)]
    await dead_letter(client, queue, *messages, session="orders:o-1")

    listed = await dead_letters.list_messages(queue)

    assert [message.message_id for message in listed] == [f"m-{number}" for number in range(230)]


async def test_a_resubmitted_message_is_a_fresh_copy_in_the_same_session(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, envelope_message(1), session="orders:o-1")

    done = await dead_letters.resubmit(queue, {"m-1"})

    [copy] = await received(client, queue, "orders:o-1", 1)
    assert [(result.original.message_id, result.message_id) for result in done] == [("m-1", copy.message_id)]
    assert copy.message_id != "m-1"
    assert json.loads(str(copy)) == {**ENVELOPE, "attempt": 1}
    assert (copy.correlation_id, copy.content_type) == ("corr-1", "application/json")
    assert copy.application_properties == {b"flow": b"orders", b"entity_id": b"o-1"}
    assert await dead_letters.list_messages(queue) == []


async def test_only_the_wanted_ones_go_and_the_others_are_available_at_once(
    broker: EmbeddedBroker, client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, *(envelope_message(number) for number in range(5)), session="orders:o-1")
    listed = await dead_letters.list_messages(queue)

    await dead_letters.resubmit(queue, {listed[1].sequence_number, listed[3].sequence_number})

    async with client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        left = await receiver.receive_messages(max_message_count=5, max_wait_time=1)
    assert sorted(str(message.message_id) for message in left) == ["m-0", "m-2", "m-4"]
    assert broker.counts(queue).active == 2


async def test_a_predicate_reaches_messages_behind_many_others(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, *(envelope_message(number) for number in range(150)), session="orders:o-1")

    done = await dead_letters.resubmit(queue, lambda message: message.message_id == "m-149")

    assert [result.original.message_id for result in done] == ["m-149"]
    assert len(await dead_letters.list_messages(queue)) == 149


async def test_a_body_that_is_no_envelope_is_sent_again_to_the_byte(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    poison = b'\xff\x00{"attempt": 3'
    await dead_letter(client, queue, envelope_message(1, poison), session="orders:o-1")

    await dead_letters.resubmit(queue, {"m-1"})

    [copy] = await received(client, queue, "orders:o-1", 1)
    assert b"".join(copy.body) == poison


async def test_an_edited_copy_carries_the_new_body_and_session(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, envelope_message(1), session="orders:o-1")

    await dead_letters.resubmit(
        queue,
        {"m-1"},
        edit=lambda message: with_body(message, b'{"entity_id": "o-2"}', "orders:o-2", {"entity_id": "o-2"}),
    )

    [copy] = await received(client, queue, "orders:o-2", 1)
    assert b"".join(copy.body) == b'{"entity_id": "o-2"}'
    assert copy.application_properties == {b"flow": b"orders", b"entity_id": b"o-2"}


async def test_discarded_messages_are_gone_and_nothing_is_sent(
    broker: EmbeddedBroker, client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, envelope_message(1), envelope_message(2), session="orders:o-1")

    done = await dead_letters.discard(queue, {"m-1"})

    assert [message.message_id for message in done] == ["m-1"]
    counts = broker.counts(queue)
    assert (counts.active, counts.dead_letter) == (0, 1)


async def test_bookkeeping_that_fails_stops_the_pass_and_keeps_the_rest(
    broker: EmbeddedBroker, client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, *(envelope_message(number) for number in range(3)), session="orders:o-1")

    async def refuse(result: Resubmitted) -> None:
        raise Transient("Azure Tables", "append", f"no answer after {result.original.message_id}")

    with pytest.raises(Transient, match="no answer after m-0"):
        await dead_letters.resubmit(queue, lambda message: bool(message.message_id), settled=refuse)

    counts = broker.counts(queue)
    assert (counts.active, counts.dead_letter) == (1, 2)
    done = await dead_letters.resubmit(queue, {"m-1", "m-2"})
    assert [result.original.message_id for result in done] == ["m-1", "m-2"]


async def test_a_message_that_another_reader_holds_is_left_out(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.dead_letters.PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr("shared.messaging.dead_letters.WAIT_SECONDS", 0.2)
    await dead_letter(client, queue, envelope_message(1), envelope_message(2), session="orders:o-1")
    async with client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as other:
        [held] = await other.receive_messages(max_message_count=1, max_wait_time=3)

        done = await dead_letters.resubmit(queue, {"m-1", "m-2"})

        assert [result.original.message_id for result in done] == ["m-2"]
        await other.abandon_message(held)


async def test_nothing_wanted_touches_nothing(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters
) -> None:
    await dead_letter(client, queue, envelope_message(1), session="orders:o-1")
    before = await dead_letters.list_messages(queue)

    assert await dead_letters.resubmit(queue, {"m-9"}) == []
    assert await dead_letters.list_messages(queue) == before


async def test_a_queue_that_does_not_exist_is_named(dead_letters: AzureDeadLetters) -> None:
    with pytest.raises(NotFound, match="read the dead letters of nowhere"):
        await dead_letters.list_messages("nowhere")


async def test_a_namespace_that_is_down_is_transient(broker: EmbeddedBroker, queue: str) -> None:
    down = broker.connection_string.replace(str(broker.port), "1")
    dead_letters = AzureDeadLetters(lambda: ServiceBusClient.from_connection_string(down, retry_total=0))

    with pytest.raises(Transient, match=f"read the dead letters of {queue}"):
        await asyncio.wait_for(dead_letters.list_messages(queue), 60)


async def test_a_malformed_connection_string_names_the_setting() -> None:
    dead_letters = AzureDeadLetters(lambda: ServiceBusClient.from_connection_string("nonsense"))

    with pytest.raises(Permanent, match="check the setting ServiceBus"):
        await dead_letters.list_messages("orders")


async def test_two_passes_at_once_share_the_work(
    client: ServiceBusClient, queue: str, dead_letters: AzureDeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.dead_letters.PATIENCE_SECONDS", 1.5)
    monkeypatch.setattr("shared.messaging.dead_letters.WAIT_SECONDS", 0.5)
    await dead_letter(client, queue, *(envelope_message(number) for number in range(20)), session="orders:o-1")

    def anything(message: DeadLetterMessage) -> bool:
        return message.queue == queue

    results = await asyncio.gather(dead_letters.resubmit(queue, anything), dead_letters.resubmit(queue, anything))

    done = sorted(result.original.message_id for part in results for result in part)
    assert done == sorted(f"m-{number}" for number in range(20))
    assert await dead_letters.list_messages(queue) == []
