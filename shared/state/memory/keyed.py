"""Cursors, snapshots and failures in dicts."""

from __future__ import annotations

from shared.state.codec import copied
from shared.state.records import Failure, Snapshot


class MemoryCursorStore:
    """One text per name."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        """Read a cursor."""
        return self._values.get(name)

    async def put(self, name: str, value: str) -> None:
        """Move a cursor."""
        self._values[name] = value


class MemorySnapshotStore:
    """One snapshot per entity."""

    def __init__(self) -> None:
        self._snapshots: dict[tuple[str, str, str], Snapshot] = {}

    async def get(self, scope: str, entity: str, entity_id: str) -> Snapshot | None:
        """Read a snapshot."""
        found = self._snapshots.get((scope, entity, entity_id))
        return None if found is None else copied(found)

    async def put(self, snapshot: Snapshot) -> None:
        """Replace a snapshot."""
        self._snapshots[snapshot.scope, snapshot.entity, snapshot.entity_id] = copied(snapshot)

    async def remove(self, scope: str, entity: str, entity_id: str) -> None:
        """Forget a snapshot."""
        self._snapshots.pop((scope, entity, entity_id), None)


class MemoryFailureStore:
    """One failure per delivery of a message."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], dict[int, Failure]] = {}

    async def put(self, failure: Failure) -> None:
        """Remember a failure."""
        self._failures.setdefault((failure.queue, failure.message_id), {})[failure.sequence_number] = failure

    async def get(self, queue: str, message_id: str, sequence_number: int) -> Failure | None:
        """Read the failure of one delivery."""
        return self._failures.get((queue, message_id), {}).get(sequence_number)

    async def latest(self, queue: str, message_id: str) -> Failure | None:
        """Read the failure with the highest sequence number."""
        deliveries = self._failures.get((queue, message_id), {})
        return deliveries[max(deliveries)] if deliveries else None
