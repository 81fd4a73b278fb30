"""SKUs and items: which variant of commercetools an item of the back-end is. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from shared.markets import ItemTarget, Market
from shared.model.catalogue import Record, item_of_key


def target_of(record: Record) -> ItemTarget:
    """Return a record's item as the market map names it."""
    return ItemTarget(item=record.number, variant=record.variant or None)


def skus_of(market: Market) -> Mapping[ItemTarget, tuple[str, ...]]:
    """Return the SKUs that the market map gives to items. An item may be sold under several."""
    found: dict[ItemTarget, tuple[str, ...]] = {}
    for sku, target in market.items.items():
        found[target] = (*found.get(target, ()), sku)
    return found


def sku_of(target: ItemTarget, market: Market) -> str:
    """Return the SKU of an item that the market map does not name."""
    if target.variant is None:
        return target.item
    return market.products.variant_sku.format(item=target.item, variant=target.variant)


def target_of_sku(sku: str, market: Market) -> ItemTarget | None:
    """Return the item that the market map gives to a SKU."""
    return market.items.get(sku)


def target_of_key(key: str) -> ItemTarget:
    """Return the item of a record's key."""
    item, variant = item_of_key(key)
    return ItemTarget(item=item, variant=variant or None)
