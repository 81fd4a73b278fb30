"""State in memory: for tests, and for a first look without any storage. Forgets everything with the process.

No method awaits anything, so each one is atomic on its event loop, as a conditional write is in a table.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from shared.state.memory.audit import MemoryAuditLog
from shared.state.memory.digests import MemoryDigestStore
from shared.state.memory.id_map import MemoryIdMap
from shared.state.memory.idempotency import MemoryIdempotencyStore
from shared.state.memory.keyed import MemoryCursorStore, MemoryFailureStore, MemorySnapshotStore
from shared.state.memory.leases import MemoryLeaseStore
from shared.state.memory.review import MemoryReviewStore

__all__ = ["MemoryState"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryState:
    """All stores in memory; `clock` is the store's clock and can be moved by a test."""

    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self.idempotency = MemoryIdempotencyStore(clock)
        self.leases = MemoryLeaseStore(clock)
        self.id_map = MemoryIdMap()
        self.cursors = MemoryCursorStore()
        self.snapshots = MemorySnapshotStore()
        self.digests = MemoryDigestStore()
        self.failures = MemoryFailureStore()
        self.audit = MemoryAuditLog()
        self.review = MemoryReviewStore(clock)

    async def ensure(self) -> None:
        """Nothing to create."""

    async def close(self) -> None:
        """Nothing to release."""
