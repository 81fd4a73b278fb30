"""The one road: claim → flow → audit → settle. The only place that knows queues, retries, audit and telemetry."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.errors import OutcomeUnknown, ServiceError
from shared.messaging.sender import Sender
from shared.pipeline.auditing import entries_of
from shared.pipeline.backoff import Backoff
from shared.pipeline.envelope import Envelope, MalformedEnvelope, parse_envelope
from shared.pipeline.failures import FailureMemory, Incoming, MessageFailed, failure_of
from shared.pipeline.flow import Flow, Trail, Work, travel
from shared.pipeline.measuring import operation_of, report_malformed, report_outcome
from shared.pipeline.outcome import DeadLetter, Done, NeedsReview, NoChange, Outcome, RetryAt, Superseded
from shared.pipeline.recovery import outcome_of
from shared.state.protocols import State
from shared.state.records import AlreadyDone, Busy, Claimed, Failure, Snapshot, WaitingMessage
from shared.telemetry.seam import Telemetry


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Road:
    """What the road needs, handed in by `app.py`."""

    state: State
    sender: Sender
    telemetry: Telemetry
    failures: FailureMemory
    backoff: Backoff = field(default_factory=Backoff)
    lease: timedelta = timedelta(minutes=5)
    now: Callable[[], datetime] = utc_now
    jitter: Callable[[], float] = random.random
    mask: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict


@dataclass(frozen=True, slots=True)
class Run:
    """One message on its way."""

    incoming: Incoming
    envelope: Envelope
    trail: Trail
    claim: Claimed | None


async def process(road: Road, flow: Flow[Any, Any, Any], incoming: Incoming) -> Outcome:
    """Take one message down the road. Returns when it may be completed.

    Raises MessageFailed when the host must abandon it, so that the broker dead-letters it.
    """
    await road.failures.refuse_known(incoming)
    try:
        envelope = parse_envelope(incoming.body)
    except MalformedEnvelope as error:
        raise await _fail(road, flow.name, incoming, None, DeadLetter("Malformed", str(error))) from error
    with operation_of(road.telemetry, envelope) as operation:
        trail = Trail()
        outcome, claim = await _run(road, flow, envelope, trail)
        outcome = await _close(road, Run(incoming, envelope, trail, claim), outcome)
        report_outcome(road.telemetry, operation, envelope, trail.market, outcome, road.now())
        return await _settle(road, incoming, envelope, outcome)


async def _run(
    road: Road, flow: Flow[Any, Any, Any], envelope: Envelope, trail: Trail
) -> tuple[Outcome, Claimed | None]:
    """Claim and travel. Whatever a service refused becomes an outcome here, and only here."""
    claim: Claimed | None = None
    try:
        claimed = await _claim(road, envelope)
        if not isinstance(claimed, Claimed):
            return claimed, None
        claim = claimed
        return await travel(flow, Work(envelope, claim.fresh, road.now(), trail)), claim
    except ServiceError as error:
        trail.note("failed", str(error))
        return _recover(road, envelope, error), claim


async def _claim(road: Road, envelope: Envelope) -> Claimed | Outcome:
    key, payload = envelope.claim_key, envelope.payload_hash
    result = await road.state.idempotency.claim(key, payload, road.lease)
    if not isinstance(result, Claimed | AlreadyDone | Busy):
        result = await road.state.idempotency.claim(key, payload, road.lease, after=result.etag)
    match result:
        case Claimed():
            return result
        case AlreadyDone():
            return Superseded("the same cause was worked off before")
        case Busy(until=until):
            # The store's clock runs up to a second behind: an end in our past would be tried again at once, many times.
            when = max(until, road.now() + road.backoff.base) + road.backoff.base * road.jitter()
            return RetryAt(when, f"another worker holds {key} until {until:%H:%M:%S}")
        case _:
            return RetryAt(road.now() + road.backoff.base, f"lost the race for {key}")


async def _close(road: Road, run: Run, outcome: Outcome) -> Outcome:
    """Ask the person, write the audit, then free or complete the claim.

    A store that fails now turns the outcome into a retry: the next run finds what was written and only repeats
    the bookkeeping.
    """
    try:
        if isinstance(outcome, NeedsReview):
            outcome = await _ask(road, run, outcome)
        # Without a claim nothing was done; and when it is the store that failed, asking it again only costs time.
        if run.claim is not None or not isinstance(outcome, RetryAt):
            for entry in entries_of(run.envelope, run.trail, outcome, road.now(), road.mask):
                await road.state.audit.append(entry)
        if run.claim is not None:
            await _free(road, run.claim, outcome)
    except ServiceError as error:
        if isinstance(outcome, RetryAt):
            return outcome
        return _recover(road, run.envelope, OutcomeUnknown(error.service, error.action, error.message))
    return outcome


async def _ask(road: Road, run: Run, outcome: NeedsReview) -> DeadLetter:
    """A message that waits for a person is a dead letter too, so that the portal and the alerts see it."""
    incoming, question = run.incoming, outcome.question
    waiting = WaitingMessage(incoming.queue, incoming.message_id, incoming.sequence_number, run.envelope.entity_id)
    masked = replace(question, commercetools=road.mask(question.commercetools), dynamics=road.mask(question.dynamics))
    item = await road.state.review.ask(masked, waiting)
    return DeadLetter(f"NeedsReview:{question.kind}", f"{question.text} (review item {item.id})")


async def _free(road: Road, claim: Claimed, outcome: Outcome) -> None:
    idempotency = road.state.idempotency
    match outcome:
        case Done(result=result):
            await idempotency.complete(claim, result)
        case NoChange() | Superseded():
            await idempotency.complete(claim, {})
        case RetryAt(unknown=True):
            await idempotency.mark_unknown(claim)
        case _:
            await idempotency.release(claim)


async def _settle(road: Road, incoming: Incoming, envelope: Envelope, outcome: Outcome) -> Outcome:
    match outcome:
        case Done() | NoChange() | Superseded():
            return outcome
        case RetryAt(when=when, counted=counted):
            await _schedule(road, incoming, envelope.next_attempt() if counted else envelope, when)
            return outcome
        case NeedsReview():  # _close made a dead letter of it
            raise AssertionError(outcome)
        case DeadLetter():
            raise await _fail(road, envelope.flow, incoming, envelope, outcome)


async def _schedule(road: Road, incoming: Incoming, envelope: Envelope, when: datetime) -> None:
    """Send the next copy before the original is completed: a crash between the two makes a harmless duplicate."""
    await road.sender.send(incoming.queue, [envelope.to_message(when)])
    road.telemetry.event("retry", flow=envelope.flow, attempt=envelope.attempt)


async def _fail(
    road: Road, flow: str, incoming: Incoming, envelope: Envelope | None, dead: DeadLetter
) -> MessageFailed:
    failure = failure_of(incoming, flow, envelope, dead, road.now())
    await road.failures.remember(failure)
    if envelope is None:
        report_malformed(road.telemetry, flow, dead)
    else:
        await _mark_failed(road, envelope, failure)
    return MessageFailed(failure)


async def _mark_failed(road: Road, envelope: Envelope, failure: Failure) -> None:
    """Let the sweep know that this entity waits as a dead letter already."""
    data = {"reason": failure.reason}
    entity = failed_entity(envelope.flow)
    mark = Snapshot(envelope.project, entity, envelope.entity_id, 0, data, failure.failed_at)
    try:
        await road.state.snapshots.put(mark)
    except ServiceError:
        return  # without the mark the sweep queues the entity once more: harmless


def failed_entity(flow: str) -> str:
    """Name the snapshot entity under which failures of a flow are marked."""
    return f"{flow}.failed"


def _recover(road: Road, envelope: Envelope, error: ServiceError) -> RetryAt | DeadLetter:
    return outcome_of(error, now=road.now(), attempt=envelope.attempt, backoff=road.backoff, jitter=road.jitter())
