"""How many deliveries one process takes: a token bucket. Who comes too fast is told when to come again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.composition import App


@dataclass(slots=True)
class TokenBucket:
    """Holds `burst` tokens at most and gains `rate` a second. One event loop uses it, so it needs no lock."""

    rate: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _tokens: float = field(init=False)
    _counted_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens, self._counted_at = float(self.burst), self.clock()

    def take(self) -> float:
        """Take a token: 0, or the seconds until there will be one."""
        now = self.clock()
        self._tokens = min(float(self.burst), self._tokens + (now - self._counted_at) * self.rate)
        self._counted_at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.rate
        self._tokens -= 1
        return 0.0


def intake_wait(app: App) -> float:
    """Seconds that the next delivery has to wait; 0 lets it in."""
    settings = app.settings
    return _intake(settings.intake_requests_per_second, settings.intake_burst).take()


@cache
def _intake(rate: float, burst: int) -> TokenBucket:
    return TokenBucket(rate, burst)
