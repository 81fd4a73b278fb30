"""One application user as this process sees it: what was granted, what runs, and the settlement with all others."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx

from shared.dynamics.auth import TokenProvider
from shared.dynamics.limiter.decisions import ceiling, settle, wait
from shared.dynamics.limiter.limits import CLOCK_ERROR, Limits, Rules
from shared.dynamics.limiter.sheet import Report, Sheet, from_json, to_json
from shared.errors import ServiceError, Transient
from shared.http import retry_after

SERVICE = "back-end limiter"
HINT_HEADER = "x-ms-dop-hint"
_TROUBLE = frozenset({429, 503})
# Each lost race means that another process settled, so many processes in a row are many that must settle less often.
_RACES = 12
_LONGEST_PAUSE = 0.1
# Requests asked for beyond the usual, for each slot: a flow sends several in a row once it has begun.
_SPARE = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoredSheet(Protocol):
    """A sheet as read, with the store's clock at that moment."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What is on it."""

    @property
    def etag(self) -> str:
        """What it must still have to be replaced."""

    @property
    def now(self) -> datetime:
        """The store's clock."""


class SheetStore(Protocol):
    """Where the sheets are; `shared.state` keeps them."""

    async def read(self, key: str) -> StoredSheet:
        """Read a sheet."""

    async def write(self, key: str, sheet: Mapping[str, Any], etag: str) -> bool:
        """Replace it; False when somebody else did."""


@dataclass(frozen=True, slots=True)
class User:
    """An application user of a back-end: the key of its sheet, and how to sign in as it."""

    key: str
    tokens: TokenProvider


