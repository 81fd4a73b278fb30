"""Claims in a dict; the injected clock plays the store's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from shared.state.claims import ClaimState, StoredClaim, TakeOver, judge_claim
from shared.state.codec import decode_json, encode_json
from shared.state.records import JSON, Claimed, ClaimResult


class MemoryIdempotencyStore:
    """Claims in a dict; the injected clock is the store's clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._claims: dict[str, StoredClaim] = {}

    async def claim(self, key: str, payload_hash: str, lease: timedelta, *, after: str | None = None) -> ClaimResult:
        """Take the key unless it is held or done."""
        now = self._clock()
        stored = self._claims.get(key)
        if stored is not None:
            verdict = judge_claim(stored, payload_hash, after, now)
            if not isinstance(verdict, TakeOver):
                return verdict
        token = uuid4().hex
        self._claims[key] = StoredClaim(ClaimState.HELD, token, payload_hash, lease, now, uuid4().hex, {})
        return Claimed(key, token, fresh=stored is None)

    async def complete(self, claim: Claimed, result: JSON) -> bool:
        """Store the result if the claim is still the caller's."""
        return self._settle(claim, ClaimState.DONE, result)

    async def release(self, claim: Claimed) -> bool:
        """Free the key if the claim is still the caller's."""
        return self._settle(claim, ClaimState.RELEASED, {})

    async def mark_unknown(self, claim: Claimed) -> bool:
        """Free the key, a write may have happened."""
        return self._settle(claim, ClaimState.UNKNOWN, {})

    async def forget_done(self, before: datetime, limit: int) -> int:
        """Remove what was completed before."""
        done = [key for key, held in self._claims.items() if held.state is ClaimState.DONE and held.written_at < before]
        for key in done[:limit]:
            del self._claims[key]
        return len(done[:limit])

    def _settle(self, claim: Claimed, state: ClaimState, result: JSON) -> bool:
        stored = self._claims.get(claim.key)
        if stored is None or stored.token != claim.token:
            return False
        if stored.state is not ClaimState.HELD:
            return stored.state is state
        self._claims[claim.key] = replace(
            stored,
            state=state,
            written_at=self._clock(),
            etag=uuid4().hex,
            result=decode_json(encode_json(result)),
        )
        return True
