"""Items of one Business Central environment: listed, and read for some numbers. Prices and stock are beside it.

Prices of lists and stock by location need the companion extension. Without it there is the price on the item card, and,
where the market map allows it (`stock.without_availability: on_hand`), an item's total over all locations.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from shared.dynamics.business_central_companion import missing
from shared.dynamics.business_central_ground import MODIFIED, Ground
from shared.dynamics.business_central_item_rows import VARIANTS, by_number, path_of
from shared.dynamics.business_central_listing import Found, Source
from shared.dynamics.business_central_prices import PRICE_LINES
from shared.dynamics.business_central_stock import AVAILABILITIES
from shared.dynamics.odata import Row
from shared.mapping.business_central import catalogue as mapping
from shared.mapping.catalogue_values import version_of
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState


class Items:
    """Lists and reads items, each with its variants."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def pages(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        """See `OffersCatalogue.items`. Variants come with their items, and bring them along when they change alone."""

        async def in_order(rows: Sequence[Row]) -> Found[ItemState]:
            return await self._ground.rows.families(market, rows, correlation_id, in_order=True), ()

        async def changed(rows: Sequence[Row]) -> Found[ItemState]:
            return await self._ground.rows.families(market, rows, correlation_id), ()

        async def of_variants(rows: Sequence[Row]) -> Found[ItemState]:
            keys = {(str(row["itemNumber"]), str(row["code"])) for row in rows}
            states = await self._ground.rows.states(market, sorted({number for number, _ in keys}), correlation_id)
            return [state for state in states if (state.number, state.variant) in keys], ()

        columns = mapping.item_columns(market)
        sources = [
            Source(
                "items",
                path_of(market, "items"),
                self._ground.by_time(MODIFIED),
                "number",
                "number",
                changed,
                {"select": columns},
                read_whole=in_order,
            ),
            Source(
                VARIANTS,
                path_of(market, VARIANTS),
                self._ground.by_time(MODIFIED),
                "itemNumber",
                "itemNumber,code",
                of_variants,
                {"select": f"id,itemNumber,code,{MODIFIED}"},
                is_whole=False,
            ),
        ]
        scope = version_of(market.company, columns)
        async with aclosing(self._ground.lists.pages(sources, scope, cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def of(self, market: Market, targets: Collection[ItemTarget], correlation_id: str) -> Sequence[ItemState]:
        """See `OffersCatalogue.items_of`. An item brings its variants along; a variant comes alone."""
        wanted = by_number(targets)
        states = await self._ground.rows.states(market, wanted, correlation_id)
        return [state for state in states if wanted[state.number].takes(state.variant)]


def gaps_of(ground: Ground, market: Market) -> Sequence[str]:
    """See `OffersCatalogue.catalogue_gaps`. The companion counts as missing until it has been seen."""
    needed = {PRICE_LINES: mapping.list_books(market), AVAILABILITIES: market.warehouses}
    told = (text for text in missing(ground.companion) if needed.get(text.partition(":")[0]))
    return [f"{text}; install business-central-extension" for text in told]
