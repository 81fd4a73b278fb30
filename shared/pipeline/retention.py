"""What is old enough is removed at night: claims that are done, audit entries, resolved review items."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import ServiceError
from shared.pipeline.process import Road

type Forget = Callable[[datetime, int], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each kind is kept, and how many rows of each one run removes at most."""

    idempotency: timedelta = timedelta(days=30)
    audit: timedelta = timedelta(days=400)
    review: timedelta = timedelta(days=400)
    rows: int = 50_000


async def forget_old(road: Road, retention: Retention) -> Mapping[str, int]:
    """Remove what is older than its time; return how much of each kind.

    One store that fails does not keep the others waiting; the first error is raised at the end. What one run leaves
    because of its bound, the next one removes.
    """
    state = road.state
    kinds: dict[str, tuple[Forget, timedelta]] = {
        "idempotency": (state.idempotency.forget_done, retention.idempotency),
        "audit": (state.audit.forget, retention.audit),
        "review": (state.review.forget_resolved, retention.review),
    }
    removed: dict[str, int] = {}
    failed: list[ServiceError] = []
    for kind, (forget, kept) in kinds.items():
        try:
            removed[kind] = await forget(road.now() - kept, retention.rows)
        except ServiceError as error:
            road.telemetry.event("retention failed", kind=kind, why=str(error))
            failed.append(error)
            continue
        more = removed[kind] >= retention.rows
        road.telemetry.event("retention", kind=kind, removed=removed[kind], more=str(more).lower())
    if failed:
        raise failed[0]
    return removed
