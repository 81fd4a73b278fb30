"""Inventory: what a back-end can sell becomes what the shop may sell, and never more than that.

The order of reading is what keeps the shop from overselling. Entries of commercetools are read after the back-end's
stock, and open orders after the entries: an order that is placed later raises the version of its entry, so that the
write is refused and everything is worked out again. Where an order was taken off, the record is looked at in the next
run, too: once the back-end knows the order for certain, or it is cancelled, nothing else may tell.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from shared.dynamics.catalogue import OffersCatalogue
from shared.flows.sku_matching import KnowsSkus, SkuMatcher, expected_skus
from shared.mapping.catalogue import target_of, target_of_key
from shared.mapping.commercetools.inventory import Entry, wanted_quantity
from shared.mapping.stock import EXPORT_TAKES, OpenLine, OpenOrders, open_orders, sellable
from shared.market_options.trade import Warehouse
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, StockState
from shared.pipeline.bulk import Comparison
from shared.state.records import Question

FLOW: Literal["inventory"] = "inventory"


class ShopStock(KnowsSkus, Protocol):
    """What the flow needs of one project. All methods raise only ServiceError."""

    async def channel_ids(self, keys: Sequence[str], correlation_id: str) -> Mapping[str, str]:
        """Return channels by key."""

    async def entries(
        self, skus: Sequence[str], correlation_id: str, channel_ids: Sequence[str] | None = None
    ) -> Sequence[Entry]:
        """Read the entries of SKUs in these channels, and in none."""

    async def open_lines(
        self, market: Market, since: datetime, known_before: datetime, correlation_id: str
    ) -> Sequence[OpenLine]:
        """Read what orders since then take, unless cancelled, or exported before `known_before`.

        Only orders whose business is in the market's company count.
        """

    async def change_quantity(self, entry: Entry, quantity: int, correlation_id: str) -> None:
        """Set the quantity on stock, for the version that was read. Raises Conflict."""

    async def create_entry(self, sku: str, channel_id: str | None, quantity: int, correlation_id: str) -> None:
        """Make an entry. Raises Conflict when there is one meanwhile."""


@dataclass(frozen=True, slots=True)
class QuantityChange:
    """Implements `Change`."""

    shop: ShopStock
    state: StockState
    sku: str
    channel_id: str | None
    entry: Entry | None
    available: int

    @property
    def key(self) -> str:
        """See `Change.key`."""
        return self.sku

    @property
    def record_keys(self) -> Sequence[str]:
        """See `Change.record_keys`."""
        return [self.state.key]

    @property
    def why(self) -> str:
        """See `Change.why`."""
        before = self.entry.available if self.entry else "no entry"
        return f"{self.state.warehouse}: {before} → {self.available} for sale"

    def difference(self) -> Mapping[str, Any]:
        """See `Change.difference`."""
        return {
            "warehouse": self.state.warehouse,
            "available": self.available,
            "before": self.entry.available if self.entry else None,
            "onHand": str(self.state.on_hand),
            "reserved": str(self.state.reserved),
        }

    async def write(self, correlation_id: str) -> None:
        """See `Change.write`."""
        if self.entry is None:
            await self.shop.create_entry(self.sku, self.channel_id, self.available, correlation_id)
        else:
            quantity = wanted_quantity(self.entry, self.available)
            await self.shop.change_quantity(self.entry, quantity, correlation_id)


@dataclass(frozen=True, slots=True)
class InventoryFlow:
    """Implements `BulkFlow` for stock."""

    connector: OffersCatalogue
    shop: ShopStock
    matcher: SkuMatcher
    clock: Callable[[], datetime]
    name: Literal["inventory"] = FLOW

    def pages(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        """See `BulkFlow.pages`."""
        return self.connector.stock(market, cursor, correlation_id)

    async def compare_keys(
        self, market: Market, keys: Sequence[str], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """See `BulkFlow.compare_keys`."""
        targets = {target_of_key(key) for key in keys}
        records = await self.connector.stock_of(market, targets, correlation_id)
        return await self.compare(market, records, read_at, correlation_id)

    async def compare(
        self, market: Market, records: Sequence[StockState], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """See `BulkFlow.compare`."""
        rows = {row.code.casefold(): row for row in market.warehouses}
        wanted = [record for record in records if record.warehouse.casefold() in rows]
        targets = {target_of(record) for record in wanted}
        channels = await self._channels(market, correlation_id)
        if missing := _without_channel(market, channels):
            return Comparison(questions=[missing], again=[record.key for record in records])
        matches, entries = await self._entries(market, targets, list(channels.values()), correlation_id)
        orders = await self._open_orders(market, read_at, correlation_id)
        changes: list[QuantityChange] = []
        unchanged, again = len(records) - len(wanted), []
        for record in wanted:
            row = rows[record.warehouse.casefold()]
            found = [
                self._change(record, sku, row, channels, entries, orders, market)
                for sku in matches.get(target_of(record), ())
            ]
            changes += [change for change in found if change is not None]
            unchanged += not any(found)
            if any((sku, row.code) in orders.taken for sku in matches.get(target_of(record), ())):
                again.append(record.key)
        unmatched = sorted({record.key for record in wanted if not matches.get(target_of(record))})
        return Comparison(changes, unchanged - len(unmatched), unmatched, again=again)

    def _change(
        self,
        record: StockState,
        sku: str,
        row: Warehouse,
        channels: Mapping[str, str],
        entries: Mapping[tuple[str, str | None], Entry],
        orders: OpenOrders,
        market: Market,
    ) -> QuantityChange | None:
        channel_id = channels[row.channel] if row.channel else None
        available = sellable(record, sku, row, market.stock, orders.taken.get((sku, row.code), 0))
        entry = entries.get((sku, channel_id))
        if entry is not None and entry.available == available:
            return None
        return QuantityChange(self.shop, record, sku, channel_id, entry, available)

    async def _channels(self, market: Market, correlation_id: str) -> Mapping[str, str]:
        keys = [row.channel for row in market.warehouses if row.channel]
        return await self.shop.channel_ids(keys, correlation_id)

    async def _entries(
        self, market: Market, targets: Collection[ItemTarget], channel_ids: Sequence[str], correlation_id: str
    ) -> tuple[Mapping[ItemTarget, Sequence[str]], Mapping[tuple[str, str | None], Entry]]:
        """Match items and read their entries. An SKU that has an entry is known: only others are asked for."""
        expected = {sku for some in expected_skus(market, targets).values() for sku in some}
        entries = list(await self.shop.entries(sorted(expected), correlation_id, channel_ids)) if expected else []
        known = {entry.sku for entry in entries}
        others = sorted(expected - known)
        known |= set(await self.shop.known_skus(others, correlation_id)) if others else set()
        matches = await self.matcher.match_known(market, targets, known)
        more = sorted({sku for some in matches.values() for sku in some} - expected)
        entries += await self.shop.entries(more, correlation_id, channel_ids) if more else ()
        return matches, {(entry.sku, entry.channel_id): entry for entry in entries}

    async def _open_orders(self, market: Market, read_at: datetime, correlation_id: str) -> OpenOrders:
        since = self.clock() - timedelta(days=market.stock.open_orders_days)
        lines = await self.shop.open_lines(market, since, read_at - EXPORT_TAKES, correlation_id)
        return open_orders(lines, market.warehouses, market.location, read_at)


def _without_channel(market: Market, channels: Mapping[str, str]) -> Question | None:
    """Ask for channels that the market map names and commercetools does not have; nothing is written meanwhile."""
    missing = sorted({row.channel for row in market.warehouses if row.channel} - channels.keys())
    if not missing:
        return None
    return Question(
        scope=market.name,
        kind="channel",
        key=f"{FLOW}/channels",
        text=f"commercetools has no channel {', '.join(missing)}, which warehouses of market {market.name} name",
        hint="create it there with the role InventorySupply, or correct the market map; then resolve with --note",
    )
