"""The value objects that the stores keep and return. All times are aware UTC datetimes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

JSON = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claimed:
    """The caller holds the key. `fresh` is False when any earlier attempt held it: look up before writing."""

    key: str
    token: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """The same payload was completed before; `result` is what `complete` stored."""

    result: JSON


@dataclass(frozen=True, slots=True)
class Busy:
    """Another worker holds the key until `until` (the store's clock)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Superseding:
    """The key was completed for another payload. Claim again with `after=etag` to start new work on it."""

    etag: str


ClaimResult = Claimed | AlreadyDone | Busy | Superseding


@dataclass(frozen=True, slots=True)
class LeaseSheet:
    """The leases under one key, as read. `now` is the store's clock at that moment, never ahead of it."""

    data: JSON
    etag: str
    now: datetime


@dataclass(frozen=True, slots=True)
class IdPair:
    """Two ids of one thing. `scope` is the market, `entity` for example "order", "customer", "item"."""

    scope: str
    entity: str
    commercetools_id: str
    dynamics_id: str
    dynamics_number: str = ""
    details: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What both sides looked like when last in step."""

    scope: str
    entity: str
    entity_id: str
    commercetools_version: int
    data: JSON
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class DigestPage:
    """What the store knows about a page of a long list. Go on with `after` for the next page."""

    known: Mapping[str, str]
    missing: Sequence[str]
    after: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A permanent failure remembered by the queue's sequence number, so that redeliveries fail without a call."""

    queue: str
    message_id: str
    sequence_number: int
    flow: str
    entity_id: str
    reason: str
    detail: str
    correlation_id: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One step that matters. `before`/`after` hold what was written; `closes` names a dead letter or review item."""

    at: datetime
    flow: str
    market: str
    entity_type: str
    entity_id: str
    step: str
    outcome: str
    why: str
    actor: str
    correlation_id: str
    attempt: int = 1
    document_number: str = ""
    dynamics_id: str = ""
    before: JSON = field(default_factory=dict)
    after: JSON = field(default_factory=dict)
    closes: str = ""


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that waits for a review item: where it is and how to recognise it."""

    queue: str
    message_id: str
    sequence_number: int
    entity_id: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person must decide. The same `key` in the same scope is the same question, however often it is asked."""

    scope: str
    kind: str
    key: str
    text: str
    commercetools: JSON = field(default_factory=dict)
    dynamics: JSON = field(default_factory=dict)
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A question with its history. `status` is open or resolved."""

    id: str
    question: Question
    status: str
    asked: int
    first_asked_at: datetime
    last_asked_at: datetime
    waiting: tuple[WaitingMessage, ...] = ()
    decision: JSON = field(default_factory=dict)
    resolved_by: str = ""
    resolved_at: datetime | None = None
