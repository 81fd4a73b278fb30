"""The three service protection limits of a user: requests, execution time and concurrency. Nothing is queued."""

import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict

from local.dynamics.odata.limits import Limiter, LimitExceededError


class DataverseLimits(BaseModel):
    """The limits in force; the defaults are the documented ones of one web server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_flight: int = 52
    requests: int = 6000
    execution_seconds: float = 1200.0
    window_seconds: float = 300.0


class _User:
    def __init__(self) -> None:
        self.running = 0
        self.accepted: deque[float] = deque()
        self.spent: deque[tuple[float, float]] = deque()


class DataverseLimiter(Limiter):
    """Refuses at once, with Retry-After; the headers say what is left."""

    def __init__(self, limits: DataverseLimits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        self.in_force = limits or DataverseLimits()
        self._time = clock
        self._states: dict[str, _User] = {}

    @asynccontextmanager
    async def slot(self, name: str) -> AsyncIterator[None]:
        """Count one request of the user; LimitExceededError when a limit is used up."""
        user = self._states.setdefault(name, _User())
        self._check(user)
        user.running += 1
        started = self._time()
        user.accepted.append(started)
        try:
            yield
        finally:
            user.running -= 1
            user.spent.append((started, self._time() - started))

    def _check(self, user: _User) -> None:
        limits, now = self.in_force, self._time()
        start = now - limits.window_seconds
        while user.accepted and user.accepted[0] <= start:
            user.accepted.popleft()
        while user.spent and user.spent[0][0] <= start:
            user.spent.popleft()
        if len(user.accepted) >= limits.requests:
            raise self._exceeded("too_many_requests", user.accepted[0] - start)
        if sum(seconds for _, seconds in user.spent) >= limits.execution_seconds:
            raise self._exceeded("too_much_time", user.spent[0][0] - start)
        if user.running >= limits.in_flight:
            raise self._exceeded("too_many_at_once", 1)

    def _exceeded(self, kind: str, wait: float) -> LimitExceededError:
        return LimitExceededError(kind, {"Retry-After": str(max(1, math.ceil(wait)))})
