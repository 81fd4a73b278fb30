"""What four worker processes make of Business Central's limits, scaled down so that a window passes in 20 seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass

from shared.dynamics.limiter.limits import rules_of
from shared.markets import BackEnd, BackEndLimits
from tests.contract.limiter.fleet import Fleet, Sent, Worker, fleet, most_at_once, most_in_window

CLIENT = "client-1"
WORKERS = 4
TASKS = 10
IN_FLIGHT = 5
REQUESTS = 1200
WINDOW = 20.0
LEASE = 5.0
LATENCY_MS = 30
RETRY_AFTER = 3
_SETTLED = 3.0
_GIVE_UP = 3 * LEASE
LIMITS = {
    "in_flight": IN_FLIGHT,
    "requests": REQUESTS,
    "window_seconds": WINDOW,
    "lease_seconds": LEASE,
    "max_wait_seconds": 5,
}
_BACK_END = BackEnd(
    type="business_central",
    url="https://bc.example.com",
    tenant_id="tenant",
    client_id=CLIENT,
    scope="",
    limits=BackEndLimits.model_validate(LIMITS),
)
# Nobody sends on a grant older than this, so it is how long a Retry-After needs to reach everybody at most.
HEARD_WITHIN = rules_of(_BACK_END).fresh


@dataclass(frozen=True, slots=True)
class Figures:
    """The result. `used`: requests answered in one window as a share of those allowed. `refused`: share of 429."""

    sent: int
    used: float
    refused: float
    most_in_window: int
    most_at_once: int
    operations_per_request: float
    slots_of_the_killed: int
    regained_after: float
    heard_late: int
    inside_pause: int
    after_pause: int


def measure() -> Figures:
    """Run four workers for about 40 seconds: a steady window, a worker killed, a Retry-After."""
    with fleet(LIMITS, latency_ms=LATENCY_MS) as running:
        running.launch(WORKERS, TASKS)
        time.sleep(_SETTLED)
        begun = time.monotonic()
        time.sleep(WINDOW)
        steady = [one for one in running.sent if begun <= one.ended < begun + WINDOW]
        undisturbed = running.sent
        killed, slots, regained = _kill_one(running)
        pause = _pause(running)
        running.recall()
        return _figures(running, killed, steady, undisturbed, (slots, regained), pause)


def _kill_one(running: Fleet) -> tuple[Worker, int, float]:
    """End the worker that holds most; what it held, and how long until the others hold every slot."""
    holders = running.sheet(CLIENT).holders
    victim = max(running.workers, key=lambda worker: holders[worker.holder].slots)
    killed = running.kill(victim)
    while time.monotonic() < killed + _GIVE_UP:
        held = running.sheet(CLIENT).holders
        if sum(one.slots for name, one in held.items() if name != victim.holder) == IN_FLIGHT:
            break
        time.sleep(0.1)
    return victim, holders[victim.holder].slots, time.monotonic() - killed


def _pause(running: Fleet) -> Sent:
    """Have one request answered with 429 and Retry-After, and wait until all have gone on; that request."""
    running.control("__faults", {"faults": [{"mode": "status", "status": 429, "retry_after": RETRY_AFTER}]})
    deadline = time.monotonic() + _GIVE_UP
    while not (told := [one for one in running.sent if one.retry_after]) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(RETRY_AFTER + 3)
    return told[0]


def _figures(
    running: Fleet, killed: Worker, steady: list[Sent], undisturbed: list[Sent], kill: tuple[int, float], pause: Sent
) -> Figures:
    later = [one for one in running.sent if one.begun > pause.ended]
    end = pause.ended + RETRY_AFTER
    survivors = [worker for worker in running.workers if worker is not killed]
    return Figures(
        sent=len(running.sent),
        used=sum(one.status == 200 for one in steady) / REQUESTS,
        refused=sum(one.status == 429 for one in undisturbed) / len(undisturbed),
        most_in_window=most_in_window([one.begun for one in running.sent], WINDOW),
        most_at_once=most_at_once(undisturbed),
        operations_per_request=sum(one.operations for one in survivors) / sum(len(one.sent) for one in survivors),
        slots_of_the_killed=kill[0],
        regained_after=kill[1],
        heard_late=sum(one.begun <= pause.ended + HEARD_WITHIN for one in later),
        inside_pause=sum(pause.ended + HEARD_WITHIN < one.begun < end for one in later),
        after_pause=sum(one.begun >= end for one in later),
    )
