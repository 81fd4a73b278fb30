from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from shared.state.protocols import State

# The Table service tells its time in whole seconds, so a lease may lapse that much late.
CLOCK_RESOLUTION = timedelta(seconds=1.1)


@dataclass(frozen=True, slots=True)
class Store:
    state: State
    let_pass: Callable[[timedelta], Awaitable[None]]
    now: Callable[[], datetime]


class ManualClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    async def let_pass(self, duration: timedelta) -> None:
        self.now += duration


async def sleep_past(duration: timedelta) -> None:
    await asyncio.sleep((duration + CLOCK_RESOLUTION).total_seconds())


def utc_now() -> datetime:
    return datetime.now(UTC)


def unused_prefix() -> str:
    return f"t{uuid4().hex[:12]}"
