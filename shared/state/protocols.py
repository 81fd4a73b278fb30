"""What the pipeline needs remembered, as protocols. Two adapters keep them: Azure Tables and memory.

Every method raises `shared.errors.Transient` when the store cannot be reached and `shared.errors.Conflict` when a
conditional write lost; nothing else escapes. All methods are safe to call again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from shared.state.records import (
    JSON,
    AuditEntry,
    Claimed,
    ClaimResult,
    DigestPage,
    Failure,
    IdPair,
    LeaseSheet,
    Question,
    ReviewItem,
    Snapshot,
    WaitingMessage,
)


class IdempotencyStore(Protocol):
    """One holder per key. Expiry is judged by the store's clock, never by the caller's."""

    async def claim(self, key: str, payload_hash: str, lease: timedelta, *, after: str | None = None) -> ClaimResult:
        """Take the key for `lease`. A lapsed, released or unknown claim is taken over with `fresh=False`.

        Completed with the same payload hash → AlreadyDone; with another → Superseding, unless `after` is its etag:
        then the key is taken, also with `fresh=False`.
        """

    async def complete(self, claim: Claimed, result: JSON) -> bool:
        """Store the result. False when the claim was taken over meanwhile (nothing is written then)."""

    async def release(self, claim: Claimed) -> bool:
        """Give the key back: nothing was written. False when taken over."""

    async def mark_unknown(self, claim: Claimed) -> bool:
        """Give the key back, remembering that a write may have happened. False when taken over."""

    async def forget_done(self, before: datetime, limit: int) -> int:
        """Remove keys that were completed before, `limit` at most; return how many. Others stay, however old."""


class LeaseStore(Protocol):
    """Who holds how much of something that all processes share: one small sheet per key, rewritten as a whole.

    What is on a sheet is its users' business. Expiry must be judged by the `now` that came with the sheet.
    """

    async def read(self, key: str) -> LeaseSheet:
        """Read a sheet; an empty one where nobody wrote before."""

    async def write(self, key: str, sheet: JSON, etag: str) -> bool:
        """Replace what was read under this etag. False when somebody else wrote meanwhile (nothing is written then).

        False too when the write was done but its answer got lost: read again, and recognise your own entry.
        """


class IdMap(Protocol):
    """Both directions of identity, written together."""

    async def put(self, pair: IdPair) -> None:
        """Store or replace. Raises Conflict when either id already belongs to another partner."""

    async def by_commercetools_id(self, scope: str, entity: str, commercetools_id: str) -> IdPair | None:
        """The pair of a commercetools id."""

    async def by_dynamics_id(self, scope: str, entity: str, dynamics_id: str) -> IdPair | None:
        """The pair of a Dynamics id."""

    async def remove(self, pair: IdPair) -> None:
        """Forget both directions."""


class CursorStore(Protocol):
    """Where a pull stands: an opaque text per name."""

    async def get(self, name: str) -> str | None:
        """The cursor, or None before the first pull."""

    async def put(self, name: str, value: str) -> None:
        """Move the cursor."""


class SnapshotStore(Protocol):
    """The last state in which both sides agreed."""

    async def get(self, scope: str, entity: str, entity_id: str) -> Snapshot | None:
        """The snapshot of one entity."""

    async def put(self, snapshot: Snapshot) -> None:
        """Replace it."""

    async def remove(self, scope: str, entity: str, entity_id: str) -> None:
        """Forget it; one that is not there is fine."""


class DigestStore(Protocol):
    """One digest for each record of a long list, so that reading the list again tells what changed and what is gone.

    The list is read in pages, roughly in the order of its ids. Where the list's order and the store's differ, an id may
    be told as missing although a later page has it: whoever is told looks for himself.
    """

    async def page(self, scope: str, ids: Collection[str], after: str) -> DigestPage:
        """Return the digests of these ids, and the stored ids since `after` that are not among them."""

    async def rest(self, scope: str, after: str) -> Sequence[str]:
        """Return the stored ids behind `after`: of a list that ended there, they are missing."""

    async def put(self, scope: str, digests: Mapping[str, str], removed: Collection[str] = ()) -> None:
        """Store digests and forget ids. May stop half-way: calling it again stores the rest."""


class FailureStore(Protocol):
    """Permanent failures by queue, message id and sequence number."""

    async def put(self, failure: Failure) -> None:
        """Remember."""

    async def get(self, queue: str, message_id: str, sequence_number: int) -> Failure | None:
        """The failure of exactly this delivery, or None: a resubmitted copy has a new sequence number."""

    async def latest(self, queue: str, message_id: str) -> Failure | None:
        """The newest failure of a message id, for listings."""


class AuditLog(Protocol):
    """Append-only. Read by entity, by document number, by day and by outcome; oldest first."""

    async def append(self, entry: AuditEntry) -> None:
        """Add one entry. Entries of the same instant keep their order of arrival."""

    def by_entity(self, entity_id: str) -> AsyncIterator[AuditEntry]:
        """Every entry of one entity."""

    def by_document_number(self, number: str) -> AsyncIterator[AuditEntry]:
        """Every entry of the entities that carry this document number (either side's)."""

    def by_day(self, day: datetime, outcome: str | None = None) -> AsyncIterator[AuditEntry]:
        """Every entry of one UTC day, optionally of one outcome."""

    async def forget(self, before: datetime, limit: int) -> int:
        """Remove the entries of UTC days that ended before, `limit` at most, oldest day first; return how many."""

    async def erase(self, entity_id: str) -> int:
        """Take out what was written and why from every entry of an entity; steps, outcomes and times stay.

        Returns how many entries there are. May stop half-way: calling it again erases the rest.
        """


class ReviewStore(Protocol):
    """Questions for a person."""

    async def ask(self, question: Question, waiting: WaitingMessage | None) -> ReviewItem:
        """Open the question, or count up an open one; `waiting` is added once. A resolved question opens anew."""

    async def get(self, item_id: str) -> ReviewItem | None:
        """One item."""

    def list_items(self, status: str = "open") -> AsyncIterator[ReviewItem]:
        """Items of one status, oldest first."""

    async def resolve(self, item_id: str, decision: JSON, actor: str) -> ReviewItem:
        """Close with a decision. Raises NotFound for an unknown id, Conflict when resolved before."""

    async def forget_resolved(self, before: datetime, limit: int) -> int:
        """Remove items that were resolved before, `limit` at most; return how many. Open ones stay, however old."""

    async def erase(self, key_part: str) -> int:
        """Take the text and both sides' values out of every item whose key has this part; returns how many."""


class State(Protocol):
    """All the stores together, as `shared/composition.py` hands them in."""

    @property
    def idempotency(self) -> IdempotencyStore:
        """Who works on what, and what is done."""

    @property
    def leases(self) -> LeaseStore:
        """Who holds how much of what all processes share."""

    @property
    def id_map(self) -> IdMap:
        """Which ids belong together."""

    @property
    def cursors(self) -> CursorStore:
        """Where each pull stands."""

    @property
    def snapshots(self) -> SnapshotStore:
        """The last agreed states."""

    @property
    def digests(self) -> DigestStore:
        """What long lists looked like when they were read last."""

    @property
    def failures(self) -> FailureStore:
        """Permanent failures of deliveries."""

    @property
    def audit(self) -> AuditLog:
        """What happened, and why."""

    @property
    def review(self) -> ReviewStore:
        """What a person must decide."""

    async def ensure(self) -> None:
        """Create what is missing (tables). Idempotent."""

    async def close(self) -> None:
        """Release connections."""
