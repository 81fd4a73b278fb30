"""Digests of long lists in dicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shared.state.records import DigestPage


class MemoryDigestStore:
    """One dict per list."""

    def __init__(self) -> None:
        self._lists: dict[str, dict[str, str]] = {}

    async def page(self, scope: str, ids: Collection[str], after: str) -> DigestPage:
        """See `DigestStore.page`."""
        stored = self._lists.get(scope, {})
        if not ids:
            return DigestPage({}, (), after)
        last, wanted = max(ids), set(ids)
        missing = sorted(record for record in stored if after < record <= last and record not in wanted)
        return DigestPage({record: stored[record] for record in wanted & stored.keys()}, missing, max(after, last))

    async def rest(self, scope: str, after: str) -> Sequence[str]:
        """See `DigestStore.rest`."""
        return sorted(record for record in self._lists.get(scope, {}) if record > after)

    async def put(self, scope: str, digests: Mapping[str, str], removed: Collection[str] = ()) -> None:
        """See `DigestStore.put`."""
        stored = self._lists.setdefault(scope, {})
        stored |= digests
        for record in removed:
            stored.pop(record, None)
