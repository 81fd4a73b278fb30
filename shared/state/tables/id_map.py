"""The id map in a table: two rows per pair, one under each id, each in a partition of its own.

Two rows in two partitions cannot be written in one transaction, so a pair counts only when both rows name each other;
every read checks that. `put` writes the Dynamics side, then the commercetools side, then touches the Dynamics side
again with the etag of its first write:

- a crash in between leaves a row without its mate. It counts for nobody, and the next `put` of either id replaces it;
- if another `put` replaced such a half-written row meanwhile, the last step fails and this `put` takes its
  commercetools row back and reports Conflict. Two puts for the same id can therefore not both succeed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from shared.errors import Conflict
from shared.state.codec import decode, encode
from shared.state.id_pairs import partner_taken, same_partners
from shared.state.records import IdPair
from shared.state.tables import data
from shared.state.tables.faults import SERVICE
from shared.state.tables.keys import key
from shared.state.tables.races import pause
from shared.state.tables.table import Row, Table

_ROW = "pair"
_RACES = 20


class TablesIdMap:
    """Two rows per pair."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def put(self, pair: IdPair) -> None:
        """Store or replace a pair."""
        for attempt in range(_RACES):
            if await self._try_put(pair):
                return
            await asyncio.sleep(pause(attempt))
        raise Conflict(SERVICE, _action(pair), f"lost {_RACES} races for these ids: try again")

    async def _try_put(self, pair: IdPair) -> bool:
        dynamics_row = await self._free_or_ours(pair, _dynamics_partition(pair))
        commercetools_row = await self._free_or_ours(pair, _commercetools_partition(pair))
        fields = data.split(encode(pair), SERVICE, _action(pair))
        if dynamics_row and commercetools_row and _pair(dynamics_row) == _pair(commercetools_row) == pair:
            return await self._confirm(pair, fields, dynamics_row.etag, commercetools_row.etag)
        try:
            dynamics_etag = await self._table.write(_dynamics_partition(pair), _ROW, fields, dynamics_row)
            commercetools_etag = await self._table.write(
                _commercetools_partition(pair), _ROW, fields, commercetools_row
            )
        except Conflict:
            return False
        return await self._confirm(pair, fields, dynamics_etag, commercetools_etag)

    async def _confirm(
        self, pair: IdPair, fields: Mapping[str, str | int], dynamics_etag: str, commercetools_etag: str
    ) -> bool:
        try:
            await self._table.replace(_dynamics_partition(pair), _ROW, fields, dynamics_etag)
        except Conflict:
            winner = await self._read(_dynamics_partition(pair))
            if winner is None or not same_partners(winner[1], pair):
                await self._delete(_commercetools_partition(pair), commercetools_etag)
            return False
        return True

    async def by_commercetools_id(self, scope: str, entity: str, commercetools_id: str) -> IdPair | None:
        """Look up by commercetools id."""
        return await self._mutual(key("c", scope, entity, commercetools_id))

    async def by_dynamics_id(self, scope: str, entity: str, dynamics_id: str) -> IdPair | None:
        """Look up by Dynamics id."""
        return await self._mutual(key("d", scope, entity, dynamics_id))

    async def remove(self, pair: IdPair) -> None:
        """Forget the pair if these two belong together."""
        for partition in (_commercetools_partition(pair), _dynamics_partition(pair)):
            found = await self._read(partition)
            if found is not None and same_partners(found[1], pair):
                await self._delete(partition, found[0].etag)

    async def _free_or_ours(self, pair: IdPair, partition: str) -> Row | None:
        found = await self._read(partition)
        if found is None:
            return None
        row, stored = found
        if not same_partners(stored, pair) and await self._has_mate(partition, stored):
            raise partner_taken(SERVICE, pair, stored)
        return row

    async def _mutual(self, partition: str) -> IdPair | None:
        found = await self._read(partition)
        if found is None or not await self._has_mate(partition, found[1]):
            return None
        return found[1]

    async def _has_mate(self, partition: str, stored: IdPair) -> bool:
        sides = (_commercetools_partition(stored), _dynamics_partition(stored))
        other = sides[1] if partition == sides[0] else sides[0]
        mate = await self._read(other)
        return mate is not None and same_partners(mate[1], stored)

    async def _read(self, partition: str) -> tuple[Row, IdPair] | None:
        row = await self._table.get(partition, _ROW)
        return None if row is None else (row, _pair(row))

    async def _delete(self, partition: str, etag: str) -> None:
        try:
            await self._table.delete(partition, _ROW, etag)
        except Conflict:
            # Somebody wrote it anew since: it is theirs now.
            return


def _commercetools_partition(pair: IdPair) -> str:
    return key("c", pair.scope, pair.entity, pair.commercetools_id)


def _dynamics_partition(pair: IdPair) -> str:
    return key("d", pair.scope, pair.entity, pair.dynamics_id)


def _pair(row: Row) -> IdPair:
    return decode(IdPair, data.join(row.fields))


def _action(pair: IdPair) -> str:
    return f"map {pair.entity} {pair.commercetools_id} to {pair.dynamics_id} in {pair.scope}"
