"""Lease sheets in a dict; the injected clock plays the store's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from shared.state.codec import decode_json, encode_json
from shared.state.records import JSON, LeaseSheet


class MemoryLeaseStore:
    """One sheet per key."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sheets: dict[str, tuple[str, str]] = {}

    async def read(self, key: str) -> LeaseSheet:
        """Read a sheet; an empty one where nobody wrote before."""
        text, etag = self._sheets.setdefault(key, ("{}", uuid4().hex))
        return LeaseSheet(decode_json(text), etag, self._clock())

    async def write(self, key: str, sheet: JSON, etag: str) -> bool:
        """Replace a sheet that nobody wrote since it was read."""
        _, current = self._sheets.get(key, ("{}", ""))
        if current != etag:
            return False
        self._sheets[key] = (encode_json(sheet), uuid4().hex)
        return True
