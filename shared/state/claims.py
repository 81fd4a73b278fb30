"""The idempotency rules, as pure decisions on what a store found under a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.state.records import JSON, AlreadyDone, Busy, Superseding


class ClaimState(StrEnum):
    """What the last holder of a key left behind."""

    HELD = "held"
    RELEASED = "released"
    UNKNOWN = "unknown"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """One row of the store. `etag` changes with every write; `written_at` is set by the store's clock."""

    state: ClaimState
    token: str
    payload_hash: str
    lease: timedelta
    written_at: datetime
    etag: str
    result: JSON


@dataclass(frozen=True, slots=True)
class TakeOver:
    """The key is free for a new holder, as long as the row still has this etag."""

    etag: str


def judge_claim(
    stored: StoredClaim, payload_hash: str, after: str | None, now: datetime
) -> AlreadyDone | Busy | Superseding | TakeOver:
    """Decide what a new claim gets. `now` must come from the clock that set `stored.written_at`."""
    if stored.state is ClaimState.DONE:
        return _judge_done(stored, payload_hash, after)
    until = stored.written_at + stored.lease
    if stored.state is ClaimState.HELD and now < until:
        return Busy(until)
    return TakeOver(stored.etag)


def _judge_done(stored: StoredClaim, payload_hash: str, after: str | None) -> AlreadyDone | Superseding | TakeOver:
    if stored.payload_hash == payload_hash:
        return AlreadyDone(stored.result)
    if after == stored.etag:
        return TakeOver(stored.etag)
    return Superseding(stored.etag)
