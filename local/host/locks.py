"""Keeps the lock of a message or a session while a function works on it.

The SDK's AutoLockRenewer counts a session's time from its start, so a busy session would lose its lock after five
minutes; the host counts for each message anew.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver, ServiceBusSession
from azure.servicebus.exceptions import ServiceBusError

_LEAST_PAUSE = 0.2
_log = logging.getLogger("local.host.locks")


class LockKeeper:
    """Renews one lock at half of its remaining time, until the time allowed since the last `touch` is over."""

    def __init__(
        self, receiver: ServiceBusReceiver, lock: ServiceBusReceivedMessage | ServiceBusSession, allowed: float
    ) -> None:
        self._receiver = receiver
        self._lock = lock
        self._allowed = allowed
        self._deadline = 0.0
        self._over = asyncio.Event()
        self.touch()

    def touch(self) -> None:
        """Count the allowed time from now."""
        self._deadline = time.monotonic() + self._allowed

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Renew in the background; a renewal under way is awaited, since cancelling would break the connection."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._over.set()
            await task

    async def _run(self) -> None:
        while not await self._pause() and time.monotonic() < self._deadline:
            try:
                await self._renew()
            except ServiceBusError as error:
                _log.warning("a lock cannot be renewed: %s; the broker delivers its message again.", error)
                return

    async def _pause(self) -> bool:
        until = self._lock.locked_until_utc or datetime.now(UTC)
        remaining = (until - datetime.now(UTC)).total_seconds()
        try:
            await asyncio.wait_for(self._over.wait(), max(remaining / 2, _LEAST_PAUSE))
        except TimeoutError:
            return False
        return True

    async def _renew(self) -> None:
        if isinstance(self._lock, ServiceBusReceivedMessage):
            await self._receiver.renew_message_lock(self._lock)
        else:
            await self._lock.renew_lock()
