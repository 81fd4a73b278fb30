"""From a run's trail to audit entries. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.pipeline.envelope import Envelope
from shared.pipeline.flow import Trail
from shared.pipeline.outcome import DeadLetter, NeedsReview, Outcome, RetryAt
from shared.state.records import AuditEntry

Mask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def entries_of(envelope: Envelope, trail: Trail, outcome: Outcome, now: datetime, mask: Mask) -> Iterator[AuditEntry]:
    """One entry a step, then one for the outcome."""
    for note in trail.notes:
        entry = _entry(envelope, trail, now, note.step, "step", note.why, mask(note.before), mask(note.after))
        yield replace(entry, document_number=note.document_number or entry.document_number)
    yield _entry(envelope, trail, now, "outcome", type(outcome).__name__, why_of(outcome), {}, mask(_details(outcome)))


def why_of(outcome: Outcome) -> str:
    """The outcome's reason in words."""
    match outcome:
        case RetryAt(when=when, reason=reason):
            return f"again at {when:%Y-%m-%d %H:%M:%S}Z: {reason}"
        case NeedsReview(question=question):
            return question.text
        case DeadLetter(reason=reason, detail=detail):
            return f"{reason}: {detail}"
        case _:
            return outcome.why


def _details(outcome: Outcome) -> Mapping[str, Any]:
    if isinstance(outcome, NeedsReview):
        return {"commercetools": dict(outcome.question.commercetools), "dynamics": dict(outcome.question.dynamics)}
    return {}


def _entry(
    envelope: Envelope,
    trail: Trail,
    now: datetime,
    step: str,
    outcome: str,
    why: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> AuditEntry:
    return AuditEntry(
        at=now,
        flow=envelope.flow,
        market=trail.market,
        entity_type=envelope.entity_type,
        entity_id=envelope.entity_id,
        step=step,
        outcome=outcome,
        why=why,
        actor=f"{envelope.cause.source}:{envelope.cause.type}",
        correlation_id=envelope.correlation_id,
        attempt=envelope.attempt,
        document_number=trail.document_number,
        dynamics_id=trail.dynamics_id,
        before=before,
        after=after,
    )


def notification_entry(now: datetime, correlation_id: str, outcome: str, why: str) -> AuditEntry:
    """Record a delivery that was refused at the door; nothing of its body is kept."""
    return AuditEntry(
        at=now,
        flow="intake",
        market="",
        entity_type="notification",
        entity_id=correlation_id,
        step="refused",
        outcome=outcome,
        why=why[:1000],
        actor="http",
        correlation_id=correlation_id,
    )
