"""The audit log in two tables.

`audit` holds each entry under its entity. `auditindex` holds it a second time under its day, in 16 partitions by
entity so that no single partition takes the writes of a whole day, and one pointer per document number and entity.
The copy under the day makes a day's listing one query per shard instead of one read per entry; storage is cheaper.

A row key is the entry's time, then the time of its arrival, so entries of one instant keep their order. Within a
process no two arrivals are equal; between processes they are as good as the machines' clocks.
"""

from __future__ import annotations

import asyncio
import heapq
import time
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import uuid4

from shared.errors import Conflict
from shared.state.audit_entries import erased
from shared.state.codec import decode, encode
from shared.state.records import AuditEntry
from shared.state.tables import data
from shared.state.tables.faults import SERVICE
from shared.state.tables.keys import key
from shared.state.tables.removal import all_done, chunked
from shared.state.tables.table import Delete, Row, Table

_SHARDS = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TablesAuditLog:
    """Entries by entity, by day and by document number."""

    def __init__(self, entries: Table, index: Table) -> None:
        self._entries = entries
        self._index = index
        self._last_arrival = 0

    async def append(self, entry: AuditEntry) -> None:
        """Add an entry: all its rows at once; the first failure is reported after the others have ended."""
        row_key = self._row_key(entry.at)
        fields = data.split(encode(entry), SERVICE, f"append an audit entry of {entry.entity_id}")
        writes = [
            _insert_once(self._entries, key(entry.entity_id), row_key, fields),
            _insert_once(self._index, _day_partition(entry), row_key, {**fields, "Outcome": entry.outcome}),
        ]
        if entry.document_number:
            pointer = {"EntityId": entry.entity_id}
            writes.append(
                self._index.upsert(key("n", entry.document_number), key(entry.entity_id), pointer),
            )
        for failure in await asyncio.gather(*writes, return_exceptions=True):
            if failure is not None:
                raise failure

    async def by_entity(self, entity_id: str) -> AsyncIterator[AuditEntry]:
        """Entries of one entity."""
        async for row in self._entries.rows(key(entity_id)):
            yield _entry(row)

    async def by_document_number(self, number: str) -> AsyncIterator[AuditEntry]:
        """Entries of every entity that carries the number in any entry."""
        pointers = [row async for row in self._index.rows(key("n", number))]
        streams = [self._entries.rows(key(str(row.fields["EntityId"]))) for row in pointers]
        async for row in _merged(streams):
            yield _entry(row)

    async def by_day(self, day: datetime, outcome: str | None = None) -> AsyncIterator[AuditEntry]:
        """Entries of one UTC day."""
        wanted = {} if outcome is None else {"Outcome": outcome}
        partitions = [_day_shard(day, shard) for shard in range(_SHARDS)]
        async for row in _merged([self._index.rows(partition, **wanted) for partition in partitions]):
            yield _entry(row)

    async def erase(self, entity_id: str) -> int:
        """Take out what was written and why, under the entity and under the day."""
        count = 0
        async for row in self._entries.rows(key(entity_id)):
            entry = erased(_entry(row))
            fields = data.split(encode(entry), SERVICE, f"erase an audit entry of {entity_id}")
            await self._entries.upsert(row.partition, row.row_key, fields)
            await self._index.upsert(_day_partition(entry), row.row_key, {**fields, "Outcome": entry.outcome})
            count += 1
        return count

    async def forget(self, before: datetime, limit: int) -> int:
        """Remove the entries of days that ended before, oldest first; the index goes last, so that none is missed."""
        old = self._index.partitions(key("d", ""), key("d", _date(before)))
        forgotten = 0
        async for rows in chunked(old, limit):
            entries = [_entry(row) for row in rows]
            keys = [(key(entry.entity_id), row.row_key) for entry, row in zip(entries, rows, strict=True)]
            await all_done(self._entries.discard(*each) for each in keys)
            numbered = dict.fromkeys((entry.entity_id, entry.document_number) for entry in entries)
            await all_done(self._forget_number(*each, before) for each in numbered)
            for partition, group in groupby(rows, key=lambda row: row.partition):
                forgotten += await self._forget_index(partition, list(group))
        return forgotten

    async def _forget_index(self, partition: str, rows: Sequence[Row]) -> int:
        try:
            await self._index.transaction(partition, [Delete(row.row_key, row.etag) for row in rows])
        except Conflict:  # somebody is erasing one of them: the next night finds them again
            return 0
        return len(rows)

    async def _forget_number(self, entity_id: str, number: str, before: datetime) -> None:
        """Remove the pointer from a number to an entity of which no entry is left that carries it."""
        partition, row_key = key("n", number), key(entity_id)
        pointer = await self._index.get(partition, row_key) if number else None
        # A pointer that was written since may belong to an entry that is just being appended.
        if pointer is None or pointer.written_at >= before:
            return
        if number not in [entry.document_number async for entry in self.by_entity(entity_id)]:
            with suppress(Conflict):
                await self._index.delete(partition, row_key, pointer.etag)

    def _row_key(self, at: datetime) -> str:
        self._last_arrival = max(self._last_arrival + 1, time.time_ns())
        microseconds = (at - _EPOCH) // timedelta(microseconds=1)
        return f"{microseconds:018d}-{self._last_arrival:020d}-{uuid4().hex[:8]}"


async def _insert_once(table: Table, partition: str, row_key: str, fields: Mapping[str, str | int]) -> None:
    try:
        await table.insert(partition, row_key, fields)
    except Conflict:
        # The row key is ours alone: the SDK sent the row twice because the first answer was lost.
        return


def _day_partition(entry: AuditEntry) -> str:
    return _day_shard(entry.at, zlib.crc32(entry.entity_id.encode("utf-8", "surrogatepass")) % _SHARDS)


def _day_shard(day: datetime, shard: int) -> str:
    return key("d", _date(day), str(shard))


def _date(day: datetime) -> str:
    return f"{day.astimezone(UTC):%Y%m%d}"


def _entry(row: Row) -> AuditEntry:
    return decode(AuditEntry, data.join(row.fields))


async def _merged(streams: Sequence[AsyncIterator[Row]]) -> AsyncIterator[Row]:
    """Merge streams that are each in row key order, holding one row of each."""
    firsts = await asyncio.gather(*(anext(stream, None) for stream in streams))
    heads = [(row.row_key, index, row) for index, row in enumerate(firsts) if row is not None]
    heapq.heapify(heads)
    while heads:
        _, index, row = heads[0]
        yield row
        following = await anext(streams[index], None)
        if following is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (following.row_key, index, following))
