"""Stock of one Business Central environment: by location with the companion extension, else by item cards."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing

from shared.dynamics.business_central_companion import Companion
from shared.dynamics.business_central_ground import MODIFIED, Ground
from shared.dynamics.business_central_item_rows import Wanted, by_number, path_of
from shared.dynamics.business_central_listing import Found, Source
from shared.dynamics.business_central_marks import RowVersions
from shared.dynamics.odata import Row, any_of
from shared.errors import Permanent
from shared.mapping.business_central import catalogue as mapping
from shared.mapping.catalogue_values import version_of
from shared.market_options.trade import Warehouse
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, StockState

AVAILABILITIES = "itemAvailabilities"
STOCK_COLUMNS = "id,number,type,inventory"
STOCK_ROWS = 5_000  # the companion works all of its rows out anew for every request: few and large ones


class Stock:
    """Lists and reads stock; `rows` is how much one request lists."""

    def __init__(self, ground: Ground, rows: int = STOCK_ROWS) -> None:
        self._ground = ground
        self._rows = rows

    async def pages(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        """See `OffersCatalogue.stock`. From item cards it is read whole each time: stock does not change the card."""
        if not market.warehouses:
            yield CataloguePage((), "")
            return
        companion = await self._ground.companion_with(AVAILABILITIES, market, correlation_id)
        source = self._card_stock(market) if companion is None else self._availabilities(companion, market)
        scope = version_of(market.company, source.name, *sorted(mapping.by_code(market.warehouses)))
        async with aclosing(self._ground.lists.pages([source], scope, cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def of(self, market: Market, targets: Collection[ItemTarget], correlation_id: str) -> Sequence[StockState]:
        """See `OffersCatalogue.stock_of`. From item cards a variant's stock cannot be told, and is left out."""
        wanted = by_number(targets)
        if not wanted or not market.warehouses:
            return []
        companion = await self._ground.companion_with(AVAILABILITIES, market, correlation_id)
        if companion is None:
            found = await self._card_stock_of(market, wanted, correlation_id)
            kept = {number: Wanted(want.variants & {""}) for number, want in wanted.items()}
        else:
            found, kept = await self._availabilities_of(companion, market, wanted, correlation_id), wanted
        asked = [
            mapping.no_stock(number, variant, warehouse)
            for number, want in kept.items()
            for variant in sorted(want.variants)
            for warehouse in market.warehouses
        ]
        return [found.get(empty.key, empty) for empty in asked]

    def _availabilities(self, companion: Companion, market: Market) -> Source[StockState]:
        by_code = mapping.by_code(market.warehouses)

        async def read(rows: Sequence[Row]) -> Found[StockState]:
            return [state for row in rows if (state := mapping.availability(row, by_code)) is not None], ()

        return Source(
            "stock",
            companion.url(AVAILABILITIES),
            RowVersions(),
            "itemNumber",
            "itemNumber,variantCode,locationCode",
            read,
            always=_in_warehouses(market),
            rows=self._rows,
        )

    async def _availabilities_of(
        self, companion: Companion, market: Market, wanted: Mapping[str, Wanted], correlation_id: str
    ) -> Mapping[str, StockState]:
        by_code = mapping.by_code(market.warehouses)
        where = f"({_in_warehouses(market)})"
        path = companion.url(AVAILABILITIES)
        rows = await self._ground.rows.of(path, "itemNumber", wanted, correlation_id, where=where)
        states = (mapping.availability(row, by_code) for row in rows)
        return {state.key: state for state in states if state is not None}

    def _card_stock(self, market: Market) -> Source[StockState]:
        warehouse = self._only_warehouse(market)

        async def read(rows: Sequence[Row]) -> Found[StockState]:
            return [mapping.card_stock(row, warehouse) for row in rows if mapping.is_counted(row)], ()

        options = {"select": STOCK_COLUMNS}
        path = path_of(market, "items")
        return Source(
            "total", path, self._ground.by_time(MODIFIED), "number", "number", read, options, has_changes=False
        )

    async def _card_stock_of(
        self, market: Market, wanted: Mapping[str, Wanted], correlation_id: str
    ) -> Mapping[str, StockState]:
        warehouse = self._only_warehouse(market)
        rows = await self._ground.rows.of(
            path_of(market, "items"), "number", wanted, correlation_id, select=STOCK_COLUMNS
        )
        states = (mapping.card_stock(row, warehouse) for row in rows if mapping.is_counted(row))
        return {state.key: state for state in states}

    def _only_warehouse(self, market: Market) -> Warehouse:
        """Return the warehouse that an item's total may stand for. Raises Permanent, with what to do."""
        if market.stock.without_availability == "on_hand" and len(market.warehouses) == 1:
            return market.warehouses[0]
        text = (
            f"market {market.name}: stock by location, less what is sold, is not in the standard API: install "
            "business-central-extension, or, for a company with one warehouse, name that one alone in warehouses and "
            "set stock.without_availability to on_hand, knowing that orders are not taken off"
        )
        raise Permanent(self._ground.api.service, "read stock", text, code="NoAvailability")


def _in_warehouses(market: Market) -> str:
    return any_of("locationCode", [warehouse.code.strip().upper() for warehouse in market.warehouses])
