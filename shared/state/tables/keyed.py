"""Cursors, snapshots and failures: rows that are written and read by their key, one partition per key."""

from __future__ import annotations

from shared.state.codec import decode, encode
from shared.state.records import Failure, Snapshot
from shared.state.tables import data
from shared.state.tables.faults import SERVICE
from shared.state.tables.keys import key
from shared.state.tables.table import Table

_CURSOR = "cursor"
_SNAPSHOT = "snapshot"


class TablesCursorStore:
    """One row per name."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, name: str) -> str | None:
        """Read a cursor."""
        row = await self._table.get(key(name), _CURSOR)
        return None if row is None else str(row.fields["Value"])

    async def put(self, name: str, value: str) -> None:
        """Move a cursor."""
        await self._table.upsert(key(name), _CURSOR, {"Value": value})


class TablesSnapshotStore:
    """One row per entity."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, scope: str, entity: str, entity_id: str) -> Snapshot | None:
        """Read a snapshot."""
        row = await self._table.get(key(scope, entity, entity_id), _SNAPSHOT)
        return None if row is None else decode(Snapshot, data.join(row.fields))

    async def put(self, snapshot: Snapshot) -> None:
        """Replace a snapshot."""
        action = f"store the snapshot of {snapshot.entity} {snapshot.entity_id} in {snapshot.scope}"
        partition = key(snapshot.scope, snapshot.entity, snapshot.entity_id)
        await self._table.upsert(partition, _SNAPSHOT, data.split(encode(snapshot), SERVICE, action))

    async def remove(self, scope: str, entity: str, entity_id: str) -> None:
        """Forget a snapshot."""
        partition = key(scope, entity, entity_id)
        row = await self._table.get(partition, _SNAPSHOT)
        if row is not None:
            await self._table.delete(partition, _SNAPSHOT, row.etag)


class TablesFailureStore:
    """One partition per message, one row per delivery."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def put(self, failure: Failure) -> None:
        """Remember a failure."""
        action = f"store the failure of {failure.queue} message {failure.message_id}"
        fields = data.split(encode(failure), SERVICE, action)
        await self._table.upsert(key(failure.queue, failure.message_id), _sequence(failure.sequence_number), fields)

    async def get(self, queue: str, message_id: str, sequence_number: int) -> Failure | None:
        """Read the failure of one delivery."""
        row = await self._table.get(key(queue, message_id), _sequence(sequence_number))
        return None if row is None else decode(Failure, data.join(row.fields))

    async def latest(self, queue: str, message_id: str) -> Failure | None:
        """Read the failure with the highest sequence number."""
        newest = None
        async for row in self._table.rows(key(queue, message_id)):
            newest = row
        return None if newest is None else decode(Failure, data.join(newest.fields))


def _sequence(number: int) -> str:
    return f"{number:020d}"
