"""Queues without sessions: what every SDK call must do. Each test goes through the sync and the aio SDK."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusMessageState, ServiceBusReceiveMode
from azure.servicebus.amqp import AmqpAnnotatedMessage
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusError,
)

from local.servicebus.queue import Counts

from .desk import Desk, with_both_sdks

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTHING = Counts(active=0, scheduled=0, deferred=0, dead_letter=0)


def body(message: Any) -> bytes:
    return b"".join(message.body)


async def plain(desk: Desk) -> tuple[str, Any]:
    queue = desk.queue("plain", max_delivery_count=3)
    return queue, await desk.receiver(queue)


async def brief(desk: Desk) -> tuple[str, Any]:
    """A queue whose locks end after a second."""
    queue = desk.queue("brief", lock_duration_seconds=1)
    return queue, await desk.receiver(queue)


@with_both_sdks
async def test_a_single_message_arrives_with_all_its_properties(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    mark = uuid.uuid4()
    properties: dict[str | bytes, Any] = {"i": 7, "u": mark, "f": 1.5, "t": True, "s": "é"}
    sent = ServiceBusMessage(
        b"body",
        message_id="id-1",
        subject="subject",
        correlation_id="correlation",
        content_type="application/json",
        reply_to="replies",
        to="here",
        application_properties=properties,
    )
    await desk.send(queue, sent)
    message = await desk.receive_one(receiver)
    assert body(message) == b"body"
    assert (message.message_id, message.subject, message.correlation_id) == ("id-1", "subject", "correlation")
    assert (message.content_type, message.reply_to, message.to) == ("application/json", "replies", "here")
    assert message.application_properties == {b"i": 7, b"u": mark, b"f": 1.5, b"t": True, b"s": "é".encode()}
    assert message.delivery_count == 0
    assert abs((message.enqueued_time_utc - datetime.now(UTC)).total_seconds()) < 5
    assert 50 < (message.locked_until_utc - datetime.now(UTC)).total_seconds() <= 60
    await desk.complete(receiver, message)
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_a_batch_arrives_in_the_order_in_which_it_was_filled(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    sender = await desk.sender(queue)
    batch = await desk.call(sender.create_message_batch)
    for number in range(50):
        batch.add_message(ServiceBusMessage(f"body {number}", message_id=f"id {number}"))
    await desk.call(sender.send_messages, batch)
    messages = await desk.receive(receiver, 50)
    assert [(str(message), message.message_id) for message in messages] == [
        (f"body {number}", f"id {number}") for number in range(50)
    ]
    numbers = [message.sequence_number for message in messages]
    assert numbers == list(range(numbers[0], numbers[0] + 50))
    await desk.complete(receiver, *messages)


@with_both_sdks
async def test_a_batch_of_one_is_one_message(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    sender = await desk.sender(queue)
    batch = await desk.call(sender.create_message_batch)
    batch.add_message(ServiceBusMessage("alone"))
    await desk.call(sender.send_messages, batch)
    message = await desk.receive_one(receiver)
    assert str(message) == "alone"
    await desk.complete(receiver, message)


@with_both_sdks
async def test_a_message_of_many_frames_arrives_whole(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    large = bytes(range(256)) * 3600
    await desk.send(queue, ServiceBusMessage(large))
    message = await desk.receive_one(receiver)
    assert body(message) == large
    await desk.complete(receiver, message)


@with_both_sdks
async def test_a_body_that_looks_like_a_message_stays_a_body(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage(b"\x00\x53\x75\xa0\x01x"))
    message = await desk.receive_one(receiver)
    assert body(message) == b"\x00\x53\x75\xa0\x01x"
    await desk.complete(receiver, message)


@with_both_sdks
async def test_value_and_sequence_bodies_and_annotations_keep_their_types(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    sender = await desk.sender(queue)
    await desk.call(sender.send_messages, AmqpAnnotatedMessage(value_body={"a": 1, "b": [1, 2]}))
    sequence = AmqpAnnotatedMessage(
        sequence_body=[1, "x"], annotations={"x-mine": 3}, delivery_annotations={"d": 1}, footer={"f": 1}
    )
    await desk.call(sender.send_messages, sequence)
    first, second = await desk.receive(receiver, 2)
    assert first.body == {b"a": 1, b"b": [1, 2]}
    assert list(second.body) == [[1, b"x"]]
    assert second.raw_amqp_message.annotations[b"x-mine"] == 3
    assert second.raw_amqp_message.footer == {b"f": 1}
    await desk.complete(receiver, first, second)


@with_both_sdks
async def test_a_message_too_large_for_the_queue_is_refused(desk: Desk) -> None:
    queue = desk.queue("small", max_message_bytes=2048)
    with pytest.raises(MessageSizeExceededError):
        await desk.send(queue, ServiceBusMessage(b"x" * 4096))
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_an_abandoned_message_comes_back_with_a_higher_delivery_count(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage("again"))
    first = await desk.receive_one(receiver)
    await desk.call(receiver.abandon_message, first)
    second = await desk.receive_one(receiver)
    assert (second.delivery_count, second.sequence_number) == (1, first.sequence_number)
    await desk.complete(receiver, second)


@with_both_sdks
async def test_a_message_abandoned_as_often_as_allowed_is_dead_lettered(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage("poison", message_id="p", application_properties={"k": 5}))
    for expected_count in range(3):
        message = await desk.receive_one(receiver)
        assert message.delivery_count == expected_count
        await desk.call(receiver.abandon_message, message)
    assert await desk.finds_nothing(receiver)
    assert desk.broker.counts(queue) == Counts(active=0, scheduled=0, deferred=0, dead_letter=1)
    dead_letters = await desk.dead_letters(queue)
    dead = await desk.receive_one(dead_letters)
    assert (str(dead), dead.message_id, dead.delivery_count) == ("poison", "p", 3)
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert dead.application_properties[b"k"] == 5
    await desk.complete(dead_letters, dead)
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_a_dead_lettered_message_keeps_its_properties_and_says_why(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    sent = ServiceBusMessage("d", message_id="d-1", subject="s", application_properties={"k": 5, "f": 1.0})
    await desk.send(queue, sent)
    message = await desk.receive_one(receiver)
    await desk.call(receiver.dead_letter_message, message, reason="bad", error_description="why")
    dead_letters = await desk.dead_letters(queue)
    assert [str(peeked) for peeked in await desk.call(dead_letters.peek_messages, 5, sequence_number=1)] == ["d"]
    dead = await desk.receive_one(dead_letters)
    assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("bad", "why")
    assert (dead.message_id, dead.subject, dead.enqueued_time_utc) == ("d-1", "s", message.enqueued_time_utc)
    assert dead.application_properties == {
        b"k": 5,
        b"f": 1.0,
        b"DeadLetterReason": b"bad",
        b"DeadLetterErrorDescription": b"why",
    }
    await desk.complete(dead_letters, dead)


@with_both_sdks
async def test_a_message_can_be_dead_lettered_without_a_reason(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage("silent"))
    await desk.call(receiver.dead_letter_message, await desk.receive_one(receiver))
    dead_letters = await desk.dead_letters(queue)
    dead = await desk.receive_one(dead_letters)
    assert dead.dead_letter_reason is None
    await desk.complete(dead_letters, dead)


@with_both_sdks
async def test_a_dead_letter_abandoned_often_stays_in_the_dead_letter_queue(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage("stays"))
    await desk.call(receiver.dead_letter_message, await desk.receive_one(receiver), reason="r")
    dead_letters = await desk.dead_letters(queue)
    for _ in range(5):
        await desk.call(dead_letters.abandon_message, await desk.receive_one(dead_letters))
    dead = await desk.receive_one(dead_letters)
    assert dead.delivery_count == 5
    await desk.complete(dead_letters, dead)


@with_both_sdks
async def test_dead_lettering_a_dead_letter_is_refused_and_loses_nothing(desk: Desk) -> None:
    queue, receiver = await brief(desk)
    await desk.send(queue, ServiceBusMessage("twice"))
    await desk.call(receiver.dead_letter_message, await desk.receive_one(receiver), reason="once")
    dead_letters = await desk.dead_letters(queue)
    dead = await desk.receive_one(dead_letters)
    with pytest.raises(ServiceBusError):
        await desk.call(dead_letters.dead_letter_message, dead, reason="twice")
    assert desk.broker.counts(queue).dead_letter == 1
    dead = await desk.receive_one(dead_letters)
    await desk.complete(dead_letters, dead)


@with_both_sdks
async def test_a_deferred_message_comes_back_only_by_its_sequence_number(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage("later"))
    message = await desk.receive_one(receiver)
    number = message.sequence_number
    await desk.call(receiver.defer_message, message)
    assert desk.broker.counts(queue) == Counts(active=0, scheduled=0, deferred=1, dead_letter=0)
    assert await desk.finds_nothing(receiver)
    [peeked] = await desk.call(receiver.peek_messages, 1, sequence_number=number)
    assert peeked.state == ServiceBusMessageState.DEFERRED
    [deferred] = await desk.call(receiver.receive_deferred_messages, [number])
    assert (str(deferred), deferred.delivery_count) == ("later", 1)
    await desk.call(receiver.abandon_message, deferred)
    [deferred] = await desk.call(receiver.receive_deferred_messages, number)
    before = deferred.locked_until_utc
    await asyncio.sleep(0.01)
    assert await desk.call(receiver.renew_message_lock, deferred) > before
    await desk.complete(receiver, deferred)
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_a_deferred_message_can_be_dead_lettered(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage("given up"))
    message = await desk.receive_one(receiver)
    await desk.call(receiver.defer_message, message)
    [deferred] = await desk.call(receiver.receive_deferred_messages, message.sequence_number)
    await desk.call(receiver.dead_letter_message, deferred, reason="r", error_description="d")
    dead_letters = await desk.dead_letters(queue)
    dead = await desk.receive_one(dead_letters)
    assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("r", "d")
    await desk.complete(dead_letters, dead)


@with_both_sdks
async def test_a_deferred_message_that_does_not_exist_is_not_found(desk: Desk) -> None:
    _, receiver = await plain(desk)
    with pytest.raises(MessageNotFoundError, match="999999"):
        await desk.call(receiver.receive_deferred_messages, [999999])


@with_both_sdks
async def test_a_message_whose_lock_expired_is_delivered_again(desk: Desk) -> None:
    queue, receiver = await brief(desk)
    await desk.send(queue, ServiceBusMessage("slow"))
    first = await desk.receive_one(receiver)
    again = await desk.receive_one(receiver)
    assert (again.sequence_number, again.delivery_count) == (first.sequence_number, 1)
    # The SDK judges the expiry itself; only with its clock out of the way does the broker get to refuse.
    first._expiry = datetime.now(UTC) + timedelta(seconds=30)
    with pytest.raises(MessageLockLostError):
        await desk.complete(receiver, first)
    with pytest.raises(MessageLockLostError):
        await desk.call(receiver.renew_message_lock, first)
    await desk.complete(receiver, again)


@with_both_sdks
async def test_a_renewed_lock_outlives_the_first_lock(desk: Desk) -> None:
    queue, receiver = await brief(desk)
    await desk.send(queue, ServiceBusMessage("kept"))
    message = await desk.receive_one(receiver)
    first_end = message.locked_until_utc
    await asyncio.sleep(0.5)
    assert await desk.call(receiver.renew_message_lock, message) > first_end
    await asyncio.sleep(0.6)
    assert datetime.now(UTC) > first_end
    await desk.complete(receiver, message)
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_receive_and_delete_leaves_nothing_behind(desk: Desk) -> None:
    queue, _ = await plain(desk)
    deleting = await desk.open(
        desk.client.get_queue_receiver(queue, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)
    )
    await desk.send(queue, *[ServiceBusMessage(str(number)) for number in range(5)])
    messages = await desk.receive(deleting, 5)
    assert [str(message) for message in messages] == list("01234")
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_peeking_neither_locks_nor_removes(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, *[ServiceBusMessage(str(number)) for number in range(5)])
    peeked = await desk.call(receiver.peek_messages, 3, sequence_number=1)
    assert [str(message) for message in peeked] == ["0", "1", "2"]
    rest = await desk.call(receiver.peek_messages, 10, sequence_number=peeked[-1].sequence_number + 1)
    assert [str(message) for message in rest] == ["3", "4"]
    messages = await desk.receive(receiver, 5)
    assert [message.delivery_count for message in messages] == [0] * 5
    await desk.complete(receiver, *messages)
    assert await desk.call(receiver.peek_messages, 1, sequence_number=1) == []


@with_both_sdks
async def test_a_scheduled_message_waits_for_its_time(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    sender = await desk.sender(queue)
    due = datetime.now(UTC) + timedelta(seconds=1)
    [number] = await desk.call(sender.schedule_messages, ServiceBusMessage("timed"), due)
    assert desk.broker.counts(queue) == Counts(active=0, scheduled=1, deferred=0, dead_letter=0)
    [peeked] = await desk.call(receiver.peek_messages, 1, sequence_number=number)
    assert peeked.state == ServiceBusMessageState.SCHEDULED
    assert abs((peeked.scheduled_enqueue_time_utc - due).total_seconds()) < 0.01
    assert await desk.finds_nothing(receiver)
    message = await desk.receive_one(receiver)
    assert message.sequence_number == number
    assert message.enqueued_time_utc >= due - timedelta(milliseconds=1)
    await desk.complete(receiver, message)


@with_both_sdks
async def test_a_message_sent_with_a_scheduled_time_waits_too(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.sender(queue)
    due = datetime.now(UTC) + timedelta(seconds=0.8)
    await desk.send(queue, ServiceBusMessage("timed", scheduled_enqueue_time_utc=due))
    assert await desk.finds_nothing(receiver)
    message = await desk.receive_one(receiver)
    assert message.enqueued_time_utc >= due - timedelta(milliseconds=1)
    await desk.complete(receiver, message)


@with_both_sdks
async def test_a_cancelled_message_never_arrives_and_cannot_be_cancelled_twice(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    sender = await desk.sender(queue)
    due = datetime.now(UTC) + timedelta(seconds=1)
    messages = [ServiceBusMessage("cancelled"), ServiceBusMessage("kept")]
    cancelled, kept = await desk.call(sender.schedule_messages, messages, due)
    await desk.call(sender.cancel_scheduled_messages, cancelled)
    with pytest.raises(MessageNotFoundError):
        await desk.call(sender.cancel_scheduled_messages, cancelled)
    message = await desk.receive_one(receiver)
    assert (str(message), message.sequence_number) == ("kept", kept)
    await desk.complete(receiver, message)
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_a_duplicate_inside_the_window_is_dropped_and_after_it_is_not(desk: Desk) -> None:
    queue = desk.queue("deduplicated", duplicate_detection_seconds=1)
    receiver = await desk.receiver(queue)
    sender = await desk.sender(queue)
    for text in ("first", "second"):
        await desk.call(sender.send_messages, ServiceBusMessage(text, message_id="same"))
    batch = [ServiceBusMessage("third", message_id="same"), ServiceBusMessage("other", message_id="other")]
    await desk.call(sender.send_messages, batch)
    await asyncio.sleep(1.1)
    await desk.call(sender.send_messages, ServiceBusMessage("late", message_id="same"))
    messages = await desk.receive(receiver, 3)
    assert [str(message) for message in messages] == ["first", "other", "late"]
    assert await desk.finds_nothing(receiver)
    await desk.complete(receiver, *messages)


@with_both_sdks
async def test_without_duplicate_detection_the_same_message_id_arrives_twice(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, ServiceBusMessage("a", message_id="same"), ServiceBusMessage("b", message_id="same"))
    messages = await desk.receive(receiver, 2)
    assert [str(message) for message in messages] == ["a", "b"]
    await desk.complete(receiver, *messages)


@with_both_sdks
async def test_an_expired_message_goes_to_the_dead_letters_when_the_queue_says_so(desk: Desk) -> None:
    queue = desk.queue("expiring", dead_letter_on_expiration=True)
    await desk.send(queue, ServiceBusMessage("old", time_to_live=timedelta(seconds=1)))
    dead_letters = await desk.dead_letters(queue)
    dead = await desk.receive_one(dead_letters)
    assert (str(dead), dead.dead_letter_reason) == ("old", "TTLExpiredException")
    await desk.complete(dead_letters, dead)


@with_both_sdks
async def test_two_clients_at_once_never_get_the_same_message(desk: Desk) -> None:
    queue = desk.queue("shared")
    receiver, other = await asyncio.gather(
        desk.receiver(queue), desk.open(desk.client.get_queue_receiver(queue, max_wait_time=3))
    )
    await desk.send(queue, *[ServiceBusMessage(str(number)) for number in range(40)])
    ours, theirs = await asyncio.gather(desk.receive(receiver, 20), desk.receive(other, 20))
    assert sorted(int(str(message)) for message in ours + theirs) == list(range(40))
    await asyncio.gather(desk.complete(receiver, *ours), desk.complete(other, *theirs))
    assert desk.broker.counts(queue) == NOTHING


@with_both_sdks
async def test_prefetched_messages_go_back_uncounted_when_the_receiver_closes(desk: Desk) -> None:
    queue = desk.queue("prefetched")
    await desk.send(queue, *[ServiceBusMessage(str(number)) for number in range(10)])
    greedy = await desk.open(desk.client.get_queue_receiver(queue, max_wait_time=3, prefetch_count=8))
    message = await desk.receive_one(greedy)
    await desk.complete(greedy, message)
    await desk.shut(greedy)
    receiver = await desk.receiver(queue)
    messages = await desk.receive(receiver, 9)
    assert [(str(message), message.delivery_count) for message in messages] == [(str(n), 0) for n in range(1, 10)]
    await desk.complete(receiver, *messages)


@with_both_sdks
async def test_queue_names_ignore_case(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    shouting = await desk.open(desk.client.get_queue_sender(queue.upper()))
    await desk.call(shouting.send_messages, ServiceBusMessage("loud"))
    message = await desk.receive_one(receiver)
    assert str(message) == "loud"
    await desk.complete(receiver, message)


@with_both_sdks
async def test_an_unknown_queue_is_not_found_when_sending_and_when_receiving(desk: Desk) -> None:
    refused = await asyncio.gather(
        desk.open(desk.client.get_queue_sender("nowhere")),
        desk.open(desk.client.get_queue_receiver("nowhere")),
        return_exceptions=True,
    )
    assert [(type(error), "nowhere" in str(error)) for error in refused] == [(MessagingEntityNotFoundError, True)] * 2


@with_both_sdks
async def test_settling_over_the_management_node_works_for_every_outcome(desk: Desk) -> None:
    queue, receiver = await plain(desk)
    await desk.send(queue, *[ServiceBusMessage(str(number)) for number in range(4)])
    messages = await desk.receive(receiver, 4)
    details = {"deadletter-reason": "r", "deadletter-description": "d"}
    for message, status in zip(messages, ("completed", "abandoned", "defered", "suspended"), strict=True):
        options = details if status == "suspended" else None
        await desk.call(receiver._settle_message_via_mgmt_link, status, [message.lock_token], options)
    assert desk.broker.counts(queue) == Counts(active=1, scheduled=0, deferred=1, dead_letter=1)
    abandoned = await desk.receive_one(receiver)
    [deferred] = await desk.call(receiver.receive_deferred_messages, messages[2].sequence_number)
    await desk.complete(receiver, abandoned, deferred)
    dead_letters = await desk.dead_letters(queue)
    await desk.complete(dead_letters, await desk.receive_one(dead_letters))
    assert desk.broker.counts(queue) == NOTHING
