"""The life of a review item, as pure steps: opened, counted up, closed.

An item id is the digest of its question and a generation. A question that is asked again after it was resolved opens
the next generation, so the resolved item stays readable and a late `resolve` cannot close a question nobody has seen.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from shared.errors import Conflict, NotFound
from shared.state.records import JSON, Question, ReviewItem, WaitingMessage

OPEN = "open"
RESOLVED = "resolved"
ERASED = "erased"


def question_digest(question: Question) -> str:
    """Identify a question by its scope and key."""
    return hashlib.sha256(f"{len(question.scope)}:{question.scope}{question.key}".encode()).hexdigest()[:24]


def item_id(digest: str, generation: int) -> str:
    """Name one generation of a question."""
    return f"{digest}-{generation}"


def opened(identifier: str, question: Question, now: datetime) -> ReviewItem:
    """Start an item."""
    return ReviewItem(
        id=identifier, question=question, status=OPEN, asked=1, first_asked_at=now, last_asked_at=now, waiting=()
    )


def counted_up(item: ReviewItem, question: Question, now: datetime) -> ReviewItem:
    """Ask an open item again; the newest values replace the old ones, since a person decides on what is true now."""
    return replace(item, question=question, asked=item.asked + 1, last_asked_at=now)


def with_waiting(item: ReviewItem, waiting: WaitingMessage | None) -> ReviewItem:
    """Add a message that waits, once."""
    if waiting is None or waiting in item.waiting:
        return item
    return replace(item, waiting=(*item.waiting, waiting))


def closed(item: ReviewItem, decision: JSON, actor: str, now: datetime) -> ReviewItem:
    """Close an item with a person's decision."""
    return replace(item, status=RESOLVED, decision=decision, resolved_by=actor, resolved_at=now)


def erased(item: ReviewItem) -> ReviewItem:
    """Take out what an item tells about somebody; that it was asked, and closed by whom, stays."""
    question = replace(item.question, text=ERASED, commercetools={}, dynamics={})
    return replace(item, question=question, decision=dict.fromkeys(item.decision, ERASED))


def unknown_item(service: str, identifier: str) -> NotFound:
    """Say that there is no such item."""
    return NotFound(
        service, f"resolve review item {identifier}", "no such review item: list the open ones (`ctd365 review list`)"
    )


def resolved_before(service: str, item: ReviewItem) -> Conflict:
    """Say who closed the item first."""
    when = f"{item.resolved_at:%Y-%m-%d %H:%M:%S} UTC" if item.resolved_at else "an unknown time"
    return Conflict(
        service,
        f"resolve review item {item.id}",
        f"{item.resolved_by} resolved it at {when}: read the decision (`ctd365 review show {item.id}`)",
    )
