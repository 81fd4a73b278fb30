"""Many requests at once, no faster than the service can take them.

commercetools publishes no rate limit, so the right speed is found by trying: concurrency grows by one a round while
all goes well, and halves when the service says 429 or 503. A Retry-After holds everybody back, not one request alone.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence

from shared.errors import Permanent, ServiceError, Throttled, Transient

START, CEILING = 8, 32  # requests at once
RETRIES = 5
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0
_NO_ACCESS = frozenset({401, 403})


def concerns_everything(error: ServiceError) -> bool:
    """Tell whether any other request would fail alike: the service cannot be reached, or does not let us in."""
    return isinstance(error, (Throttled, Transient)) or error.status in _NO_ACCESS


class Pacer:
    """Runs jobs concurrently; what it learns about the right speed outlives one run. One event loop at a time."""

    def __init__(
        self,
        *,
        start: int = START,
        ceiling: int = CEILING,
        retries: int = RETRIES,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._limit = float(start)
        self._ceiling = ceiling
        self._retries = retries
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._in_flight = 0
        self._closed_until = 0.0
        self._slowed = 0  # how often; requests that left before the last time tell nothing new
        self._room = asyncio.Event()

    @property
    def limit(self) -> int:
        """How many requests may be under way at once, as of now."""
        return int(self._limit)

    async def run[T](self, jobs: Sequence[Callable[[], Awaitable[T]]]) -> list[T | ServiceError]:
        """Run every job; answers come in the order of the jobs, errors among them as values.

        Throttled and Transient are tried again. An error that concerns everything ends the run: jobs that have not
        begun are not sent, and have that same error as their answer.
        """
        answers: dict[int, T | ServiceError] = {}
        waiting = iter(enumerate(jobs))
        ended: list[ServiceError] = []

        async def work() -> None:
            for index, job in waiting:
                answers[index] = ended[0] if ended else await self._answer(job, ended)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._ceiling, len(jobs))):
                group.create_task(work())
        return [answers[index] for index in range(len(jobs))]

    async def _answer[T](self, job: Callable[[], Awaitable[T]], ended: list[ServiceError]) -> T | ServiceError:
        for attempt in range(self._retries + 1):
            await self._enter()
            if ended:
                self._leave()
                return ended[0]
            slowed = self._slowed
            try:
                result = await job()
            except (Throttled, Transient) as error:
                self._slow_down(error, slowed)
                if attempt == self._retries:
                    ended.append(error)
                    return error
                wait = self._wait(error, attempt)
            except ServiceError as error:
                if concerns_everything(error):
                    ended.append(error)
                return error
            else:
                self._limit = min(float(self._ceiling), self._limit + 1 / self._limit)
                return result
            finally:
                self._leave()
            await self._sleep(wait)
        raise AssertionError("the last attempt returns")

    async def _enter(self) -> None:
        """Wait for room, and until the service wants to be asked again."""
        while True:
            closed = self._closed_until - self._clock()
            if closed > 0:
                await self._sleep(closed)
            elif self._in_flight < self.limit:
                self._in_flight += 1
                return
            else:
                self._room.clear()
                await self._room.wait()

    def _leave(self) -> None:
        self._in_flight -= 1
        self._room.set()

    def _slow_down(self, error: Throttled | Transient, slowed: int) -> None:
        if slowed == self._slowed:
            self._limit = max(1.0, self._limit / 2)
            self._slowed += 1
        if isinstance(error, Throttled) and error.retry_after is not None:
            self._closed_until = max(self._closed_until, self._clock() + error.retry_after)

    def _wait(self, error: Throttled | Transient, attempt: int) -> float:
        """Return 0 where the service named a time: everybody waits for that before the next request."""
        if isinstance(error, Throttled) and error.retry_after is not None:
            return 0.0
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0**attempt)
        return longest * (0.5 + self._jitter() / 2)


async def bisected[Item, Result](
    items: Sequence[Item], call: Callable[[Sequence[Item]], Awaitable[Result]]
) -> tuple[list[Result], list[tuple[Item, Permanent]]]:
    """Call with all items; what is refused is halved until the bad ones stand alone.

    Returns the answers of what went through, in order, and the bad items with why. Errors other than Permanent are
    raised, and so is a refusal that concerns everything: halving would not find its reason.
    """
    if not items:
        return [], []
    try:
        return [await call(items)], []
    except Permanent as error:
        if concerns_everything(error):
            raise
        if len(items) == 1:
            return [], [(items[0], error)]
    middle = len(items) // 2
    first, bad = await bisected(items[:middle], call)
    second, worse = await bisected(items[middle:], call)
    return first + second, bad + worse
