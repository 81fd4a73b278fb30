"""Digests of long lists: one partition per list, one row per record, read in ranges of keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import batched

from shared.state.records import DigestPage
from shared.state.tables.keys import key
from shared.state.tables.table import Step, Table, Upsert

TRANSACTION = 100  # rows that one transaction may write


class TablesDigestStore:
    """`after` is a row key; row keys are ids without the characters that keys may not have."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def page(self, scope: str, ids: Collection[str], after: str) -> DigestPage:
        """See `DigestStore.page`: one range query."""
        keys = {key(record): record for record in ids}
        if not keys:
            return DigestPage({}, (), after)
        first, last = min(keys), max(keys)
        known: dict[str, str] = {}
        missing: list[str] = []
        async for row in self._table.rows(key(scope), first=min(first, after) if after else "", last=last):
            if row.row_key in keys:
                known[keys[row.row_key]] = str(row.fields["Digest"])
            elif row.row_key > after:
                missing.append(str(row.fields["Id"]))
        return DigestPage(known, missing, max(after, last))

    async def rest(self, scope: str, after: str) -> Sequence[str]:
        """See `DigestStore.rest`."""
        rows = self._table.rows(key(scope), first=after)
        return [str(row.fields["Id"]) async for row in rows if row.row_key > after]

    async def put(self, scope: str, digests: Mapping[str, str], removed: Collection[str] = ()) -> None:
        """See `DigestStore.put`."""
        steps: list[Step] = [
            Upsert(key(record), {"Id": record, "Digest": digest}) for record, digest in digests.items()
        ]
        for chunk in batched(steps, TRANSACTION, strict=False):
            await self._table.transaction(key(scope), chunk)
        for record in removed:
            row = await self._table.get(key(scope), key(record))
            if row is not None:
                await self._table.delete(key(scope), key(record), row.etag)
