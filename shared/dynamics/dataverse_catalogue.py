"""Products, prices and stock of one Dataverse organisation: listed, and read for some products.

Price rows and order lines are found by columns of the row that they point to (`productid/productnumber`), which filters
of the Web API may name. There is one quantity on hand for a product, so a market has one warehouse here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from itertools import batched

from shared.dynamics.dataverse_catalogue_listing import CatalogueLists, Source
from shared.dynamics.dataverse_lookups import Lookups
from shared.dynamics.odata import ODataClient, Row, any_of, literal
from shared.dynamics.read_ahead import blocks
from shared.errors import NotFound, Permanent
from shared.mapping.catalogue_values import version_of
from shared.mapping.dataverse import catalogue as mapping
from shared.mapping.dataverse.catalogue import ID, NUMBER, PRICE_LIST, PRODUCT, ListedBook, Units
from shared.market_options.trade import Warehouse
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState, PriceState, StockState

SERVICE = "Dataverse"
MAX_OR_TERMS = 50  # keeps $filter well below URL limits
LINES_AT_ONCE = 1000
PRODUCTS, PRICES, LINES = "products", "productpricelevels", "salesorderdetails"
GAPS = (
    "products have no variants and no global trade item number: every SKU is a product of its own",
    "price lists have no quantity tiers: discount lists (volume discounts) are not read",
    "rows of price lists that are a percentage of another price are not read: give them an amount",
    "stock is products.quantityonhand, which Dataverse never changes by itself: whoever ships must keep it; what open "
    "orders will take is added up from their lines, and expected receipts are not known",
)


class DataverseCatalogue:
    """Implements what `OffersCatalogue` asks for. Units are looked up once for each listing."""

    def __init__(self, api: ODataClient, root: str, lookups: Lookups) -> None:
        self._api = api
        self._lists = CatalogueLists(api, root)
        self._lookups = lookups

    async def items(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        """See `OffersCatalogue.items`."""
        units = await self._units(correlation_id)
        columns = mapping.item_columns(market)

        async def read(rows: Sequence[Row]) -> Sequence[ItemState]:
            return [mapping.item_state(row, units, market) for row in rows if mapping.is_product(row)]

        async def changed(numbers: Sequence[str]) -> Sequence[ItemState]:
            return await read(await self._by(NUMBER, numbers, columns, correlation_id))

        source = Source(columns, read, "product", PRODUCTS, NUMBER, changed)
        async with aclosing(self._lists.pages(source, version_of("items", columns), cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def prices(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        """See `OffersCatalogue.prices`. Where a price list begins or ends on another day, all of it is listed anew."""
        units = await self._units(correlation_id)
        books = await self._books(market, correlation_id)

        async def read(rows: Sequence[Row]) -> Sequence[PriceState]:
            products = [row for row in rows if mapping.is_product(row)]
            return await self._prices_between(products, books, units, correlation_id)

        async def changed(ids: Sequence[str]) -> Sequence[PriceState]:
            products = await self._by(ID, ids, mapping.NUMBER_COLUMNS, correlation_id)
            return await self._prices_of(products, books, units, correlation_id)

        source = Source(mapping.NUMBER_COLUMNS, read, "productpricelevel", PRICES, PRODUCT, changed)
        scope = version_of("prices", sorted((key, str(listed)) for key, listed in books.items()))
        async with aclosing(self._lists.pages(source, scope, cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def stock(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        """See `OffersCatalogue.stock`: always whole, since orders change it as much as products do."""
        warehouse = only_warehouse(market)
        units = await self._units(correlation_id)
        reserved = await self._reserved(None, units, correlation_id)

        async def read(rows: Sequence[Row]) -> Sequence[StockState]:
            products = (row for row in rows if mapping.is_product(row))
            return [mapping.stock_state(row, warehouse.code, reserved, units) for row in products]

        source = Source(mapping.STOCK_COLUMNS, read)
        scope = version_of("stock", warehouse.code)
        async with aclosing(self._lists.pages(source, scope, cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def items_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[ItemState]:
        """See `OffersCatalogue.items_of`."""
        rows = await self._products(targets, mapping.item_columns(market), correlation_id)
        units = await self._units(correlation_id) if rows else {}
        return [mapping.item_state(row, units, market) for row in rows]

    async def prices_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[PriceState]:
        """See `OffersCatalogue.prices_of`."""
        rows = await self._products(targets, mapping.NUMBER_COLUMNS, correlation_id)
        if not rows:
            return []
        units, books = await self._units(correlation_id), await self._books(market, correlation_id)
        return await self._prices_of(rows, books, units, correlation_id)

    async def stock_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[StockState]:
        """See `OffersCatalogue.stock_of`."""
        warehouse = only_warehouse(market)
        numbers = _numbers(targets)
        if not numbers:
            return []
        # Lines before products: what is shipped in between is taken off twice, rather than not at all.
        units = await self._units(correlation_id)
        reserved = await self._reserved(numbers, units, correlation_id)
        rows = await self._products(targets, mapping.STOCK_COLUMNS, correlation_id)
        return [mapping.stock_state(row, warehouse.code, reserved, units) for row in rows]

    def gaps(self, market: Market) -> Sequence[str]:
        """See `OffersCatalogue.catalogue_gaps`."""
        untracked = [
            f"changes of the table {table} are not tracked, so that it is listed whole each time: run "
            "`ctd365 setup dataverse`"
            for table in sorted(self._lists.untracked)
        ]
        many = [
            f"market {market.name} has {len(market.warehouses)} warehouses, but there is one quantity on hand only: "
            "leave one"
        ]
        return [*GAPS, *untracked, *(many if len(market.warehouses) > 1 else ())]

    async def _products(self, targets: Collection[ItemTarget], columns: str, correlation_id: str) -> list[Row]:
        """Read products that can be bought."""
        rows = await self._by(NUMBER, _numbers(targets), columns, correlation_id)
        return [row for row in rows if mapping.is_product(row)]

    async def _by(self, column: str, values: Sequence[str], columns: str, correlation_id: str) -> list[Row]:
        """Read products by texts or ids, as many at once as a filter can name."""
        conditions = _conditions(column, values, quoted=column == NUMBER)
        return await self._all(PRODUCTS, conditions, columns, correlation_id)

    async def _all(self, entity_set: str, conditions: Iterable[str], columns: str, correlation_id: str) -> list[Row]:
        async def rows(condition: str) -> list[Row]:
            found = self._api.rows(entity_set, correlation_id, filter=condition, select=columns)
            return [row async for row in found]

        answers = await asyncio.gather(*(rows(condition) for condition in conditions))
        return [row for answer in answers for row in answer]

    async def _units(self, correlation_id: str) -> Units:
        rows = self._api.rows("uoms", correlation_id, select=mapping.UNIT_COLUMNS)
        return mapping.units_of([row async for row in rows])

    async def _books(self, market: Market, correlation_id: str) -> Mapping[str, list[ListedBook]]:
        """Return the market's books by price list. Raises NotFound for a name that no active price list has."""
        names = sorted({book.name for book in market.price_books})
        if not names:
            return {}
        condition = f"statecode eq {mapping.ACTIVE} and ({any_of('name', names)})"
        found = await self._all("pricelevels", [condition], mapping.LIST_COLUMNS, correlation_id)
        known = {str(row["name"]).casefold() for row in found}
        if missing := [name for name in names if name.casefold() not in known]:
            text = f"no active price list is named {', '.join(missing)}; create it, or correct price_books"
            raise NotFound(SERVICE, "find price list", text, code="NoPriceList")
        return mapping.listed_books(found, await self._lookups.currencies(correlation_id), market)

    async def _prices_between(
        self, products: Sequence[Row], books: Mapping[str, list[ListedBook]], units: Units, correlation_id: str
    ) -> list[PriceState]:
        """Read the prices of products that follow each other in the order of their numbers, in one request."""
        if not products or not books:
            return []
        first, last = (literal(str(row[NUMBER])) for row in (products[0], products[-1]))
        number = f"productid/{NUMBER}"
        condition = f"{number} ge {first} and {number} le {last} and ({_any_list(books)})"
        rows = await self._all(PRICES, [condition], mapping.PRICE_COLUMNS, correlation_id)
        return _priced(products, rows, books, units)

    async def _prices_of(
        self, products: Sequence[Row], books: Mapping[str, list[ListedBook]], units: Units, correlation_id: str
    ) -> list[PriceState]:
        if not products or not books:
            return []
        ids = _conditions(PRODUCT, [str(row[ID]) for row in products], quoted=False)
        conditions = [f"({condition}) and ({_any_list(books)})" for condition in ids]
        rows = await self._all(PRICES, conditions, mapping.PRICE_COLUMNS, correlation_id)
        return _priced(products, rows, books, units)

    async def _reserved(
        self, numbers: Sequence[str] | None, units: Units, correlation_id: str
    ) -> Mapping[str, Decimal]:
        """Return what open orders will take of the products with these numbers, or of all."""
        is_open = " or ".join(f"salesorderid/statecode eq {state}" for state in mapping.OPEN_ORDERS)
        if numbers is not None:
            some = _conditions(f"productid/{NUMBER}", numbers, quoted=True)
            conditions = [f"({is_open}) and ({condition})" for condition in some]
            return mapping.reserved_of(await self._all(LINES, conditions, mapping.LINE_COLUMNS, correlation_id), units)
        taken: dict[str, Decimal] = {}
        lines = self._api.rows(LINES, correlation_id, filter=is_open, select=mapping.LINE_COLUMNS)
        async with aclosing(blocks(lines, LINES_AT_ONCE)) as found:
            async for some_lines, _ in found:
                for product, quantity in mapping.reserved_of(some_lines, units).items():
                    taken[product] = taken.get(product, Decimal(0)) + quantity
        return taken