class Gate:
    """What this process may send as one user. Not a lock: whoever asks `room` must `start` before awaiting anything."""

    def __init__(
        self,
        user: User,
        store: SheetStore,
        limits: Limits,
        rules: Rules,
        holder: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.user = user
        self.limits = limits
        self.rules = rules
        self.busy = 0
        self.ceiling = limits.in_flight
        self.leaving = False
        self.hungry = False  # the latest settlement granted less than was wanted
        self._store = store
        self._clock = clock
        self._report = Report(holder, 0)  # what happened since the latest settlement
        self._peak = 0
        self._cap = 0
        self._budget = 0
        self._frozen: int | None = None
        self._fresh_until = -math.inf
        self._blocked_until = -math.inf
        self._resume_at = -math.inf
        self._used_at = -math.inf
        self._settled_at = clock()

    @property
    def room(self) -> int:
        """How many requests may start now."""
        now = self._clock()
        if now >= self._fresh_until or now < self._blocked_until:
            return 0
        cap = self._cap if self._frozen is None else min(self._cap, self._frozen)
        return max(0, min(cap - self.busy, self._budget))

    @property
    def wait(self) -> float:
        """Seconds until the back-end may be asked again, as far as is known: pauses and used-up limits."""
        return max(0.0, max(self._blocked_until, self._resume_at) - self._clock())

    @property
    def active(self) -> bool:
        """Whether it holds or needs anything that the others should know of."""
        return self.busy > 0 or self._clock() - self._used_at < self.rules.idle

    @property
    def holds(self) -> bool:
        """Whether the sheet names this process as a holder, as far as is known."""
        return self._cap > 0 or self._budget > 0 or self._report.used > 0 or self.alarmed

    def start(self) -> None:
        """Begin a request."""
        self.busy += 1
        self._peak = max(self._peak, self.busy)
        self.again()

    def again(self) -> None:
        """Begin the same request once more."""
        self._budget -= 1
        self._report = replace(self._report, used=self._report.used + 1)
        self._used_at = self._clock()

    def finish(self, seconds: float) -> None:
        """End a request."""
        self.busy -= 1
        self._used_at = self._clock()
        self._report = replace(self._report, seconds=self._report.seconds + seconds)

    def answered(self, response: httpx.Response) -> None:
        """Heed what an answer says about limits."""
        hint = response.headers.get(HINT_HEADER, "")
        if hint.isdigit():
            self._report = replace(self._report, hint=int(hint))
        if response.status_code in _TROUBLE:
            self._refused(response)

    def _refused(self, response: httpx.Response) -> None:
        penalty = self.rules.penalty if response.status_code == 429 else 0.0
        pause = retry_after(response.headers)
        self._report = replace(self._report, refusals=self._report.refusals + 1)
        until = self._clock() + (penalty if pause is None else pause)
        self._blocked_until = max(self._blocked_until, until)

    @property
    def alarmed(self) -> bool:
        """Whether the others must hear of a refusal now."""
        return self._report.refusals > 0

    async def settle(self, waiting: int) -> None:
        """Report and ask. Raises ServiceError when the store cannot be reached; grants then run out by themselves."""
        try:
            for attempt in range(_RACES):
                if await self._try_settle(waiting):
                    return
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE * (attempt + 1) / _RACES))  # noqa: S311
        finally:
            self._frozen = None
        message = f"lost {_RACES} races for the sheet of {self.user.key}: try again"
        raise Transient(SERVICE, "settle", message)

    async def _try_settle(self, waiting: int) -> bool:
        begun = self._clock()
        stored = await self._store.read(self.user.key)
        before = from_json(stored.data)
        report = self._make_report(waiting)
        # What is reported as free may be given away: until the answer is known, no more may run than was reported.
        self._frozen = report.busy
        after = settle(before, report, self.limits, self.rules, (stored.now - _EPOCH).total_seconds())
        if self._worth_writing(before, after, report) and not await self._write(after, stored.etag):
            return False
        self._take(after, report, begun)
        return True

    async def _write(self, sheet: Sheet, etag: str) -> bool:
        try:
            return await self._store.write(self.user.key, to_json(sheet), etag)
        except ServiceError:
            # It may have been done: then the others have what was given back, and what was granted is not known here.
            self._fresh_until = -math.inf
            raise

    def _make_report(self, waiting: int) -> Report:
        now = self._clock()
        wants = min(self.limits.in_flight, max(self.busy + waiting, self._peak, int(self.active)))
        if self.leaving:
            wants = 0
        span = max(now - self._settled_at, self.rules.settle / 4)
        usual = self._report.used * self.rules.fresh / span
        return replace(
            self._report,
            settlement=self._report.settlement + 1,
            busy=self.busy,
            wants=wants,
            expects=waiting + math.ceil(usual) + _SPARE * wants,
            pause=max(0.0, self._blocked_until - now) if self.alarmed else 0.0,
        )

    def _worth_writing(self, before: Sheet, after: Sheet, report: Report) -> bool:
        """Who still waits for a slot, and has said so, need not say it again at once."""
        old, new = before.holders.get(report.holder), after.holders.get(report.holder)
        if report.used or report.seconds or report.refusals or report.hint is not None:
            return True
        if old is None or new is None:
            return old is not new
        same = (old.slots, old.cap, old.budget, old.wants) == (0, 0, 0, new.wants) and not (new.slots or new.budget)
        return not same or old.lapses_at - after.at < self.rules.lapse / 2

    def _take(self, sheet: Sheet, report: Report, begun: float) -> None:
        mine = sheet.holders.get(report.holder)
        since = replace(
            self._report,
            settlement=report.settlement,
            used=self._report.used - report.used,
            seconds=self._report.seconds - report.seconds,
            refusals=self._report.refusals - report.refusals,
            hint=None if self._report.hint == report.hint else self._report.hint,
        )
        self._cap = mine.cap if mine else 0
        # Requests that began while the store was asked are not on the sheet yet.
        self._budget = (mine.budget if mine else 0) - since.used
        self._report = since
        self._peak = self.busy
        self._settled_at = self._clock()
        self._fresh_until = begun + min(self.rules.fresh, self.rules.lapse - CLOCK_ERROR)
        self._resume_at = self._settled_at + wait(sheet, self.limits, self.rules)
        self._blocked_until = max(self._blocked_until, self._settled_at + sheet.blocked_until - sheet.at)
        self.ceiling = ceiling(sheet, self.limits, self.rules)
        self.hungry = self._cap < report.wants or self._budget < report.expects
