"""What a connector must do to offer its items, prices and stock. Every method raises only `shared.errors.ServiceError`.

The listing methods read one page ahead of the caller, and keep no more than two pages in memory. A cursor of None
starts anew, and so does one that has lapsed. Nothing between two cursors is ever left out; a record may come twice.
The `…_of` methods read what belongs to some items, as few requests as the back-end allows; what is not there is left
out; an item that is asked for without a variant comes with its variants. They are asked for 500 items at most.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Protocol, runtime_checkable

from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState, PriceState, StockState


@runtime_checkable
class OffersCatalogue(Protocol):
    """A connector that reads items, prices and stock."""

    def items(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        """List items and variants that changed; an item with variants comes as its variants, and as itself."""

    def prices(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        """List rows of the market's price books (and the items' own prices where a book has no name) that changed."""

    def stock(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        """List stock of the market's warehouses that changed."""

    async def items_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[ItemState]:
        """Read items or variants."""

    async def prices_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[PriceState]:
        """Read every row of the market's price books for some items: tiers, periods, books."""

    async def stock_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[StockState]:
        """Read the stock of some items in every warehouse of the market; an item without any is told with 0."""

    def catalogue_gaps(self, market: Market) -> Sequence[str]:
        """Say what this back-end, as it is set up, cannot tell; for `doctor`. Empty: everything."""
