"""The sender over the azure-servicebus SDK. Importing this module costs 170 ms: `app.py` does it on first use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage, ServiceBusMessageBatch
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import MessageSizeExceededError

from shared.errors import Permanent, Transient
from shared.messaging.sender import OutgoingMessage

SERVICE = "service bus"
SEND_TIMEOUT_SECONDS = 10.0


def client_from_connection_string(connection_string: str) -> ServiceBusClient:
    """A client that gives up early: the callers have their own, longer, retries."""
    return ServiceBusClient.from_connection_string(connection_string, retry_total=1, retry_backoff_factor=0.2)


def client_from_namespace(namespace: str, credential: AsyncTokenCredential) -> ServiceBusClient:
    """The same with an identity instead of a key."""
    return ServiceBusClient(namespace, credential, retry_total=1, retry_backoff_factor=0.2)


class AzureSender:
    """Keeps one SDK sender open per queue: opening one costs about half a second."""

    def __init__(self, make_client: Callable[[], ServiceBusClient]) -> None:
        self._make_client = make_client
        self._client: ServiceBusClient | None = None
        self._senders: dict[str, ServiceBusSender] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def send(self, queue: str, messages: Sequence[OutgoingMessage]) -> None:
        """See `Sender.send`. Raises Transient, or Permanent for a message larger than the queue takes."""
        async with self._locks.setdefault(queue, asyncio.Lock()):
            try:
                await asyncio.wait_for(self._send(queue, messages), SEND_TIMEOUT_SECONDS)
            except MessageSizeExceededError as error:
                raise Permanent(SERVICE, f"send to {queue}", str(error)) from error
            except (AzureError, OSError, TimeoutError) as error:
                await self._forget(queue)
                raise Transient(SERVICE, f"send to {queue}", str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Close every sender and the client."""
        for queue in tuple(self._senders):
            await self._forget(queue)
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _send(self, queue: str, messages: Sequence[OutgoingMessage]) -> None:
        sender = self._sender(queue)
        batch = await sender.create_message_batch()
        for message in messages:
            batch = await self._add(sender, batch, _to_sdk(message))
        if len(batch):
            await sender.send_messages(batch)

    @staticmethod
    async def _add(
        sender: ServiceBusSender, batch: ServiceBusMessageBatch, message: ServiceBusMessage
    ) -> ServiceBusMessageBatch:
        try:
            batch.add_message(message)
        except MessageSizeExceededError:
            if not len(batch):
                raise
            await sender.send_messages(batch)
            batch = await sender.create_message_batch()
            batch.add_message(message)
        return batch

    def _sender(self, queue: str) -> ServiceBusSender:
        if self._client is None:
            self._client = self._make_client()
        if queue not in self._senders:
            self._senders[queue] = self._client.get_queue_sender(queue)
        return self._senders[queue]

    async def _forget(self, queue: str) -> None:
        """Drop a sender whose link may be broken, so that the next send opens a new one."""
        sender = self._senders.pop(queue, None)
        if sender is not None:
            await sender.close()


def _to_sdk(message: OutgoingMessage) -> ServiceBusMessage:
    return ServiceBusMessage(
        message.body,
        message_id=message.message_id,
        session_id=message.session_id,
        correlation_id=message.correlation_id,
        scheduled_enqueue_time_utc=message.scheduled_at,
        application_properties=dict(message.properties.items()),
        content_type="application/json",
    )
