"""What each back-end allows one application user, and how the processes share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.markets import BackEnd, BackEndType

# The store tells its time in whole seconds, so two processes may differ by that much.
CLOCK_ERROR = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings of one application user. None: the back-end sets no such limit."""

    in_flight: int
    requests: int | None = None
    window_seconds: float = 300.0
    execution_seconds: float | None = None


# Finance has resource-based limits only: ten is where a well-behaved client begins, 429 and 503 lower it.
DEFAULTS: Mapping[BackEndType, Limits] = {
    "business_central": Limits(in_flight=5, requests=6000),
    "dataverse": Limits(in_flight=52, requests=6000, execution_seconds=1200),
    "finance": Limits(in_flight=10),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """How processes share the limits; times in seconds.

    `lease`: what a killed process costs at most. `settle`: how often a busy process reports and asks; nobody sends on a
    grant older than two of these, so that is how long a Retry-After needs to reach every process. `max_wait`: longer
    waits are refused. `burst`: share of the window's requests that may go at once. `penalty`: the pause after a 429
    that names none. `raise_every`: one slot is regained per so many quiet seconds. `turn`: how long a slot may be kept
    while others have none.
    """

    lease: float = 20.0
    settle: float = 1.0
    max_wait: float = 5.0
    idle: float = 2.0
    burst: float = 0.03
    penalty: float = 5.0
    raise_every: float = 10.0
    turn: float = 1.0

    def __post_init__(self) -> None:
        if self.lease < self.shortest_lease:
            raise ValueError(f"a lease of {self.lease} s is too short: use {self.shortest_lease:g} s or more")

    @property
    def fresh(self) -> float:
        """How long a grant may be used without a further settlement."""
        return 2 * self.settle

    @property
    def lapse(self) -> float:
        """When a holder that says nothing lapses: early enough for the others to have its slots within the lease."""
        return self.lease - CLOCK_ERROR - self.settle

    @property
    def shortest_lease(self) -> float:
        """A holder stops using a grant before the others take it back, whatever their clocks say."""
        return 2 * CLOCK_ERROR + self.settle + self.fresh


def limits_of(back_end: BackEnd) -> Limits:
    """The defaults of the back-end's type, and what the market map says instead."""
    own, default = back_end.limits, DEFAULTS[back_end.type]
    return Limits(
        in_flight=own.in_flight or default.in_flight,
        requests=own.requests or default.requests,
        window_seconds=own.window_seconds or default.window_seconds,
        execution_seconds=own.execution_seconds or default.execution_seconds,
    )


def rules_of(back_end: BackEnd) -> Rules:
    """Settle often enough for the window: a grant that waits to be used is capacity lost."""
    settle = min(1.0, max(0.2, limits_of(back_end).window_seconds / 60))
    return Rules(lease=back_end.limits.lease_seconds, max_wait=back_end.limits.max_wait_seconds, settle=settle)
