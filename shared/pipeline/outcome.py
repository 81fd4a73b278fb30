"""What a flow returns. Exceptions are for bugs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shared.state.records import JSON, Question


@dataclass(frozen=True, slots=True)
class Done:
    """Both sides agree now."""

    why: str
    result: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoChange:
    """Both sides agreed already; nothing was written."""

    why: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another message did this work, or nobody wants it any more."""

    why: str


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at `when`. `unknown` says that a write may have happened; an uncounted retry is no attempt spent."""

    when: datetime
    reason: str
    unknown: bool = False
    counted: bool = True


@dataclass(frozen=True, slots=True)
class NeedsReview:
    """A person must decide."""

    question: Question


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The same message will fail again. `reason` is one word for listings, `detail` the whole story."""

    reason: str
    detail: str


Outcome = Done | NoChange | Superseded | RetryAt | NeedsReview | DeadLetter
OUTCOMES = (Done, NoChange, Superseded, RetryAt, NeedsReview, DeadLetter)
