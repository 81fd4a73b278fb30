"""What the catalogue suite needs to know of a back-end, besides what the conformance suite knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from shared.dynamics.catalogue import OffersCatalogue
from shared.market_options.trade import PriceBook, Warehouse
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState, PriceState, Record, StockState
from tests.contract.connectors.harness import TRACE, BackEndUnderTest

# What not every back-end can hold.
VARIANTS, GTIN, TIERS, PERIODS, GROUPS = "variants", "gtin", "tiers", "periods", "groups"
WAREHOUSES, RESERVED, PLANNED = "warehouses", "reserved", "planned"


class ByHand(Protocol):
    """What people do in the back-end itself. Items are named by their numbers, price books by their names."""

    def rename(self, number: str, name: str) -> None:
        """Give an item another name."""

    def block(self, number: str) -> None:
        """Say that an item must not be sold."""

    def delete(self, number: str) -> None:
        """Remove an item."""

    def set_price(
        self,
        number: str,
        amount: Decimal,
        *,
        book: PriceBook,
        variant: str = "",
        minimum: Decimal = Decimal(1),
        first_day: date | None = None,
        last_day: date | None = None,
    ) -> None:
        """Put a row into a price book, or change the amount of the one with this quantity and period."""

    def remove_price(self, number: str, *, book: PriceBook) -> None:
        """Take all rows of an item out of a price book."""

    def set_stock(
        self,
        number: str,
        on_hand: Decimal,
        *,
        warehouse: str,
        variant: str = "",
        reserved: Decimal = Decimal(0),
        planned: Decimal = Decimal(0),
    ) -> None:
        """Say how much there is. `reserved` is what sales orders will take; the other two if it is held."""

    def many(self, count: int) -> list[str]:
        """Add so many items at one instant, and return their numbers.

        Each has a price of 1 in the first book and 1 piece in the first warehouse.
        """

    def late(self) -> str:
        """Add an item that was written a minute ago in a transaction that commits only now; returns its number.

        Where there are no times of change, it is just added.
        """


@dataclass(frozen=True)
class Listed[Kind: Record]:
    """Everything that was listed, the cursor behind it, and what was told as gone."""

    pages: Sequence[CataloguePage[Kind]]
    cursor: str

    @property
    def whole(self) -> bool:
        return all(page.whole for page in self.pages)

    @property
    def gone(self) -> set[str]:
        return {key for page in self.pages for key in page.gone}

    @property
    def records(self) -> list[Kind]:
        return [record for page in self.pages for record in page.records]

    @property
    def by_key(self) -> dict[str, Kind]:
        return {record.key: record for record in self.records}


async def listed[Kind: Record](pages: AsyncIterator[CataloguePage[Kind]]) -> Listed[Kind]:
    found = [page async for page in pages]
    assert found, "a listing has at least one page, so that its cursor moves on"
    assert all(len(page.records) <= 500 for page in found), "a page is compared in one request for 500 SKUs"
    return Listed(found, found[-1].cursor)


@dataclass(frozen=True)
class CatalogueUnderTest:
    """The market's first book is for everybody, another one for a group; it has two warehouses where it can.

    `holds` is what this back-end can hold, of the names above. `item` has no variants and is not blocked;
    `with_variant` is a variant that is there. `age` lets so much time pass that delayed cursors move on, `relist` so
    much that deletions must have been noticed.
    """

    back_end: BackEndUnderTest
    hand: ByHand
    holds: frozenset[str]
    name_of_item: str
    unit_of_item: str
    item: str = "SOCKS-3PACK"
    with_variant: ItemTarget | None = None
    age: Callable[[], None] = lambda: None
    relist: Callable[[], None] = lambda: None
    requests_for_500: int = 25

    @property
    def market(self) -> Market:
        return self.back_end.market

    @property
    def offers(self) -> OffersCatalogue:
        assert isinstance(self.back_end.connector, OffersCatalogue)
        return self.back_end.connector

    @property
    def book(self) -> PriceBook:
        """The book that everybody buys from."""
        return self.market.price_books[0]

    @property
    def group_book(self) -> PriceBook:
        """The book of a customer group."""
        return next(book for book in self.market.price_books if book.customer_group)

    @property
    def warehouse(self) -> Warehouse:
        return self.market.warehouses[0]

    async def items(self, cursor: str | None = None) -> Listed[ItemState]:
        return await listed(self.offers.items(self.market, cursor, TRACE))

    async def prices(self, cursor: str | None = None) -> Listed[PriceState]:
        return await listed(self.offers.prices(self.market, cursor, TRACE))

    async def stock(self, cursor: str | None = None) -> Listed[StockState]:
        return await listed(self.offers.stock(self.market, cursor, TRACE))

    async def prices_of(self, number: str, variant: str | None = None) -> list[PriceState]:
        target = ItemTarget(item=number, variant=variant)
        return list(await self.offers.prices_of(self.market, [target], TRACE))

    async def stock_of(self, number: str, variant: str | None = None) -> dict[str, StockState]:
        """By warehouse."""
        target = ItemTarget(item=number, variant=variant)
        return {state.warehouse: state for state in await self.offers.stock_of(self.market, [target], TRACE)}

    def requests(self) -> int:
        return len(self.back_end.app.log)

    def forget_requests(self) -> None:
        self.back_end.app.log.clear()
