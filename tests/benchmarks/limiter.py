"""How much of Business Central's limits four processes use together, and what keeping to them costs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contract.limiter.measurement import IN_FLIGHT, LEASE, REQUESTS, RETRY_AFTER, WINDOW, WORKERS, measure


def limiter_figures() -> Iterator[str]:
    """Run the measurement of the contract test once."""
    found = measure()
    limits = f"{IN_FLIGHT} in flight, {REQUESTS} requests in {WINDOW:.0f} s"
    yield f"limiter: {found.used:.1%} of the ceiling used by {WORKERS} processes ({limits}; goal: at least 90 %)"
    yield f"  answered 429: {found.refused:.2%} of {found.sent} requests (goal: below 1 %)"
    yield f"  at once: {found.most_at_once} at most; in any window: {found.most_in_window} at most"
    yield (
        f"  Retry-After {RETRY_AFTER} s: {found.inside_pause} requests inside (goal: 0), "
        f"{found.heard_late} before every process had heard of it"
    )
    yield (
        f"  worker killed with {found.slots_of_the_killed} slots: back in use after {found.regained_after:.1f} s "
        f"(goal: one lease, {LEASE:.0f} s)"
    )
    yield f"  operations on the Table service: {found.operations_per_request:.2f} a request"
