"""The stock of one project as the inventory flow sees it: entries, and the orders that concern a market's company."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.commercetools.catalogue import Catalogue
from shared.commercetools.client import Document
from shared.commercetools.open_orders import open_lines
from shared.mapping.commercetools.inventory import Entry
from shared.mapping.stock import OpenLine
from shared.markets import Market, MarketMap


@dataclass(frozen=True, slots=True)
class ProjectStock:
    """Implements `ShopStock` and `KnowsSkus`."""

    catalogue: Catalogue
    markets: MarketMap

    async def known_skus(self, skus: Sequence[str], correlation_id: str) -> Collection[str]:
        """See `KnowsSkus.known_skus`."""
        return await self.catalogue.known_skus(skus, correlation_id)

    async def channel_ids(self, keys: Sequence[str], correlation_id: str) -> Mapping[str, str]:
        """See `ShopStock.channel_ids`."""
        return await self.catalogue.channel_ids(keys, correlation_id)

    async def entries(
        self, skus: Sequence[str], correlation_id: str, channel_ids: Sequence[str] | None = None
    ) -> Sequence[Entry]:
        """See `ShopStock.entries`."""
        return await self.catalogue.entries(skus, correlation_id, channel_ids)

    async def change_quantity(self, entry: Entry, quantity: int, correlation_id: str) -> None:
        """See `ShopStock.change_quantity`."""
        await self.catalogue.change_quantity(entry, quantity, correlation_id)

    async def create_entry(self, sku: str, channel_id: str | None, quantity: int, correlation_id: str) -> None:
        """See `ShopStock.create_entry`."""
        await self.catalogue.create_entry(sku, channel_id, quantity, correlation_id)

    async def open_lines(
        self, market: Market, since: datetime, known_before: datetime, correlation_id: str
    ) -> Sequence[OpenLine]:
        """See `ShopStock.open_lines`. Without a write-back channel no order is known to be exported."""
        export_channel = None
        if market.write_back is not None:
            ids = await self.catalogue.channel_ids([market.write_back.channel], correlation_id)
            export_channel = ids.get(market.write_back.channel)
        return await open_lines(
            self.catalogue.client,
            since,
            correlation_id,
            export_channel=export_channel,
            known_before=known_before,
            wanted=lambda order: self._lands_in(order, market),
        )

    def _lands_in(self, order: Document, market: Market) -> bool:
        """Tell whether an order is filled from the same company; one that no market serves takes from all."""
        store = (order.get("store") or {}).get("key")
        serving = self.markets.market_of(self.catalogue.client.key, store, order.get("country"))
        if serving is None:
            return True
        return (serving.back_end, serving.company.casefold()) == (market.back_end, market.company.casefold())
