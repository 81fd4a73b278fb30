"""Service Bus queue triggers by the host's rules: complete on success, abandon at once on failure."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError, ServiceBusError

from local.host.errors import HostError
from local.host.functions import QueueTrigger
from local.host.locks import LockKeeper
from local.host.messages import body_of, metadata_of, parent_of
from local.host.pool import Pool, Seat
from local.host.protos import TypedData
from local.host.settings import HostConfig
from local.host.worker import Worker

_log = logging.getLogger("local.host.servicebus")
_SPARE = 2
_ACCEPT_SECONDS = 60.0
_SLICE_SECONDS = 1.0
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0


class Outage:
    """Says once that the broker is away and once that it is back, however many workers notice."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._failures = 0

    def pause(self, error: Exception) -> float:
        """Note a failure and return how long to wait before the next attempt."""
        self._failures += 1
        if self._failures == 1:
            _log.warning("queue %s cannot be received from: %s; trying again until it can.", self._queue, error)
        return float(min(_FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE))

    def over(self) -> None:
        """Note that the broker answered."""
        if self._failures:
            _log.info("queue %s can be received from again.", self._queue)
        self._failures = 0


class QueueListener:
    """Receives one queue for one function."""

    def __init__(self, trigger: QueueTrigger, worker: Worker, config: HostConfig) -> None:
        self._trigger = trigger
        self._worker = worker
        self._idle_timeout = config.session_idle_timeout
        self._outage = Outage(trigger.queue)
        self._stopping = asyncio.Event()
        self._accepting: set[asyncio.Task[ServiceBusReceiver]] = set()
        # What failed is retried here and by the broker, with the host's rules rather than the SDK's back-off.
        self._client = _client(trigger)
        self._renewal = config.max_auto_lock_renewal_duration
        limit = config.max_concurrent_sessions if trigger.sessions else config.max_concurrent_calls
        self._pool = Pool(limit, _SPARE, self._receive_until_stopped)

    def start(self) -> None:
        """Begin to receive; a broker that is not there yet is waited for."""
        self._pool.grow()

    async def stop(self) -> None:
        """Receive nothing more, let what runs end and close."""
        self._stopping.set()
        for task in self._accepting:
            task.cancel()
        await self._pool.stop()
        await self._client.close()

    async def _receive_until_stopped(self, seat: Seat) -> None:
        while not self._stopping.is_set() and not seat.is_surplus:
            try:
                await self._receive_once(seat)
            except OperationTimeoutError:
                # No session had a message: the long poll is asked again.
                self._outage.over()
            except (ServiceBusError, OSError) as error:
                await self._wait(self._outage.pause(error))
            except asyncio.CancelledError:
                if not self._stopping.is_set():
                    raise

    async def _receive_once(self, seat: Seat) -> None:
        try:
            async with self._opened() as receiver:
                self._outage.over()
                if self._trigger.sessions:
                    seat.take()
                    await self._receive_session(receiver)
                else:
                    await self._receive_messages(seat, receiver)
        finally:
            # Only now, since a receiver that is being closed cannot wait for the next session.
            seat.free()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ServiceBusReceiver]:
        receiver = self._receiver()
        opening = asyncio.create_task(receiver.__aenter__())
        self._accepting.add(opening)
        opening.add_done_callback(self._accepting.discard)
        try:
            await opening
            yield receiver
        finally:
            await receiver.close()

    def _receiver(self) -> ServiceBusReceiver:
        if not self._trigger.sessions:
            return self._client.get_queue_receiver(self._trigger.queue)
        return self._client.get_queue_receiver(
            self._trigger.queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=_ACCEPT_SECONDS
        )

    async def _receive_messages(self, seat: Seat, receiver: ServiceBusReceiver) -> None:
        while not self._stopping.is_set() and not seat.is_surplus:
            for message in await receiver.receive_messages(1, max_wait_time=_SLICE_SECONDS):
                seat.take()
                async with LockKeeper(receiver, message, self._renewal).keeping():
                    await self._process(receiver, message)
                seat.free()

    async def _receive_session(self, receiver: ServiceBusReceiver) -> None:
        """Process one session's messages one after the other until it has been idle for long enough."""
        keeper = LockKeeper(receiver, receiver.session, self._renewal)
        idle = 0.0
        async with keeper.keeping():
            while not self._stopping.is_set() and idle < self._idle_timeout:
                wait = min(_SLICE_SECONDS, self._idle_timeout - idle)
                messages = await receiver.receive_messages(1, max_wait_time=wait)
                keeper.touch()
                idle = 0.0 if messages else idle + wait
                for message in messages:
                    await self._process(receiver, message)

    async def _process(self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage) -> None:
        if self._stopping.is_set():
            await receiver.abandon_message(message)
            return
        outcome = await self._worker.invoke(
            self._trigger.function,
            self._trigger.argument,
            TypedData(bytes=body_of(message)),
            metadata_of(message),
            parent_of(message),
        )
        settle = receiver.complete_message if outcome.succeeded else receiver.abandon_message
        try:
            await settle(message)
        except ServiceBusError as error:
            _log.warning(
                "function %s: message %s (sequence number %s) cannot be settled: %s; the broker delivers it again.",
                self._trigger.function,
                message.message_id,
                message.sequence_number,
                error,
            )
            raise

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _client(trigger: QueueTrigger) -> ServiceBusClient:
    try:
        return ServiceBusClient.from_connection_string(trigger.connection_string, retry_total=0)
    except ValueError as error:
        raise HostError(
            f"function {trigger.function}: its Service Bus connection string is malformed ({error}); "
            "it needs Endpoint, SharedAccessKeyName and SharedAccessKey."
        ) from error
