"""One worker at a time for what several orders share, such as the customer whom two of them would create."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from shared.errors import NO_ROOM, Throttled
from shared.state.protocols import IdempotencyStore
from shared.state.records import Claimed

LEASE = timedelta(minutes=2)  # longer than any create takes; only a killed worker lets it lapse
AGAIN_SECONDS = 2.0


@asynccontextmanager
async def one_at_a_time(claims: IdempotencyStore, key: str) -> AsyncIterator[bool]:
    """Hold the key; yields False when somebody held it before, so that what they made is looked up first.

    Raises Throttled while somebody else holds it. As nothing was tried, the retry is no attempt spent.
    """
    claim = await claims.claim(key, "", LEASE)
    if not isinstance(claim, Claimed):
        raise Throttled("orders", f"claim {key}", "another order is at it", retry_after=AGAIN_SECONDS, code=NO_ROOM)
    try:
        yield claim.fresh
    finally:
        await claims.release(claim)
