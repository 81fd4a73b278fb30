"""Prices of one Business Central environment: lines of price lists by the companion extension, and item cards."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing

from shared.dynamics.business_central_ground import MODIFIED, Ground
from shared.dynamics.business_central_item_rows import VARIANTS, Wanted, by_number, path_of
from shared.dynamics.business_central_listing import Found, Source
from shared.dynamics.odata import Row, any_of
from shared.errors import Permanent
from shared.mapping.business_central import catalogue as mapping
from shared.mapping.catalogue_values import version_of
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, PriceState

PRICE_LINES = "priceListLines"
CARD_COLUMNS = f"id,number,unitPrice,baseUnitOfMeasureCode,{MODIFIED}"
ACTIVE = (  # and neither for a single customer nor for a campaign
    f"status eq '{mapping.ACTIVE}' and ({any_of('sourceType', [mapping.SOURCE_ALL, mapping.SOURCE_GROUP])})"
)


class Prices:
    """Lists and reads prices. A company's own currency is looked up once in a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._currencies: dict[str, str] = {}

    async def pages(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        """See `OffersCatalogue.prices`. A row without a variant counts for every variant of its item, too."""
        if not market.price_books:
            yield CataloguePage((), "")
            return
        sources = await self._sources(market, correlation_id)
        if not sources:
            yield CataloguePage((), "")
            return
        scope = version_of(market.company, *market.price_books)
        async with aclosing(self._ground.lists.pages(sources, scope, cursor, correlation_id)) as pages:
            async for page in pages:
                yield page

    async def of(self, market: Market, targets: Collection[ItemTarget], correlation_id: str) -> Sequence[PriceState]:
        """See `OffersCatalogue.prices_of`: what counts in the end. An item brings the prices of its variants along."""
        wanted = by_number(targets)
        if not wanted or not market.price_books:
            return []
        currency = await self._local_currency(market, correlation_id)
        lines = await self._lines_of(market, wanted, currency, correlation_id)
        rows = await self._ground.rows.cards(market, wanted, correlation_id, CARD_COLUMNS)
        books = mapping.card_books(market, currency)
        return [
            price
            for row in rows
            for variant in ("", *(str(one["code"]) for one in row[VARIANTS]))
            if wanted[str(row["number"])].takes(variant)
            for price in mapping.effective_prices(
                variant, lines.get(str(row["number"]), ()), _given(row, books, currency)
            )
        ]

    async def _sources(self, market: Market, correlation_id: str) -> list[Source[PriceState]]:
        currency = await self._local_currency(market, correlation_id)
        companion = await self._ground.companion_with(PRICE_LINES, market, correlation_id)
        lists, cards = mapping.list_books(market), mapping.card_books(market, currency)

        async def of_lines(rows: Sequence[Row]) -> Found[PriceState]:
            told = [(row, price) for row in rows for price in mapping.line_prices(row, lists, currency)]
            active = [price for row, price in told if row["status"] == mapping.ACTIVE]
            return active, [price.key for row, price in told if row["status"] != mapping.ACTIVE]

        async def of_cards(rows: Sequence[Row]) -> Found[PriceState]:
            told = [price for row in rows for price in mapping.card_prices(row, cards, currency)]
            given = [price for price in told if mapping.is_given(price)]
            return given, [price.key for price in told if not mapping.is_given(price)]

        sources: list[Source[PriceState]] = []
        if companion is not None and lists:
            path, marks = companion.url(PRICE_LINES), self._ground.by_time("systemModifiedAt")
            sources.append(Source("lines", path, marks, "itemNumber", "itemNumber,id", of_lines, present=ACTIVE))
        if cards:
            path, marks = path_of(market, "items"), self._ground.by_time(MODIFIED)
            options = {"select": CARD_COLUMNS}
            sources.append(Source("cards", path, marks, "number", "number", of_cards, options))
        return sources

    async def _local_currency(self, market: Market, correlation_id: str) -> str:
        if market.company not in self._currencies:
            rows = self._ground.api.rows(
                path_of(market, "companyInformation"), correlation_id, select="id,currencyCode"
            )
            found = [str(row["currencyCode"]) async for row in rows if row["currencyCode"]]
            if not found:
                text = f"company {market.company} does not say its own currency: set LCY Code in General Ledger Setup"
                raise Permanent(self._ground.api.service, "read prices", text, code="NoLocalCurrency")
            self._currencies[market.company] = found[0]
        return self._currencies[market.company]

    async def _lines_of(
        self, market: Market, wanted: Mapping[str, Wanted], currency: str, correlation_id: str
    ) -> Mapping[str, list[PriceState]]:
        books = mapping.list_books(market)
        companion = await self._ground.companion_with(PRICE_LINES, market, correlation_id)
        if companion is None or not books:
            return {}
        path = companion.url(PRICE_LINES)
        rows = await self._ground.rows.of(path, "itemNumber", wanted, correlation_id, where=ACTIVE)
        return _grouped(price for row in rows for price in mapping.line_prices(row, books, currency))


def _given(row: Row, books: Iterable[str], currency: str) -> list[PriceState]:
    return [price for price in mapping.card_prices(row, books, currency) if mapping.is_given(price)]


def _grouped(prices: Iterable[PriceState]) -> Mapping[str, list[PriceState]]:
    found: dict[str, list[PriceState]] = {}
    for price in prices:
        found.setdefault(price.number, []).append(price)
    return found
