"""What telemetry says of the road: one request for each message, and what is counted by outcome."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime

from shared.pipeline.envelope import Envelope
from shared.pipeline.outcome import DeadLetter, Done, NeedsReview, NoChange, Outcome, RetryAt, Superseded
from shared.telemetry.operation import Operation
from shared.telemetry.seam import Telemetry

REVIEW = "NeedsReview:"  # how the reason of a dead letter begins that waits for a person


def dimensions_of(envelope: Envelope) -> dict[str, str]:
    """Say what a message is about; the entity's id stays in the audit, where the correlation id leads."""
    return {
        "flow": envelope.flow,
        "project": envelope.project,
        "entity_type": envelope.entity_type,
        "source": envelope.cause.source,
        "cause": envelope.cause.type,
    }


def operation_of(telemetry: Telemetry, envelope: Envelope) -> AbstractContextManager[Operation]:
    """Begin to handle a message."""
    dimensions = dimensions_of(envelope)
    return telemetry.operation(envelope.flow, envelope.correlation_id, **dimensions, attempt=envelope.attempt)


def report_accepted(telemetry: Telemetry, flow: str, source: str, messages: int) -> None:
    """Count what was put on a queue for the first time."""
    if messages:
        telemetry.metric("accepted", messages, flow=flow, source=source)


def report_outcome(
    telemetry: Telemetry, operation: Operation, envelope: Envelope, market: str, outcome: Outcome, now: datetime
) -> None:
    """Say what became of a run: the request's dimensions, an event, and the counter of the outcome."""
    name, reason = type(outcome).__name__, outcome.reason if isinstance(outcome, DeadLetter) else ""
    market = market or envelope.market
    operation.add(market=market, outcome=name, reason=reason)
    telemetry.event("outcome", flow=envelope.flow, market=market, outcome=name, reason=reason, attempt=envelope.attempt)
    _count(telemetry, envelope.flow, market, outcome)
    if isinstance(outcome, Done | NoChange | Superseded):
        age = max(0.0, (now - envelope.accepted_at).total_seconds())
        telemetry.metric("age_at_completion", age, flow=envelope.flow, market=market)


def report_malformed(telemetry: Telemetry, flow: str, dead: DeadLetter) -> None:
    """Count what is no envelope, and so belongs to no operation."""
    telemetry.event("outcome", flow=flow, outcome="DeadLetter", reason=dead.reason)
    _count(telemetry, flow, "", dead)


def _count(telemetry: Telemetry, flow: str, market: str, outcome: Outcome) -> None:
    match outcome:
        case Done():
            telemetry.metric("done", 1, flow=flow, market=market)
        case NoChange():
            telemetry.metric("no_change", 1, flow=flow, market=market)
        case Superseded():
            telemetry.metric("superseded", 1, flow=flow, market=market)
        case RetryAt():
            telemetry.metric("retried", 1, flow=flow, market=market)
        case DeadLetter(reason=reason):
            name = "in_review" if reason.startswith(REVIEW) else "dead_lettered"
            telemetry.metric(name, 1, flow=flow, market=market, reason=reason)
        case NeedsReview():  # the road made a dead letter of it
            raise AssertionError(outcome)
