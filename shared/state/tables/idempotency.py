"""Claims in a table: one row per key, in a partition of its own, and every write conditional.

A lease is judged by the store's clock only. The store stamps each write with the row's Timestamp and each answer with
a Date header; a lease has lapsed when the Date of the very read that found it is past Timestamp + LeaseSeconds. Date
has a resolution of one second and is cut, not rounded, so a claim may lapse up to a second late but never early. The
caller's clock is not read anywhere in this module.

A holder's token is the row's own Token and the etag of the write that claimed it: no later write can carry either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.errors import Conflict
from shared.state.claims import ClaimState, StoredClaim, TakeOver, judge_claim
from shared.state.codec import decode_json, encode_json
from shared.state.records import JSON, Claimed, ClaimResult
from shared.state.tables import data
from shared.state.tables.faults import SERVICE
from shared.state.tables.keys import key as table_key
from shared.state.tables.removal import all_done, chunked
from shared.state.tables.table import Fields, Row, Table

_ROW = "claim"
# Each lost race means that somebody else got the key, so the next read nearly always ends in Busy or AlreadyDone.
_RACES = 10


class TablesIdempotencyStore:
    """One row per key."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def claim(self, key: str, payload_hash: str, lease: timedelta, *, after: str | None = None) -> ClaimResult:
        """Take the key unless it is held or done."""
        token = uuid4().hex
        for _ in range(_RACES):
            result = await self._try_claim(key, _held(token, payload_hash, lease), after)
            if result is not None:
                return result
        raise Conflict(SERVICE, f"claim {key}", f"lost {_RACES} races for the key: try again")

    async def _try_claim(self, key: str, held: Mapping[str, str | float], after: str | None) -> ClaimResult | None:
        partition = table_key(key)
        row = await self._table.get(partition, _ROW)
        if row is not None and row.fields["Token"] == held["Token"]:
            # The write of the round before was done, only its answer was lost and the SDK's retry then refused.
            return Claimed(key, _token(row.fields["Token"], row.etag), fresh=bool(row.fields["Fresh"]))
        if row is not None:
            verdict = judge_claim(_stored(row), str(held["PayloadHash"]), after, row.read_at)
            if not isinstance(verdict, TakeOver):
                return verdict
        try:
            etag = await self._table.write(partition, _ROW, {**held, "Fresh": int(row is None)}, row)
        except Conflict:
            return None
        return Claimed(key, _token(str(held["Token"]), etag), fresh=row is None)

    async def complete(self, claim: Claimed, result: JSON) -> bool:
        """Store the result if the claim is still the caller's."""
        text = data.split(encode_json(result), SERVICE, f"complete {claim.key}")
        return await self._settle(claim, ClaimState.DONE, text)

    async def release(self, claim: Claimed) -> bool:
        """Free the key if the claim is still the caller's."""
        return await self._settle(claim, ClaimState.RELEASED, {})

    async def mark_unknown(self, claim: Claimed) -> bool:
        """Free the key, a write may have happened."""
        return await self._settle(claim, ClaimState.UNKNOWN, {})

    async def forget_done(self, before: datetime, limit: int) -> int:
        """Remove what was completed before. The table is read through: its partitions are in no order of time."""
        done = self._table.old_rows(before, State=ClaimState.DONE.value)
        forgotten = [await all_done(map(self._forget, rows)) async for rows in chunked(done, limit)]
        return sum(map(sum, forgotten))

    async def _forget(self, row: Row) -> int:
        try:
            await self._table.delete(row.partition, row.row_key, row.etag)
        except Conflict:  # claimed again meanwhile
            return 0
        return 1

    async def _settle(self, claim: Claimed, state: ClaimState, fields: Fields) -> bool:
        partition = table_key(claim.key)
        token, _, etag = claim.token.partition(" ")
        try:
            await self._table.merge(partition, _ROW, {"State": state.value, **fields}, etag)
        except Conflict:
            # Taken over, or settled before and only the answer got lost: the row's token tells which.
            row = await self._table.get(partition, _ROW)
            return row is not None and row.fields["Token"] == token and row.fields["State"] == state.value
        return True


def _held(token: str, payload_hash: str, lease: timedelta) -> Mapping[str, str | float]:
    return {
        "State": ClaimState.HELD.value,
        "Token": token,
        "PayloadHash": payload_hash,
        "LeaseSeconds": lease.total_seconds(),
    }


def _token(token: str, etag: str) -> str:
    return f"{token} {etag}"


def _stored(row: Row) -> StoredClaim:
    fields: Mapping[str, Any] = row.fields
    return StoredClaim(
        state=ClaimState(fields["State"]),
        token=fields["Token"],
        payload_hash=fields["PayloadHash"],
        lease=timedelta(seconds=fields["LeaseSeconds"]),
        written_at=row.written_at,
        etag=row.etag,
        result=decode_json(data.join(fields)) if "DataParts" in fields else {},
    )
