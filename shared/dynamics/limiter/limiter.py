"""Lets the requests of this process through, as whichever application user has room."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

from shared.dynamics.limiter.gate import SERVICE, Gate, SheetStore, User
from shared.dynamics.limiter.limits import Limits, Rules
from shared.dynamics.limiter.permit import Permit
from shared.errors import NO_ROOM, ServiceError, Throttled, Transient

_SETTLE_EARLY = 0.25  # of the interval: who runs out asks before its time, but not with every request
_STOP_SECONDS = 10.0


@dataclass(slots=True)
class _Keeping:
    """The task that settles for one user, and what makes it settle before its time."""

    gate: Gate
    task: asyncio.Task[None] | None = None
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    alarm: asyncio.Event = field(default_factory=asyncio.Event)


class SharedLimiter:
    """Implements `RequestLimiter` for one back-end, together with all other processes. Several users add up.

    Each user that is in use has a task that settles with the others every `rules.settle` seconds; an idle one gives
    everything back and ends.
    """

    def __init__(
        self,
        users: Sequence[User],
        store: SheetStore,
        limits: Limits,
        rules: Rules | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules or Rules()
        self._clock = clock
        self.holder = uuid4().hex[:12]
        self._gates = [Gate(user, store, limits, self._rules, self.holder, clock) for user in users]
        self._waiting: deque[asyncio.Future[Gate]] = deque()
        self._keepings = {gate: _Keeping(gate) for gate in self._gates}
        self._closing = False

    @asynccontextmanager
    async def permit(self, action: str) -> AsyncIterator[Permit]:
        """See `RequestLimiter.permit`."""
        gate = await self._enter(action)
        begun = self._clock()
        try:
            yield Permit(gate.user.tokens, gate.answered, gate.again)
        finally:
            gate.finish(self._clock() - begun)
            if gate.alarmed:
                self._keepings[gate].alarm.set()
                self._wake(gate)
            self._deal()

    async def token(self, *, renew: bool = False) -> str:
        """See `TokenProvider.token`: a limiter may stand where tokens are expected, and is its first user then."""
        return await self._gates[0].user.tokens.token(renew=renew)

    async def close(self) -> None:
        """Give back what is held. Requests that still run are left to lapse."""
        self._closing = True
        for gate in self._gates:
            gate.leaving = True
        running = [keeping for keeping in self._keepings.values() if keeping.task is not None]
        for keeping in running:
            keeping.alarm.set()
        if tasks := [keeping.task for keeping in running if keeping.task is not None]:
            await asyncio.wait(tasks, timeout=_STOP_SECONDS)

    async def _enter(self, action: str) -> Gate:
        if not self._waiting and (gate := self._roomy()):
            gate.start()
            return gate
        if (blocked := self._wait()) > self._rules.max_wait:
            raise self._throttled(action, blocked)
        turn: asyncio.Future[Gate] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._ask()
        return await self._take_turn(turn, action)

    async def _take_turn(self, turn: asyncio.Future[Gate], action: str) -> Gate:
        try:
            await asyncio.wait([turn], timeout=self._rules.max_wait)
        except asyncio.CancelledError:
            # The slot may have been handed over in the very moment in which the caller went away.
            if turn.done() and turn.exception() is None:
                turn.result().finish(0.0)
            raise
        finally:
            with suppress(ValueError):
                self._waiting.remove(turn)
        if not turn.done():
            raise self._throttled(action, self._wait())
        return self._admitted(turn, action)

    def _admitted(self, turn: asyncio.Future[Gate], action: str) -> Gate:
        try:
            return turn.result()
        except Throttled as error:
            raise self._throttled(action, error.retry_after or 0.0) from error
        except ServiceError as error:
            # Whatever is wrong with the store is no fault of the request that waits for it.
            text = f"no request without a grant, and the grants cannot be reached: {error}"
            raise Transient(SERVICE, action, text) from error

    def _throttled(self, action: str, blocked: float) -> Throttled:
        text = f"no room within {self._rules.max_wait:g} s for any of {len(self._gates)} application user(s)"
        return Throttled(SERVICE, action, text, retry_after=max(1.0, blocked), code=NO_ROOM)

    def _wait(self) -> float:
        return min(gate.wait for gate in self._gates)

    def _roomy(self) -> Gate | None:
        roomy = [gate for gate in self._gates if gate.room > 0]
        return min(roomy, key=lambda gate: gate.busy / gate.ceiling, default=None)

    def _deal(self) -> None:
        """Let those who wait in, first come first served."""
        while self._waiting and (gate := self._roomy()):
            turn = self._waiting.popleft()
            if not turn.done():
                gate.start()
                turn.set_result(gate)

    def _refuse(self, error: ServiceError) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)

    # -- settling

    def _shares(self) -> dict[Gate, int]:
        """Spread those who wait over the users: each to the one that is likeliest to have room."""
        shares = dict.fromkeys(self._gates, 0)
        for _ in range(len(self._waiting)):
            likeliest = min(shares, key=lambda gate: self._load(gate, shares[gate]))
            shares[likeliest] += 1
        return shares

    def _load(self, gate: Gate, assigned: int) -> tuple[bool, bool, float]:
        full = gate.busy + assigned >= gate.ceiling
        return gate.wait > self._rules.max_wait, gate.hungry or full, (gate.busy + assigned) / gate.ceiling

    def _ask(self) -> None:
        for gate, share in self._shares().items():
            if share:
                self._wake(gate)

    def _wake(self, gate: Gate) -> None:
        keeping = self._keepings[gate]
        keeping.wanted.set()
        if keeping.task is None or keeping.task.done():
            keeping.task = asyncio.create_task(self._keep(keeping))

    async def _keep(self, keeping: _Keeping) -> None:
        """Settle for one user until it is idle and holds nothing."""
        gate = keeping.gate
        while True:
            keeping.wanted.clear()
            keeping.alarm.clear()
            try:
                await gate.settle(0 if self._closing else self._shares()[gate])
            except ServiceError as error:
                self._refuse(error)
                if self._closing or not gate.busy:
                    return
            self._deal()
            self._send_away()
            if self._closing or not (gate.active or gate.holds or self._shares()[gate]):
                return
            await self._pause(keeping)

    def _send_away(self) -> None:
        """Nobody waits for what is known not to come in time."""
        blocked = self._wait()
        if blocked > self._rules.max_wait:
            self._refuse(Throttled(SERVICE, "settle", "every application user must pause", retry_after=blocked))

    async def _pause(self, keeping: _Keeping) -> None:
        """Wait for the next settlement: spread, so that processes do not meet, and shorter when somebody waits."""
        interval = self._rules.settle * random.uniform(0.75, 1.0)  # noqa: S311
        # Who got less than asked for would get no more by asking again at once.
        quiet = interval if keeping.gate.hungry else interval * _SETTLE_EARLY
        for event, seconds in ((keeping.alarm, quiet), (keeping.wanted, interval - quiet)):
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), seconds)
                return
