"""A sender that imports the Service Bus SDK when it first sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shared.messaging.sender import OutgoingMessage, Sender

if TYPE_CHECKING:
    from azure.servicebus.aio import ServiceBusClient


class LazySender:
    """Stands in front of `AzureSender`: a cold start that sends nothing does not pay 170 ms for the SDK."""

    def __init__(self, make_client: Callable[[], ServiceBusClient]) -> None:
        self._make_client = make_client
        self._sender: Sender | None = None

    async def send(self, queue: str, messages: Sequence[OutgoingMessage]) -> None:
        """See `Sender.send`."""
        if not messages:
            return
        if self._sender is None:
            from shared.messaging.service_bus import AzureSender

            self._sender = AzureSender(self._make_client)
        await self._sender.send(queue, messages)

    async def close(self) -> None:
        """See `Sender.close`."""
        if self._sender is not None:
            await self._sender.close()
