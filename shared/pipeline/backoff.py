"""When to try again: exponential with jitter, never before a Retry-After."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """`base` doubles with each attempt up to `ceiling`; attempts past `max_attempts` are given up."""

    base: timedelta = timedelta(seconds=2)
    ceiling: timedelta = timedelta(minutes=15)
    max_attempts: int = 20

    def delay(self, attempt: int, jitter: float, retry_after: float | None = None) -> timedelta:
        """The wait after `attempt` (from 1). `jitter` in [0, 1) spreads it over the upper half of the step.

        Retry-After is a floor: jitter is added on top of it, so that a crowd does not come back at once.
        """
        step = min(self.base * float(1 << min(attempt - 1, 30)), self.ceiling)
        spread = step * (0.5 + jitter / 2)
        if retry_after is None:
            return spread
        return timedelta(seconds=retry_after) + min(spread, self.base)

    def exhausted(self, attempt: int) -> bool:
        """True when `attempt` was the last."""
        return attempt >= self.max_attempts
