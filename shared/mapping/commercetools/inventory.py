"""InventoryEntries: what they say, and what has to change so that the shop may sell a given quantity. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

type Action = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """An InventoryEntry. What separates the two quantities is reserved in commercetools itself."""

    id: str
    version: int
    sku: str
    channel_id: str | None
    quantity_on_stock: int
    available: int

    @property
    def reserved(self) -> int:
        """What commercetools holds back on its own."""
        return max(0, self.quantity_on_stock - self.available)


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Read an InventoryEntry."""
    return Entry(
        id=document["id"],
        version=document["version"],
        sku=document["sku"],
        channel_id=(document.get("supplyChannel") or {}).get("id"),
        quantity_on_stock=document["quantityOnStock"],
        available=document["availableQuantity"],
    )


def wanted_quantity(entry: Entry, sellable: int) -> int:
    """Return the quantity on stock that leaves `sellable` pieces for sale, with what is reserved on top."""
    return sellable + entry.reserved


def quantity_actions(entry: Entry, sellable: int) -> list[Action]:
    """Set the quantity, unless the shop offers as many already."""
    if entry.available == sellable:
        return []
    return set_quantity(wanted_quantity(entry, sellable))


def set_quantity(quantity: int) -> list[Action]:
    """Set the quantity on stock to an absolute number."""
    return [{"action": "changeQuantity", "quantity": quantity}]


def entry_draft(sku: str, channel_id: str | None, quantity: int) -> dict[str, Any]:
    """Draft an entry; nothing is reserved yet, so that all of it is for sale."""
    draft: dict[str, Any] = {"sku": sku, "quantityOnStock": quantity}
    if channel_id is not None:
        draft["supplyChannel"] = {"typeId": "channel", "id": channel_id}
    return draft
