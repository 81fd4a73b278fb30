"""Dead letters over the azure-servicebus SDK. One client, receiver and sender per operation: opening costs 0.5 s each.

The broker gives no single dead letter out by number, so an operation locks its way through the queue until it has met
all that it wants. The others stay locked meanwhile, lest they come again at once, and are handed back at the end.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender
from azure.servicebus.amqp import AmqpMessageBodyType
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
)

from shared.errors import NotFound, Permanent, Transient
from shared.messaging.dead_letter import (
    Copy,
    DeadLetterMessage,
    Edit,
    Resubmitted,
    Wanted,
    is_wanted,
    plain_copy,
)

SERVICE = "service bus"
PAGE = 100
FIRST_SEQUENCE_NUMBER = 1  # a peek without a number goes on after the last message received, not at the start
WAIT_SECONDS = 2.0
PATIENCE_SECONDS = 6.0  # without anything new: what is still missing is held by somebody else


class AzureDeadLetters:
    """Implements `DeadLetters`."""

    def __init__(self, make_client: Callable[[], ServiceBusClient]) -> None:
        self._make_client = make_client

    def _client(self) -> ServiceBusClient:
        try:
            return self._make_client()
        except ValueError as error:
            message = f"{error}: check the setting ServiceBus, the connection string of the namespace"
            raise Permanent(SERVICE, "connect", message) from error

    async def list_messages(self, queue: str) -> list[DeadLetterMessage]:
        """See `DeadLetters.list_messages`."""
        with _translated(f"read the dead letters of {queue}"):
            async with self._client() as client, _receiver(client, queue) as receiver:
                return await _peek_all(receiver, queue)

    async def resubmit(
        self,
        queue: str,
        wanted: Wanted,
        *,
        edit: Edit | None = None,
        settled: Callable[[Resubmitted], Awaitable[None]] | None = None,
    ) -> list[Resubmitted]:
        """See `DeadLetters.resubmit`."""
        done: list[Resubmitted] = []
        with _translated(f"resubmit dead letters of {queue}"):
            async with (
                self._client() as client,
                _receiver(client, queue) as receiver,
                client.get_queue_sender(queue) as sender,
            ):

                async def handle(received: ServiceBusReceivedMessage) -> None:
                    message = _message(queue, received)
                    result = await _send_copy(sender, message, (edit or plain_copy)(message))
                    # Sent first: a crash in between leaves a duplicate, which is harmless, and never a gap.
                    await receiver.complete_message(received)
                    done.append(result)
                    if settled is not None:
                        await settled(result)

                await _work_off(receiver, queue, wanted, handle)
        return done

    async def discard(
        self,
        queue: str,
        wanted: Wanted,
        *,
        settled: Callable[[DeadLetterMessage], Awaitable[None]] | None = None,
    ) -> list[DeadLetterMessage]:
        """See `DeadLetters.discard`."""
        done: list[DeadLetterMessage] = []
        with _translated(f"discard dead letters of {queue}"):
            async with self._client() as client, _receiver(client, queue) as receiver:

                async def handle(received: ServiceBusReceivedMessage) -> None:
                    await receiver.complete_message(received)
                    done.append(_message(queue, received))
                    if settled is not None:
                        await settled(done[-1])

                await _work_off(receiver, queue, wanted, handle)
        return done


async def _work_off(
    receiver: ServiceBusReceiver,
    queue: str,
    wanted: Wanted,
    handle: Callable[[ServiceBusReceivedMessage], Awaitable[None]],
) -> None:
    """Lock messages until every wanted one was handled or nothing new comes any more."""
    expected = {message.sequence_number for message in await _peek_all(receiver, queue) if is_wanted(message, wanted)}
    held: dict[int, ServiceBusReceivedMessage] = {}
    clock = asyncio.get_running_loop().time
    give_up_at = clock() + PATIENCE_SECONDS
    try:
        while expected and clock() < give_up_at:
            batch = {_number(message): message for message in await _receive(receiver)}
            if batch.keys() - held.keys():
                give_up_at = clock() + PATIENCE_SECONDS
            held |= batch  # one that comes again brings a new lock
            for number in [number for number in batch if number in expected]:
                await handle(held[number])
                expected.discard(number)
                del held[number]
                give_up_at = clock() + PATIENCE_SECONDS
    finally:
        await _hand_back(receiver, list(held.values()))


async def _receive(receiver: ServiceBusReceiver) -> list[ServiceBusReceivedMessage]:
    return await receiver.receive_messages(max_message_count=PAGE, max_wait_time=WAIT_SECONDS)


async def _hand_back(receiver: ServiceBusReceiver, messages: list[ServiceBusReceivedMessage]) -> None:
    for message in messages:
        # A lock that is lost or settled already needs no handing back; a lost connection ends the lock by itself.
        with suppress(AzureError, ValueError, OSError):
            await receiver.abandon_message(message)


async def _peek_all(receiver: ServiceBusReceiver, queue: str) -> list[DeadLetterMessage]:
    found: list[DeadLetterMessage] = []
    start = FIRST_SEQUENCE_NUMBER
    while page := await receiver.peek_messages(PAGE, sequence_number=start):
        found += [_message(queue, message) for message in page]
        start = found[-1].sequence_number + 1
    return found


async def _send_copy(sender: ServiceBusSender, original: DeadLetterMessage, copy: Copy) -> Resubmitted:
    message_id = str(uuid.uuid4())
    properties: dict[Any, Any] = dict(copy.properties)
    message = ServiceBusMessage(
        copy.body,
        message_id=message_id,
        session_id=copy.session_id,
        correlation_id=original.correlation_id,
        content_type=original.content_type,
        application_properties=properties,
    )
    await sender.send_messages(message)
    return Resubmitted(original, message_id)


def _receiver(client: ServiceBusClient, queue: str) -> ServiceBusReceiver:
    """Open without a session: the dead-letter queue of a session queue has none."""
    return client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER)


def _message(queue: str, received: ServiceBusReceivedMessage) -> DeadLetterMessage:
    properties = {str(_text(name)): _text(value) for name, value in (received.application_properties or {}).items()}
    return DeadLetterMessage(
        queue=queue,
        sequence_number=_number(received),
        message_id=received.message_id or "",
        session_id=received.session_id,
        correlation_id=received.correlation_id,
        enqueued_at=received.enqueued_time_utc,
        delivery_count=received.delivery_count or 0,
        reason=received.dead_letter_reason or "",
        description=received.dead_letter_error_description or "",
        body=_body(received),
        properties=properties,
        content_type=received.content_type,
    )


def _number(received: ServiceBusReceivedMessage) -> int:
    return received.sequence_number or 0


def _body(received: ServiceBusReceivedMessage) -> bytes:
    if received.body_type is AmqpMessageBodyType.DATA:
        return b"".join(received.body)
    return str(received).encode()


def _text(value: Any) -> Any:
    """Decode the SDK's bytes; what is no text stays bytes."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


@contextmanager
def _translated(action: str) -> Iterator[None]:
    """Raise the project's errors, classed by recovery."""
    try:
        yield
    except MessagingEntityNotFoundError as error:
        raise NotFound(SERVICE, action, f"there is no such queue: {error}") from error
    except (ServiceBusAuthenticationError, ServiceBusAuthorizationError, ClientAuthenticationError) as error:
        message = f"the namespace refuses the credentials ({error}): check the setting ServiceBus"
        raise Permanent(SERVICE, action, message) from error
    except MessageSizeExceededError as error:
        raise Permanent(SERVICE, action, str(error)) from error
    except (AzureError, OSError, TimeoutError) as error:
        raise Transient(SERVICE, action, str(error) or type(error).__name__) from error
