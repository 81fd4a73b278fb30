"""Which SKUs of commercetools an item of the back-end is: by the market map, by its number, by what a person said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Protocol

from shared.mapping.catalogue import sku_of, skus_of
from shared.markets import ItemTarget, Market
from shared.model.catalogue import item_key
from shared.state.protocols import IdMap

ITEM = "item"  # the entity of the id map: SKU ↔ item


class KnowsSkus(Protocol):
    """One project's catalogue."""

    async def known_skus(self, skus: Sequence[str], correlation_id: str) -> Collection[str]:
        """Return those of up to 500 SKUs that a variant has."""


@dataclass(frozen=True, slots=True)
class SkuMatcher:
    """Matches many items at once: one request for 500 items whose SKU is as expected."""

    shop: KnowsSkus
    id_map: IdMap

    async def match(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Mapping[ItemTarget, Sequence[str]]:
        """Return the SKUs of each item that has any. The id map is asked only for items that nothing else matches."""
        skus = sorted({sku for found in expected_skus(market, targets).values() for sku in found})
        known: set[str] = set()
        for some in batched(skus, 500, strict=False):
            known |= set(await self.shop.known_skus(some, correlation_id))
        return await self.match_known(market, targets, known)

    async def match_known(
        self, market: Market, targets: Collection[ItemTarget], known: Collection[str]
    ) -> Mapping[ItemTarget, Sequence[str]]:
        """Match when it is known already which SKUs there are."""
        matches: dict[ItemTarget, Sequence[str]] = {}
        for target, wanted in expected_skus(market, targets).items():
            found = [sku for sku in wanted if sku in known] or await self._decided(market, target)
            if found:
                matches[target] = found
        return matches

    async def _decided(self, market: Market, target: ItemTarget) -> list[str]:
        """Return what a person decided."""
        key = item_key(target.item, target.variant or "")
        pair = await self.id_map.by_dynamics_id(market.name, ITEM, key)
        return [pair.commercetools_id] if pair is not None else []


def expected_skus(market: Market, targets: Collection[ItemTarget]) -> Mapping[ItemTarget, tuple[str, ...]]:
    """Return the SKUs that items should have: by the market map, else by their numbers."""
    mapped = skus_of(market)
    return {target: mapped.get(target) or (sku_of(target, market),) for target in targets}
