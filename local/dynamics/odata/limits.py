"""Per-user limits: so many requests in flight, a queue behind them, so many in a sliding window."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict


class Limits(BaseModel):
    """The limits in force; the defaults are those of Business Central online."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_flight: int = 5
    queue: int = 95
    requests: int = 6000
    window_seconds: float = 300.0


class LimitExceededError(Exception):
    """The user has used up a limit; `kind` names the product's message, `headers` go with the answer."""

    def __init__(self, kind: str = "too_many_requests", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.headers = dict(headers or {})


class _User:
    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.accepted: deque[float] = deque()


class Limiter:
    """Counts the requests of each user."""

    def __init__(self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._users: dict[str, _User] = {}

    @asynccontextmanager
    async def slot(self, name: str) -> AsyncIterator[None]:
        """Hold one of the user's slots, waiting in the queue; LimitExceededError when there is no room."""
        user = self._users.setdefault(name, _User())
        self._count(user)
        await self._enter(user)
        try:
            yield
        finally:
            self._leave(user)

    def _count(self, user: _User) -> None:
        now = self._clock()
        while user.accepted and user.accepted[0] <= now - self.limits.window_seconds:
            user.accepted.popleft()
        if len(user.accepted) >= self.limits.requests:
            raise LimitExceededError
        user.accepted.append(now)

    async def _enter(self, user: _User) -> None:
        if user.running < self.limits.in_flight:
            user.running += 1
            return
        if len(user.waiting) >= self.limits.queue:
            raise LimitExceededError
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        user.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            self._give_up(user, turn)
            raise

    def _give_up(self, user: _User, turn: asyncio.Future[None]) -> None:
        # The slot may have been handed over in the very moment in which the caller went away.
        if turn.done() and not turn.cancelled():
            self._leave(user)
        elif turn in user.waiting:
            user.waiting.remove(turn)

    def _leave(self, user: _User) -> None:
        while user.waiting:
            turn = user.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        user.running -= 1
