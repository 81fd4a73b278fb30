"""Time for the broker: what time it is, and waking up at a given time."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Alarm(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """Make it not happen."""


class Clock(Protocol):
    """The one clock on which locks, schedules and expiries are judged."""

    def now(self) -> float:
        """Answer the Unix time in seconds."""

    def at(self, when: float, action: Callable[[], None]) -> Alarm:
        """Run ``action`` at the Unix time ``when``, or at once if that has passed."""


class LoopClock:
    """The wall clock, with alarms on the running event loop; an idle broker has no alarm and burns no CPU."""

    def now(self) -> float:
        """Answer the Unix time in seconds."""
        return time.time()

    def at(self, when: float, action: Callable[[], None]) -> Alarm:
        """Run ``action`` on the event loop at the Unix time ``when``."""
        return asyncio.get_running_loop().call_later(max(0.0, when - time.time()), action)
