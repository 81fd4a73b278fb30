"""Lease sheets in a table: one row per key, in a partition of its own, and every write conditional.

Leases are judged by the store's clock, which it tells in the Date header of its answers: in whole seconds, cut. Since
leases of back-end slots last for seconds only, the time in between is filled in by this process's monotonic clock.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.errors import Conflict
from shared.state.codec import decode_json, encode_json
from shared.state.records import JSON, LeaseSheet
from shared.state.tables import data
from shared.state.tables.faults import SERVICE
from shared.state.tables.keys import key as table_key
from shared.state.tables.table import Row, Table

_ROW = "sheet"
_OBSERVATIONS = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoreTime:
    """The store's time, never ahead of it: behind by up to a second at first, and by less with each answer."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # Only the latest ones, so that a clock that is set back is followed before long.
        self._offsets: deque[float] = deque(maxlen=_OBSERVATIONS)

    def after(self, told: datetime) -> datetime:
        """Take in what an answer that arrived just now told, and return the time."""
        now = self._monotonic()
        self._offsets.append((told - _EPOCH).total_seconds() - now)
        return _EPOCH + timedelta(seconds=max(self._offsets) + now)


class TablesLeaseStore:
    """One row per key."""

    def __init__(self, table: Table, clock: StoreTime | None = None) -> None:
        self._table = table
        self._clock = clock or StoreTime()

    async def read(self, key: str) -> LeaseSheet:
        """Read a sheet; an empty one is written where there is none, since every write must name what it replaces."""
        partition = table_key(key)
        row = await self._table.get(partition, _ROW)
        if row is None:
            await self._create(key, partition)
            row = await self._table.get(partition, _ROW)
        if row is None:
            raise Conflict(SERVICE, f"read the leases of {key}", "the row was deleted meanwhile: try again")
        return self._sheet(row)

    async def write(self, key: str, sheet: JSON, etag: str) -> bool:
        """Replace a sheet that nobody wrote since it was read."""
        fields = data.split(encode_json(sheet), SERVICE, f"write the leases of {key}")
        try:
            await self._table.replace(table_key(key), _ROW, fields, etag)
        except Conflict:
            return False
        return True

    async def _create(self, key: str, partition: str) -> None:
        try:
            await self._table.insert(partition, _ROW, data.split("{}", SERVICE, f"start the leases of {key}"))
        except Conflict:
            return  # somebody else came first

    def _sheet(self, row: Row) -> LeaseSheet:
        return LeaseSheet(decode_json(data.join(row.fields)), row.etag, self._clock.after(row.read_at))
