"""Dead letters as a person needs to see them: the broker's view joined with what the connector remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.cli.context import Context
from shared.messaging.dead_letter import DeadLetterMessage
from shared.pipeline.envelope import Envelope, MalformedEnvelope, parse_envelope
from shared.state.protocols import AuditLog
from shared.state.records import AuditEntry, Failure, ReviewItem

AT_ONCE = 16  # look-ups in flight


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `reason` and `detail` are the flow's where it left any, else the broker's."""

    queue: str
    sequence_number: int
    message_id: str
    flow: str
    project: str
    entity_type: str
    entity_id: str
    document_number: str
    dynamics_id: str
    market: str
    reason: str
    detail: str
    review_item: str
    enqueued_at: datetime | None
    failed_at: datetime | None
    delivery_count: int
    session_id: str | None
    correlation_id: str | None
    broker_reason: str
    broker_description: str

    def answers_to(self, name: str) -> bool:
        """Tell whether a person may mean this one: by sequence number, message id, entity id or document number."""
        return bool(name) and name in {
            str(self.sequence_number),
            self.message_id,
            self.entity_id,
            self.document_number,
        }


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters are meant. What is left out matches anything."""

    flow: str | None = None
    reason: str | None = None
    entity: str | None = None
    names: Sequence[str] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether it matches everything."""
        return not (self.flow or self.reason or self.entity or self.names)

    def concerns(self, letter: Letter) -> bool:
        """Judge all but the names; a reason matches by its beginning, so that `NeedsReview` covers all its kinds."""
        return (
            (self.flow is None or letter.flow == self.flow)
            and (self.reason is None or letter.reason.casefold().startswith(self.reason.casefold()))
            and (self.entity is None or letter.entity_id == self.entity)
        )

    def names_it(self, letter: Letter) -> bool:
        """Judge the names; document numbers among them are known only once the audit was asked."""
        return not self.names or any(letter.answers_to(name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Found:
    """Matching letters, and the messages they were read from by (queue, sequence number)."""

    letters: Sequence[Letter]
    messages: Mapping[tuple[str, int], DeadLetterMessage]

    def message(self, letter: Letter) -> DeadLetterMessage:
        """Return the message of a letter."""
        return self.messages[letter.queue, letter.sequence_number]


async def find_letters(
    context: Context,
    queues: Iterable[str],
    wanted: Filter,
    only: Callable[[DeadLetterMessage], bool] = lambda message: True,  # noqa: ARG005 - any message
) -> Found:
    """Read the queues, join, filter; oldest first in each queue. `only` saves joining what nobody wants."""
    listed = await asyncio.gather(*(context.dead_letters.list_messages(queue) for queue in queues))
    messages = [message for part in listed for message in part if only(message)]
    if not messages:
        return Found((), {})
    waiting = await _waiting(context.state.review.list_items("open"))

    async def joined(message: DeadLetterMessage) -> Letter:
        failure = await context.state.failures.latest(message.queue, message.message_id)
        return join(message, failure, waiting.get(message.message_id, ""))

    async def with_audit(letter: Letter) -> Letter:
        return await _with_audit(letter, context.state.audit)

    letters = [letter for letter in await _each(messages, joined) if wanted.concerns(letter)]
    found = [letter for letter in await _each(letters, with_audit) if wanted.names_it(letter)]
    return Found(found, {(message.queue, message.sequence_number): message for message in messages})


async def _each[Item, Result](items: Iterable[Item], look_up: Callable[[Item], Awaitable[Result]]) -> list[Result]:
    """Look up for all, some at a time, in order."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> Result:
        async with slots:
            return await look_up(item)

    return await asyncio.gather(*(one(item) for item in items))


def join(message: DeadLetterMessage, failure: Failure | None, review_item: str) -> Letter:
    """Lay the remembered failure over the broker's view. Pure."""
    envelope = _envelope(message.body)
    reason = failure.reason if failure else message.reason or "unknown"
    return Letter(
        queue=message.queue,
        sequence_number=message.sequence_number,
        message_id=message.message_id,
        flow=envelope.flow if envelope else (failure.flow if failure else message.queue),
        project=envelope.project if envelope else "",
        entity_type=envelope.entity_type if envelope else "",
        entity_id=envelope.entity_id if envelope else (failure.entity_id if failure else ""),
        document_number="",
        dynamics_id="",
        market="",
        reason=reason,
        detail=failure.detail if failure else message.description,
        review_item=review_item if reason.startswith("NeedsReview") else "",
        enqueued_at=message.enqueued_at,
        failed_at=failure.failed_at if failure else None,
        delivery_count=message.delivery_count,
        session_id=message.session_id,
        correlation_id=message.correlation_id or (envelope.correlation_id if envelope else None),
        broker_reason=message.reason,
        broker_description=message.description,
    )


async def _with_audit(letter: Letter, audit: AuditLog) -> Letter:
    """Add what the newest audit entries know of the entity."""
    if not letter.entity_id:
        return letter
    known = await known_of(audit, letter.entity_id)
    return replace(letter, document_number=known.document_number, dynamics_id=known.dynamics_id, market=known.market)


@dataclass(frozen=True, slots=True)
class Known:
    """What the newest audit entries know of an entity; empty where none does."""

    entity_type: str
    document_number: str
    dynamics_id: str
    market: str


async def known_of(audit: AuditLog, entity_id: str) -> Known:
    """Read an entity's audit for its type, numbers and market."""
    entries = [entry async for entry in audit.by_entity(entity_id)]
    return Known(
        entity_type=_newest(entries, "entity_type"),
        document_number=_newest(entries, "document_number"),
        dynamics_id=_newest(entries, "dynamics_id"),
        market=_newest(entries, "market"),
    )


def _newest(entries: Sequence[AuditEntry], name: str) -> str:
    return next((str(getattr(entry, name)) for entry in reversed(entries) if getattr(entry, name)), "")


async def _waiting(items: AsyncIterable[ReviewItem]) -> dict[str, str]:
    """Map the ids of messages that wait to the review item that they wait for."""
    return {waiting.message_id: item.id async for item in items for waiting in item.waiting}


def _envelope(body: bytes) -> Envelope | None:
    try:
        return parse_envelope(body)
    except MalformedEnvelope:
        return None
