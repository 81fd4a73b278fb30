"""Queues with sessions. Each test goes through the sync and the aio SDK, on session ids of its own."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)

from local.servicebus.queue import Counts

from .desk import Desk, with_both_sdks

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def accept(desk: Desk, queue: str, session_id: Any, wait: float = 3) -> Any:
    return await desk.open(desk.client.get_queue_receiver(queue, session_id=session_id, max_wait_time=wait))


def session_queue(desk: Desk) -> str:
    return desk.queue("sessions", requires_session=True, max_delivery_count=3)


def new_id() -> str:
    return uuid.uuid4().hex


@with_both_sdks
async def test_a_named_session_gets_its_own_messages_in_order(desk: Desk) -> None:
    queue = session_queue(desk)
    mine, other = new_id(), new_id()
    for number in range(3):
        await desk.send(
            queue,
            ServiceBusMessage(f"mine {number}", session_id=mine),
            ServiceBusMessage(f"other {number}", session_id=other),
        )
    receiver = await accept(desk, queue, mine)
    assert receiver.session.session_id == mine
    assert 50 < (receiver.session.locked_until_utc - datetime.now(UTC)).total_seconds() <= 60
    peeked = await desk.call(receiver.peek_messages, 10, sequence_number=1)
    assert [str(message) for message in peeked] == ["mine 0", "mine 1", "mine 2"]
    messages = await desk.receive(receiver, 3)
    assert [(str(message), message.session_id) for message in messages] == [(f"mine {n}", mine) for n in range(3)]
    assert await desk.finds_nothing(receiver)
    await desk.complete(receiver, *messages)
    rest = await accept(desk, queue, other)
    messages = await desk.receive(rest, 3)
    assert [str(message) for message in messages] == ["other 0", "other 1", "other 2"]
    await desk.complete(rest, *messages)


@with_both_sdks
async def test_an_abandoned_message_of_a_session_comes_before_those_behind_it(desk: Desk) -> None:
    queue, session_id = session_queue(desk), new_id()
    await desk.send(queue, *[ServiceBusMessage(text, session_id=session_id) for text in ("first", "second")])
    receiver = await accept(desk, queue, session_id)
    await desk.call(receiver.abandon_message, await desk.receive_one(receiver))
    messages = await desk.receive(receiver, 2)
    assert [(str(message), message.delivery_count) for message in messages] == [("first", 1), ("second", 0)]
    await desk.complete(receiver, *messages)


@with_both_sdks
async def test_a_poisonous_message_of_a_session_is_dead_lettered_with_its_session_id(desk: Desk) -> None:
    queue, session_id = session_queue(desk), new_id()
    await desk.send(queue, ServiceBusMessage("poison", session_id=session_id, application_properties={"k": "v"}))
    receiver = await accept(desk, queue, session_id)
    for _ in range(3):
        await desk.call(receiver.abandon_message, await desk.receive_one(receiver))
    assert await desk.finds_nothing(receiver)
    dead_letters = await desk.dead_letters(queue)
    dead = await desk.receive_one(dead_letters)
    assert (dead.session_id, dead.dead_letter_reason) == (session_id, "MaxDeliveryCountExceeded")
    assert dead.application_properties[b"k"] == b"v"
    await desk.complete(dead_letters, dead)


@with_both_sdks
async def test_the_next_available_session_is_the_one_that_waits_longest_and_is_free(desk: Desk) -> None:
    queue = desk.queue("next", requires_session=True)
    for session_id in ("first", "second"):
        await desk.send(queue, ServiceBusMessage(f"for {session_id}", session_id=session_id))
    one = await accept(desk, queue, NEXT_AVAILABLE_SESSION)
    two = await accept(desk, queue, NEXT_AVAILABLE_SESSION)
    assert (one.session.session_id, two.session.session_id) == ("first", "second")
    for receiver in (one, two):
        await desk.complete(receiver, await desk.receive_one(receiver))


@with_both_sdks
async def test_waiting_for_the_next_session_ends_when_a_message_arrives(desk: Desk) -> None:
    queue = desk.queue("awaited", requires_session=True)
    await desk.sender(queue)
    waiting = asyncio.create_task(accept(desk, queue, NEXT_AVAILABLE_SESSION, wait=10))
    await asyncio.sleep(0.8)
    assert not waiting.done()
    await desk.send(queue, ServiceBusMessage("come", session_id="late"))
    receiver = await waiting
    assert receiver.session.session_id == "late"
    await desk.complete(receiver, await desk.receive_one(receiver))


@with_both_sdks
async def test_waiting_for_the_next_session_times_out(desk: Desk) -> None:
    queue = desk.queue("empty", requires_session=True)
    with pytest.raises(OperationTimeoutError):
        await accept(desk, queue, NEXT_AVAILABLE_SESSION, wait=0.5)


@with_both_sdks
async def test_a_session_that_is_locked_cannot_be_accepted_until_it_is_closed(desk: Desk) -> None:
    queue, session_id = session_queue(desk), new_id()
    await desk.send(queue, ServiceBusMessage("held", session_id=session_id))
    receiver = await accept(desk, queue, session_id)
    await desk.receive_one(receiver)
    with pytest.raises(SessionCannotBeLockedError, match=session_id):
        await accept(desk, queue, session_id)
    await desk.shut(receiver)
    successor = await accept(desk, queue, session_id)
    message = await desk.receive_one(successor)
    assert (str(message), message.delivery_count) == ("held", 0)
    await desk.complete(successor, message)


@with_both_sdks
async def test_session_state_is_kept_when_the_session_changes_hands(desk: Desk) -> None:
    queue, session_id = session_queue(desk), new_id()
    receiver = await accept(desk, queue, session_id)
    assert await desk.call(receiver.session.get_state) is None
    await desk.call(receiver.session.set_state, b"step 1")
    assert await desk.call(receiver.session.get_state) == b"step 1"
    await desk.shut(receiver)
    successor = await accept(desk, queue, session_id)
    assert await desk.call(successor.session.get_state) == b"step 1"
    await desk.call(successor.session.set_state, None)
    assert await desk.call(successor.session.get_state) is None


@with_both_sdks
async def test_a_deferred_message_of_a_session_comes_back_by_its_sequence_number(desk: Desk) -> None:
    queue, session_id = session_queue(desk), new_id()
    await desk.send(queue, ServiceBusMessage("later", session_id=session_id))
    receiver = await accept(desk, queue, session_id)
    message = await desk.receive_one(receiver)
    await desk.call(receiver.defer_message, message)
    [deferred] = await desk.call(receiver.receive_deferred_messages, message.sequence_number)
    assert (str(deferred), deferred.session_id) == ("later", session_id)
    await desk.complete(receiver, deferred)


@with_both_sdks
async def test_a_scheduled_message_arrives_in_its_session(desk: Desk) -> None:
    queue, session_id = session_queue(desk), new_id()
    sender = await desk.sender(queue)
    message = ServiceBusMessage("timed", session_id=session_id)
    [number] = await desk.call(sender.schedule_messages, message, datetime.now(UTC))
    receiver = await accept(desk, queue, session_id)
    received = await desk.receive_one(receiver)
    assert (str(received), received.sequence_number) == ("timed", number)
    await desk.complete(receiver, received)


@with_both_sdks
async def test_a_renewed_session_lock_keeps_its_messages_locked(desk: Desk) -> None:
    queue, session_id = desk.queue("brief-sessions", requires_session=True, lock_duration_seconds=1.2), new_id()
    await desk.send(queue, ServiceBusMessage("kept", session_id=session_id))
    receiver = await accept(desk, queue, session_id)
    message = await desk.receive_one(receiver)
    first_end = receiver.session.locked_until_utc
    await asyncio.sleep(0.5)
    assert await desk.call(receiver.session.renew_lock) > first_end
    await asyncio.sleep(0.8)
    assert datetime.now(UTC) > first_end
    await desk.complete(receiver, message)
    assert desk.broker.counts(queue) == Counts(active=0, scheduled=0, deferred=0, dead_letter=0)


@with_both_sdks
async def test_a_session_whose_lock_expired_is_lost_and_its_messages_are_counted(desk: Desk) -> None:
    queue, session_id = desk.queue("brief-sessions", requires_session=True, lock_duration_seconds=1.2), new_id()
    await desk.send(queue, ServiceBusMessage("slow", session_id=session_id))
    receiver = await accept(desk, queue, session_id)
    message = await desk.receive_one(receiver)
    await asyncio.sleep(1.4)
    with pytest.raises(SessionLockLostError):
        await desk.complete(receiver, message)
    successor = await accept(desk, queue, session_id)
    again = await desk.receive_one(successor)
    assert (str(again), again.delivery_count) == ("slow", 1)
    await desk.complete(successor, again)


@with_both_sdks
async def test_a_message_without_a_session_id_is_refused_and_so_is_its_whole_batch(desk: Desk) -> None:
    queue = desk.queue("strict", requires_session=True)
    with pytest.raises(ServiceBusError, match="requires sessions"):
        await desk.send(queue, ServiceBusMessage("without"))
    with pytest.raises(ServiceBusError, match="requires sessions"):
        await desk.send(queue, ServiceBusMessage("with", session_id="s"), ServiceBusMessage("without"))
    assert desk.broker.counts(queue).active == 0


@with_both_sdks
async def test_the_sessions_with_messages_or_state_are_listed(desk: Desk) -> None:
    queue = desk.queue("listed", requires_session=True)
    with_state, with_message = "a-state", "b-message"
    await desk.send(queue, ServiceBusMessage("here", session_id=with_message))
    receiver = await accept(desk, queue, with_state)
    await desk.call(receiver.session.set_state, b"kept")
    listing = desk.client.list_queue_sessions(queue)
    listed = [item async for item in listing] if desk.kind == "aio" else await asyncio.to_thread(list, listing)
    assert listed == [with_state, with_message]


@with_both_sdks
async def test_a_queue_and_its_receiver_must_agree_about_sessions(desk: Desk) -> None:
    with_sessions, without = session_queue(desk), desk.queue("no-sessions")
    refused = await asyncio.gather(
        desk.open(desk.client.get_queue_receiver(with_sessions)),
        accept(desk, without, "any"),
        return_exceptions=True,
    )
    assert "requires sessions" in str(refused[0])
    assert "does not support sessions" in str(refused[1])
