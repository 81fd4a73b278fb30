"""Review items in one table, in 16 partitions by the digest of the question.

In its partition a question has one head row (its newest generation) and each item one row, `open:ID` or
`resolved:ID`, so that open items are listed without reading the resolved ones. A message that waits has a row of its
own, `waiting:ID:DIGEST`, so that any number can wait for one answer. Whatever belongs together is written in one
transaction of the partition; every loser of a race reads again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from shared.errors import Conflict
from shared.state.codec import decode, encode
from shared.state.records import JSON, Question, ReviewItem, WaitingMessage
from shared.state.review_items import (
    OPEN,
    RESOLVED,
    closed,
    counted_up,
    erased,
    item_id,
    opened,
    question_digest,
    resolved_before,
    unknown_item,
)
from shared.state.tables import data
from shared.state.tables.faults import SERVICE
from shared.state.tables.keys import escape
from shared.state.tables.races import pause
from shared.state.tables.removal import CHUNK, all_done, chunked
from shared.state.tables.table import Delete, Fields, Insert, Replace, Row, Step, Table

_SHARDS = "0123456789abcdef"
# Many messages may ask the same question at once; each round one of them gets through.
_RACES = 100


@dataclass(frozen=True, slots=True)
class _Head:
    generation: int
    row: Row | None


class TablesReviewStore:
    """Questions for a person."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock

    async def ask(self, question: Question, waiting: WaitingMessage | None) -> ReviewItem:
        """Open the question or count it up."""
        digest = question_digest(question)
        for attempt in range(_RACES):
            try:
                item = await self._try_ask(digest, question, waiting)
            except Conflict:
                await asyncio.sleep(pause(attempt))
            else:
                return await self._with_waiting(item)
        raise Conflict(SERVICE, f"ask {question.key}", f"lost {_RACES} races for the question: try again")

    async def _try_ask(self, digest: str, question: Question, waiting: WaitingMessage | None) -> ReviewItem:
        shard = _shard(digest)
        head = await self._head(digest)
        identifier = item_id(digest, head.generation)
        current = await self._table.get(shard, _item_key(OPEN, identifier)) if head.row else None
        if current is not None:
            item = counted_up(_item(current), question, self._clock())
            steps: list[Step] = [Replace(current.row_key, _fields(item), current.etag)]
        else:
            item = opened(item_id(digest, head.generation + 1), question, self._clock())
            steps = [Insert(_item_key(OPEN, item.id), _fields(item)), _next_generation(digest, head)]
        steps += await self._waiting_steps(shard, item.id, waiting)
        await self._table.transaction(shard, steps)
        return item

    async def _head(self, digest: str) -> _Head:
        row = await self._table.get(_shard(digest), _head_key(digest))
        return _Head(0 if row is None else int(row.fields["Generation"]), row)

    async def _waiting_steps(self, shard: str, identifier: str, waiting: WaitingMessage | None) -> list[Step]:
        if waiting is None:
            return []
        text = encode(waiting)
        row_key = _waiting_key(identifier) + hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
        if await self._table.get(shard, row_key) is not None:
            return []
        return [Insert(row_key, data.split(text, SERVICE, f"let {waiting.message_id} wait for {identifier}"))]

    async def get(self, item_id: str) -> ReviewItem | None:
        """Read an item."""
        # Open first: an item goes from open to resolved and never back, so it cannot slip through between the reads.
        for status in (OPEN, RESOLVED):
            row = await self._table.get(_shard(item_id), _item_key(status, item_id))
            if row is not None:
                return await self._with_waiting(_item(row))
        return None

    async def list_items(self, status: str = OPEN) -> AsyncIterator[ReviewItem]:
        """Items of one status, oldest first."""
        found = [item for shard in await self._shards(status) for item in shard]
        for item in sorted(found, key=lambda item: (item.first_asked_at, item.id)):
            yield item

    async def _shards(self, status: str) -> list[list[ReviewItem]]:
        return await asyncio.gather(*(self._shard_items(shard, status) for shard in _SHARDS))

    async def _shard_items(self, shard: str, status: str) -> list[ReviewItem]:
        rows = self._table.rows(shard, begins=f"{escape(status)}:")
        return [await self._with_waiting(_item(row)) async for row in rows]

    async def resolve(self, item_id: str, decision: JSON, actor: str) -> ReviewItem:
        """Close an item."""
        token = uuid4().hex
        for attempt in range(_RACES):
            try:
                return await self._with_waiting(await self._try_resolve(item_id, decision, actor, token))
            except _AskedMeanwhile:
                await asyncio.sleep(pause(attempt))
        raise Conflict(SERVICE, f"resolve review item {item_id}", f"lost {_RACES} races for it: try again")

    async def _try_resolve(self, identifier: str, decision: JSON, actor: str, token: str) -> ReviewItem:
        shard = _shard(identifier)
        row = await self._table.get(shard, _item_key(OPEN, identifier))
        if row is None:
            return await self._resolved_by(identifier, token)
        item = closed(_item(row), decision, actor, self._clock())
        steps: list[Step] = [
            Delete(row.row_key, row.etag),
            Insert(_item_key(RESOLVED, identifier), {**_fields(item), "Token": token}),
        ]
        try:
            await self._table.transaction(shard, steps)
        except Conflict as error:
            raise _AskedMeanwhile from error
        return item

    async def _resolved_by(self, identifier: str, token: str) -> ReviewItem:
        row = await self._table.get(_shard(identifier), _item_key(RESOLVED, identifier))
        if row is None:
            raise unknown_item(SERVICE, identifier)
        item = _item(row)
        # Our own token means that the round before did it and only the answer was lost.
        if row.fields["Token"] != token:
            raise resolved_before(SERVICE, item)
        return item

    async def erase(self, key_part: str) -> int:
        """Take out what items with this part in their key tell."""
        count = 0
        for shard in _SHARDS:
            for status in (OPEN, RESOLVED):
                async for row in self._table.rows(shard, begins=f"{escape(status)}:"):
                    count += await self._erase_row(row, key_part)
        return count

    async def _erase_row(self, row: Row, key_part: str) -> int:
        item = _item(row)
        if key_part not in item.question.key:
            return 0
        kept = {"Token": row.fields["Token"]} if "Token" in row.fields else {}
        await self._table.replace(row.partition, row.row_key, {**_fields(erased(item)), **kept}, row.etag)
        return 1

    async def forget_resolved(self, before: datetime, limit: int) -> int:
        """Remove what was resolved before. The question's own row stays: its generations must go on counting."""
        resolved = self._table.old_rows(before, begins=_item_key(RESOLVED, ""))
        forgotten = [await all_done(map(self._forget, rows)) async for rows in chunked(resolved, limit)]
        return sum(map(sum, forgotten))

    async def _forget(self, row: Row) -> int:
        """Remove an item with what waited for it; the item goes last, so that a crash leaves nothing for ever."""
        waiting = [found async for found in self._table.rows(row.partition, begins=_waiting_key(_item(row).id))]
        steps = [Delete(found.row_key, found.etag) for found in (*waiting, row)]
        try:
            for start in range(0, len(steps), CHUNK):
                await self._table.transaction(row.partition, steps[start : start + CHUNK])
        except Conflict:  # somebody is erasing it: the next night finds it again
            return 0
        return 1

    async def _with_waiting(self, item: ReviewItem) -> ReviewItem:
        rows = [row async for row in self._table.rows(_shard(item.id), begins=_waiting_key(item.id))]
        rows.sort(key=lambda row: row.written_at)
        return replace(item, waiting=tuple(decode(WaitingMessage, data.join(row.fields)) for row in rows))


class _AskedMeanwhile(Exception):
    """The open item changed between reading and closing it."""


def _shard(identifier: str) -> str:
    # Ids come from people too (CLI, console): one that is none of ours is looked for in the first shard.
    return identifier[:1] if identifier[:1] in _SHARDS and identifier else _SHARDS[0]


def _head_key(digest: str) -> str:
    return f"question:{digest}"


def _item_key(status: str, identifier: str) -> str:
    return f"{status}:{escape(identifier)}"


def _waiting_key(identifier: str) -> str:
    return f"waiting:{escape(identifier)}:"


def _next_generation(digest: str, head: _Head) -> Step:
    fields = {"Generation": head.generation + 1}
    if head.row is None:
        return Insert(_head_key(digest), fields)
    return Replace(head.row.row_key, fields, head.row.etag)


def _fields(item: ReviewItem) -> Fields:
    return data.split(encode(item), SERVICE, f"store review item {item.id}")


def _item(row: Row) -> ReviewItem:
    return decode(ReviewItem, data.join(row.fields))
