"""A pool of workers that keeps a few waiting and grows while they are busy."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

_RESTART_SECONDS = 1.0
_log = logging.getLogger("local.host.pool")


class Seat:
    """One worker's place in the pool."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._busy = False

    def take(self) -> None:
        """Count as busy, so that another worker waits in this one's stead."""
        if not self._busy:
            self._busy = True
            self._pool.waiting -= 1
            self._pool.grow()

    def free(self) -> None:
        """Count as waiting again."""
        if self._busy:
            self._busy = False
            self._pool.waiting += 1

    @property
    def is_surplus(self) -> bool:
        """Tell whether enough others are waiting."""
        return self._pool.waiting > self._pool.wanted


class Pool:
    """At most `limit` workers, of which `spare` wait for something to do."""

    def __init__(self, limit: int, spare: int, body: Callable[[Seat], Awaitable[None]]) -> None:
        self.waiting = 0
        self._spare = spare
        self._limit = limit
        self._body = body
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def wanted(self) -> int:
        """Tell how many should wait: the spare ones, and under load as many as are busy."""
        return max(self._spare, len(self._tasks) - self.waiting)

    def grow(self) -> None:
        """Start workers until enough are waiting or the limit is reached."""
        while not self._stopping and self.waiting < self.wanted and len(self._tasks) < self._limit:
            self.waiting += 1
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Start no more workers and wait for those there are."""
        self._stopping = True
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        seat = Seat(self)
        try:
            await self._body(seat)
        finally:
            seat.free()
            self.waiting -= 1

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            _log.error("a worker stopped: %r; another takes its place.", problem, exc_info=problem)
            asyncio.get_running_loop().call_later(_RESTART_SECONDS, self.grow)