def only_warehouse(market: Market) -> Warehouse:
    """Return the warehouse that stands for a product's quantity on hand. Raises Permanent, with what to do."""
    if len(market.warehouses) == 1:
        return market.warehouses[0]
    text = (
        f"market {market.name} has {len(market.warehouses)} warehouses, but Dataverse has one quantity on hand for a "
        "product: name exactly one warehouse in the market map"
    )
    raise Permanent(SERVICE, "read stock", text, code="NotOneWarehouse")


def _numbers(targets: Collection[ItemTarget]) -> list[str]:
    """Return the numbers of products; a target with a variant is none."""
    return sorted({target.item for target in targets if target.variant is None})


def _priced(
    products: Iterable[Row], rows: Iterable[Row], books: Mapping[str, list[ListedBook]], units: Units
) -> list[PriceState]:
    numbers = {str(row[ID]): str(row[NUMBER]) for row in products if mapping.is_product(row)}
    found = [
        price
        for row in rows
        if (number := numbers.get(str(row[PRODUCT]))) is not None
        for price in mapping.price_states(row, number, books, units)
    ]
    return sorted(found, key=lambda price: price.key)


def _conditions(column: str, values: Sequence[str], *, quoted: bool) -> list[str]:
    """Build filters for a column being any of some texts or ids."""
    spelled = [literal(value) if quoted else value for value in values]
    return [
        " or ".join(f"{column} eq {value}" for value in some) for some in batched(spelled, MAX_OR_TERMS, strict=False)
    ]


def _any_list(books: Iterable[str]) -> str:
    return " or ".join(f"{PRICE_LIST} eq {key}" for key in sorted(books))
