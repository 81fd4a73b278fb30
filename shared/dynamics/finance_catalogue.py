"""Released products, prices and stock of Finance: listed, and read for some items.

No entity says when a row was changed, so every list is whole and versions are digests. A list goes item by item in the
order of item numbers as Finance has it, and what belongs to a block of items is read with one request for the numbers
from the first to the last of the block. Names and keys of `ProductBarcodesV3`, `ProductTranslations`,
`SalesPriceAgreements` and `Ledgers` are those of published clients of the service: to be verified on a tenant.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import batched

from shared.dynamics.finance_catalogue_rows import FinanceRows, item_blocks, wanted_of
from shared.dynamics.odata import ODataClient, Row, literal
from shared.dynamics.read_ahead import one_ahead
from shared.errors import NotFound
from shared.mapping.catalogue_values import version_of
from shared.mapping.finance import catalogue as mapping
from shared.mapping.finance import prices
from shared.mapping.finance.catalogue import ITEM, WAREHOUSE
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState, PriceState, Record, StockState

SERVICE = "Finance"
PRODUCTS, ON_HAND, LEDGERS = "ReleasedProductsV2", "WarehousesOnHandV2", "Ledgers"
BLOCK = 1000  # rows of the list that lead to one request for each kind of what belongs to them
CHUNK = 500  # records that are handed over at once: as many as commercetools compares in one request
STOCK_ORDER = ",".join((ITEM, WAREHOUSE, "InventorySiteId", *mapping.DIMENSIONS))
GAPS = (
    "agreements with single customers, sites or warehouses, generic currencies and discount agreements are not read: "
    "only prices of price groups and of all customers are",
    "an agreement that ends at a quantity holds on until the next one begins",
)


@dataclass(frozen=True, slots=True)
class _Source[Kind: Record]:
    """One list: where its rows are, and what they become."""

    entity_set: str
    columns: str
    order: str
    condition: str
    read: Callable[[Sequence[Row]], Awaitable[Sequence[Kind]]]


class FinanceCatalogue:
    """Implements what `OffersCatalogue` asks for. Accounting currencies are remembered for the life of the process."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api
        self._rows = FinanceRows(api)
        self._currencies: dict[str, str] = {}

    async def items(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        """See `OffersCatalogue.items`."""

        async def read(rows: Sequence[Row]) -> Sequence[ItemState]:
            belongings = await self._rows.around(market, rows, correlation_id)
            return [state for row in rows for state in mapping.item_states(row, belongings, market)]

        source = _Source(PRODUCTS, mapping.product_columns(market), ITEM, "", read)
        async with aclosing(self._pages(market, source, "items", cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def prices(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        """See `OffersCatalogue.prices`."""
        currency = await self._currency(market, correlation_id)

        async def read(rows: Sequence[Row]) -> Sequence[PriceState]:
            variants, agreements = await self._rows.priced_around(market, rows, correlation_id)
            return [
                price
                for row in rows
                for price in prices.price_states(row, variants(row), agreements(row), market, currency)
            ]

        source = _Source(PRODUCTS, prices.PRODUCT_COLUMNS, ITEM, "", read)
        async with aclosing(self._pages(market, source, "prices", cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def stock(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        """See `OffersCatalogue.stock`."""
        in_warehouses = _in_warehouses(market)
        if not in_warehouses:
            yield CataloguePage((), "", whole=True)
            return

        async def read(rows: Sequence[Row]) -> Sequence[StockState]:
            variants = await self._rows.variants_around(market, rows, correlation_id)
            return mapping.stock_states(rows, variants, market)

        source = _Source(ON_HAND, mapping.STOCK_COLUMNS, STOCK_ORDER, in_warehouses, read)
        async with aclosing(self._pages(market, source, "stock", cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def items_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[ItemState]:
        """See `OffersCatalogue.items_of`. An item brings its variants along."""
        wanted = wanted_of(targets)
        rows = await self._rows.of(market, PRODUCTS, wanted, mapping.product_columns(market), correlation_id)
        belongings = await self._rows.belonging_to(market, rows, correlation_id)
        states = (state for row in rows for state in mapping.item_states(row, belongings, market))
        return [state for state in states if wanted[state.number.casefold()].takes(state.variant)]

    async def prices_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[PriceState]:
        """See `OffersCatalogue.prices_of`. An item brings its variants along."""
        wanted = wanted_of(targets)
        rows = await self._rows.of(market, PRODUCTS, wanted, prices.PRODUCT_COLUMNS, correlation_id)
        if not rows:
            return []
        currency = await self._currency(market, correlation_id)
        variants, agreements = await self._rows.priced(market, rows, correlation_id)
        found = (
            price
            for row in rows
            for price in prices.price_states(row, variants(row), agreements(row), market, currency)
        )
        return [price for price in found if wanted[price.number.casefold()].takes(price.variant)]

    async def stock_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[StockState]:
        """See `OffersCatalogue.stock_of`."""
        wanted, condition = wanted_of(targets), _in_warehouses(market)
        if not wanted or not condition:
            return []
        rows = await self._rows.of(market, ON_HAND, wanted, mapping.STOCK_COLUMNS, correlation_id, condition)
        variants = await self._rows.variants_of(market, rows, correlation_id)
        states = mapping.stock_states(rows, variants, market)
        found = {(state.number.casefold(), state.variant, state.warehouse): state for state in states}
        return [
            found.get((target.item.casefold(), target.variant or "", warehouse.code))
            or mapping.no_stock(target.item, target.variant or "", warehouse.code)
            for target in sorted(set(targets), key=lambda one: (one.item, one.variant or ""))
            for warehouse in market.warehouses
        ]

    def gaps(self, market: Market) -> Sequence[str]:
        """See `OffersCatalogue.catalogue_gaps`."""
        del market
        return GAPS

    async def _pages[Kind: Record](
        self, market: Market, source: _Source[Kind], name: str, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        """List everything, or what is left of a list that was broken off."""
        scope = version_of(name, market.company.lower(), source.columns, source.condition)
        after = _after(cursor, scope)
        async with aclosing(one_ahead(self._blocks(market, source, scope, after, correlation_id))) as pages:
            async for page in pages:
                yield page

    async def _blocks[Kind: Record](
        self, market: Market, source: _Source[Kind], scope: str, after: str, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        behind = f"{ITEM} gt {literal(after)}" if after else ""
        listed = self._rows.listed(
            market, source.entity_set, source.columns, source.order, [source.condition, behind], correlation_id
        )
        async with aclosing(item_blocks(listed, BLOCK)) as found:
            async for rows, last in found:
                then = "" if last else str(rows[-1][ITEM])
                chunks: list[Sequence[Kind]] = [*batched(await source.read(rows), CHUNK, strict=False)] or [()]
                for chunk in chunks[:-1]:
                    yield CataloguePage(chunk, _cursor(scope, after), whole=True)
                yield CataloguePage(chunks[-1], _cursor(scope, then), whole=True)
                after = then

    async def _currency(self, market: Market, correlation_id: str) -> str:
        """Return the accounting currency of the company, where a book needs it."""
        if not prices.needs_currency(market):
            return ""
        if market.company not in self._currencies:
            condition = f"LegalEntityId eq {literal(market.company)}"
            rows = self._api.rows(LEDGERS, correlation_id, filter=condition, select="LegalEntityId,AccountingCurrency")
            found = [str(row["AccountingCurrency"]) async for row in rows if row["AccountingCurrency"]]
            if not found:
                text = (
                    f"company {market.company} has no ledger with an accounting currency: set it up, or name price "
                    f"groups alone in price_books, not {prices.ALL_CUSTOMERS} or {prices.UNIT_PRICE}"
                )
                raise NotFound(SERVICE, "read prices", text, code="NoCurrency")
            self._currencies[market.company] = found[0]
        return self._currencies[market.company]


def _after(cursor: str | None, scope: str) -> str:
    """Return the item behind which a list goes on; empty starts anew, as for a cursor that means nothing here."""
    try:
        read: Mapping[str, object] = json.loads(cursor or "null")
        known, after = read["scope"], read["after"]
    except (ValueError, KeyError, TypeError):
        return ""
    return after if known == scope and isinstance(after, str) else ""


def _cursor(scope: str, after: str) -> str:
    return json.dumps({"scope": scope, "after": after})


def _in_warehouses(market: Market) -> str:
    return " or ".join(f"{WAREHOUSE} eq {literal(warehouse.code)}" for warehouse in market.warehouses)
