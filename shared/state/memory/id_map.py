"""Both directions of identity in two dicts."""

from __future__ import annotations

from shared.state.codec import copied
from shared.state.id_pairs import partner_taken, same_partners
from shared.state.records import IdPair

SERVICE = "memory id map"
Key = tuple[str, str, str]


class MemoryIdMap:
    """Both directions of identity."""

    def __init__(self) -> None:
        self._by_commercetools: dict[Key, IdPair] = {}
        self._by_dynamics: dict[Key, IdPair] = {}

    async def put(self, pair: IdPair) -> None:
        """Store or replace a pair."""
        forward = self._by_commercetools.get((pair.scope, pair.entity, pair.commercetools_id))
        reverse = self._by_dynamics.get((pair.scope, pair.entity, pair.dynamics_id))
        for found in (forward, reverse):
            if found is not None and not same_partners(found, pair):
                raise partner_taken(SERVICE, pair, found)
        kept = copied(pair)
        self._by_commercetools[pair.scope, pair.entity, pair.commercetools_id] = kept
        self._by_dynamics[pair.scope, pair.entity, pair.dynamics_id] = kept

    async def by_commercetools_id(self, scope: str, entity: str, commercetools_id: str) -> IdPair | None:
        """Look up by commercetools id."""
        found = self._by_commercetools.get((scope, entity, commercetools_id))
        return None if found is None else copied(found)

    async def by_dynamics_id(self, scope: str, entity: str, dynamics_id: str) -> IdPair | None:
        """Look up by Dynamics id."""
        found = self._by_dynamics.get((scope, entity, dynamics_id))
        return None if found is None else copied(found)

    async def remove(self, pair: IdPair) -> None:
        """Forget the pair if these two belong together."""
        found = self._by_commercetools.get((pair.scope, pair.entity, pair.commercetools_id))
        if found is not None and same_partners(found, pair):
            del self._by_commercetools[pair.scope, pair.entity, pair.commercetools_id]
            del self._by_dynamics[pair.scope, pair.entity, pair.dynamics_id]
