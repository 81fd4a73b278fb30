"""The one table from classed errors to outcomes."""

from __future__ import annotations

from datetime import datetime

from shared.errors import NO_ROOM, Conflict, OutcomeUnknown, Permanent, ServiceError, Throttled
from shared.pipeline.backoff import Backoff
from shared.pipeline.outcome import DeadLetter, RetryAt


def outcome_of(
    error: ServiceError, *, now: datetime, attempt: int, backoff: Backoff, jitter: float
) -> RetryAt | DeadLetter:
    """What to do about an error that a flow met at `attempt`. Pure."""
    if isinstance(error, Permanent):
        return DeadLetter(error.code or type(error).__name__, str(error))
    # Our own limiter had no room: nothing was tried, and a long backlog must not end as a dead letter.
    waited = isinstance(error, Throttled) and error.code == NO_ROOM
    if not waited and backoff.exhausted(attempt):
        return DeadLetter("RetriesExhausted", f"given up after {attempt} attempts; the last one: {error}")
    retry_after = error.retry_after if isinstance(error, Throttled) else None
    # A lost race is settled by reading again: no reason to wait as for an outage.
    step = 1 if isinstance(error, Conflict) else attempt
    when = now + backoff.delay(step, jitter, retry_after)
    return RetryAt(when, str(error), unknown=isinstance(error, OutcomeUnknown), counted=not waited)
