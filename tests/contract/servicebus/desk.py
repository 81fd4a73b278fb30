"""One way to drive both SDKs, sync and aio, with clients that stay open because opening one takes half a second."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient as AsyncServiceBusClient
from azure.servicebus.exceptions import ServiceBusError

from local.servicebus.config import QueueConfig
from local.servicebus.embedded import EmbeddedBroker


class Desk:
    """A client of one SDK on one broker."""

    def __init__(self, broker: EmbeddedBroker, kind: str) -> None:
        self.broker = broker
        self.kind = kind
        client_type: Any = AsyncServiceBusClient if kind == "aio" else ServiceBusClient
        self.client = client_type.from_connection_string(broker.connection_string, retry_total=0)
        self._open: list[Any] = []
        self._known: dict[tuple[str, str], Any] = {}

    async def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call the SDK: await its coroutine, or run its blocking call in a thread."""
        if self.kind == "aio":
            return await function(*arguments, **options)
        return await asyncio.to_thread(function, *arguments, **options)

    async def open(self, handler: Any) -> Any:
        """Open a sender or receiver; it is closed when the module ends."""
        try:
            await self.call(handler.__aenter__ if self.kind == "aio" else handler.__enter__)
        except ServiceBusError:
            await self.call(handler.close)
            raise
        self._open.append(handler)
        return handler

    async def shut(self, handler: Any) -> None:
        """Close a sender or receiver now."""
        self._open.remove(handler)
        await self.call(handler.close)

    async def close(self) -> None:
        await asyncio.gather(*(self.call(handler.close) for handler in self._open))
        await self.call(self.client.close)

    def queue(self, name: str, **settings: Any) -> str:
        """Create a queue of this desk's own, once."""
        config = QueueConfig(name=f"{name}-{self.kind}", **settings)
        if (config.name, "queue") not in self._known:
            self._known[config.name, "queue"] = self.broker.add_queue(config)
        return config.name

    async def sender(self, queue: str) -> Any:
        """Answer the one sender of a queue."""
        key = (queue, "sender")
        if key not in self._known:
            self._known[key] = await self.open(self.client.get_queue_sender(queue))
        return self._known[key]

    async def receiver(self, queue: str, **options: Any) -> Any:
        """Answer the one receiver of a queue with these options."""
        key = (queue, f"receiver {sorted(options.items())}")
        if key not in self._known:
            self._known[key] = await self.open(self.client.get_queue_receiver(queue, max_wait_time=3, **options))
        return self._known[key]

    async def send(self, queue: str, *messages: ServiceBusMessage) -> None:
        sender = await self.sender(queue)
        await self.call(sender.send_messages, list(messages) if len(messages) > 1 else messages[0])

    async def receive(self, receiver: Any, wanted: int = 1, wait: float = 3) -> list[Any]:
        """Receive exactly so many messages; what is missing after the wait is missing."""
        found: list[Any] = []
        while len(found) < wanted:
            batch = await self.call(
                receiver.receive_messages, max_message_count=wanted - len(found), max_wait_time=wait
            )
            if not batch:
                break
            found += batch
        return found

    async def receive_one(self, receiver: Any) -> Any:
        messages = await self.receive(receiver)
        assert len(messages) == 1, "no message arrived"
        return messages[0]

    async def finds_nothing(self, receiver: Any, wait: float = 0.3) -> bool:
        return await self.receive(receiver, wait=wait) == []

    async def complete(self, receiver: Any, *messages: Any) -> None:
        for message in messages:
            await self.call(receiver.complete_message, message)

    async def dead_letters(self, queue: str) -> Any:
        """Answer the receiver of a queue's dead-letter queue."""
        return await self.receiver(queue, sub_queue="deadletter")


def with_both_sdks(scenario: Callable[[Desk], Awaitable[None]]) -> Callable[[Sequence[Desk]], Awaitable[None]]:
    """Make a test of a scenario: both SDKs go through it at the same time, since most of it is waiting."""

    async def go_through(desk: Desk) -> None:
        try:
            await scenario(desk)
        except BaseException as error:
            error.add_note(f"with the {desk.kind} SDK")
            raise

    async def test(desks: Sequence[Desk]) -> None:
        async with asyncio.TaskGroup() as group:
            for desk in desks:
                group.create_task(go_through(desk))

    test.__name__ = scenario.__name__
    return test
