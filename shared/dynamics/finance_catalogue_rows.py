"""What belongs to released products of Finance, read for a block of a list or for some items.

A block is asked for by the first and the last of its item numbers, in the order that Finance itself has put them in, so
that it is one request; what belongs to other items between them is left out here. Some items are asked for by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from shared.dynamics.odata import ODataClient, Row, any_of, literal
from shared.mapping.finance import catalogue as mapping
from shared.mapping.finance import prices
from shared.mapping.finance.catalogue import ITEM, NO_DIMENSIONS, Belongings, by_item, dimensions_of
from shared.mapping.finance.languages import language_id
from shared.market_options.finance import FinanceOptions
from shared.markets import ItemTarget, Market

VARIANTS, BARCODES = "ReleasedProductVariantsV2", "ProductBarcodesV3"
TRANSLATIONS, AGREEMENTS = "ProductTranslations", "SalesPriceAgreements"
NUMBER = "ProductNumber"
MAX_OR_TERMS = 50  # keeps $filter well below URL limits

type OfItem = Callable[[Row], Sequence[mapping.Row]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that is asked for: all that belongs to it, or some of its variants alone."""

    item: str
    variants: frozenset[str]

    def takes(self, variant: str) -> bool:
        """Tell whether a variant is asked for. The item itself, without variant, asks for all."""
        return "" in self.variants or variant in self.variants


def wanted_of(targets: Collection[ItemTarget]) -> Mapping[str, Wanted]:
    """Group targets by item, without regard to case."""
    found: dict[str, Wanted] = {}
    for target in targets:
        key = target.item.casefold()
        known = found.get(key, Wanted(target.item, frozenset()))
        found[key] = Wanted(known.item, known.variants | {target.variant or ""})
    return found


async def item_blocks(rows: AsyncIterator[Row], size: int) -> AsyncGenerator[tuple[list[Row], bool]]:
    """Cut rows into blocks that keep the rows of an item together, and tell which is the last."""
    block: list[Row] = []
    async for row in rows:
        if len(block) >= size and str(row[ITEM]).casefold() != str(block[-1][ITEM]).casefold():
            yield block, False
            block = []
        block.append(row)
    yield block, True


class FinanceRows:
    """Reads rows of one environment. Conditions are on item numbers unless a parameter says otherwise."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    def listed(
        self, market: Market, entity_set: str, columns: str, order: str, conditions: Sequence[str], correlation_id: str
    ) -> AsyncIterator[Row]:
        """List an entity set of the market's company in an order."""
        condition = _and(_company(market), *conditions)
        return self._api.rows(entity_set, correlation_id, filter=condition, select=columns, orderby=order)

    async def of(
        self,
        market: Market,
        entity_set: str,
        wanted: Mapping[str, Wanted],
        columns: str,
        correlation_id: str,
        condition: str = "",
    ) -> list[Row]:
        """Read the rows of items. A `*` in a filter stands for any text, so what comes back is compared once more."""
        named = _named(ITEM, [one.item for one in wanted.values()])
        rows = await self._all(market, entity_set, named, columns, correlation_id, condition)
        return [row for row in rows if str(row[ITEM]).casefold() in wanted]

    async def around(self, market: Market, rows: Sequence[Row], correlation_id: str) -> Belongings:
        """Read what belongs to a block of released products."""
        return await self._belongings(market, _between(rows), _translated_between(rows), correlation_id)

    async def belonging_to(self, market: Market, rows: Sequence[Row], correlation_id: str) -> Belongings:
        """Read what belongs to some released products."""
        numbers = _named(NUMBER, [str(row[NUMBER]) for row in rows if row.get(NUMBER)])
        return await self._belongings(market, _named(ITEM, _items(rows)), numbers, correlation_id)

    async def priced_around(self, market: Market, rows: Sequence[Row], correlation_id: str) -> tuple[OfItem, OfItem]:
        """Read variants and agreements of a block of released products."""
        return await self._priced(market, _between(rows), correlation_id)

    async def priced(self, market: Market, rows: Sequence[Row], correlation_id: str) -> tuple[OfItem, OfItem]:
        """Read variants and agreements of some released products."""
        return await self._priced(market, _named(ITEM, _items(rows)), correlation_id)

    async def variants_around(
        self, market: Market, rows: Sequence[Row], correlation_id: str
    ) -> Mapping[str, Sequence[mapping.Row]]:
        """Read the variants that a block of rows names by dimensions."""
        return await self._numbers(market, _between(_with_dimensions(rows)), correlation_id)

    async def variants_of(
        self, market: Market, rows: Sequence[Row], correlation_id: str
    ) -> Mapping[str, Sequence[mapping.Row]]:
        """Read the variants that some rows name by dimensions."""
        return await self._numbers(market, _named(ITEM, _items(_with_dimensions(rows))), correlation_id)

    async def _belongings(
        self, market: Market, items: Sequence[str], numbers: Sequence[str], correlation_id: str
    ) -> Belongings:
        options = market.finance or FinanceOptions()
        language = f"LanguageId eq {literal(language_id(market.products.locale, options.languages))}"
        variants, barcodes, translations = await asyncio.gather(
            self._all(market, VARIANTS, items, mapping.VARIANT_COLUMNS, correlation_id),
            self._all(market, BARCODES, items, mapping.BARCODE_COLUMNS, correlation_id),
            self._all(None, TRANSLATIONS, numbers, mapping.TRANSLATION_COLUMNS, correlation_id, language),
        )
        by_number = {str(row[NUMBER]).casefold(): row for row in translations}
        return Belongings(by_item(variants), by_item(barcodes), by_number)

    async def _priced(self, market: Market, items: Sequence[str], correlation_id: str) -> tuple[OfItem, OfItem]:
        groups = prices.groups_of(market)
        agreed = _and(any_of("PriceCustomerGroupCode", groups), f"CustomerAccountNumber eq {literal('')}")
        variants, agreements = await asyncio.gather(
            self._all(market, VARIANTS, items, mapping.VARIANT_NUMBER_COLUMNS, correlation_id),
            self._all(market, AGREEMENTS, items if groups else (), prices.AGREEMENT_COLUMNS, correlation_id, agreed),
        )
        return _lookup(by_item(variants)), _lookup(by_item(agreements))

    async def _numbers(
        self, market: Market, items: Sequence[str], correlation_id: str
    ) -> Mapping[str, Sequence[mapping.Row]]:
        return by_item(await self._all(market, VARIANTS, items, mapping.VARIANT_NUMBER_COLUMNS, correlation_id))

    async def _all(
        self,
        market: Market | None,
        entity_set: str,
        conditions: Iterable[str],
        columns: str,
        correlation_id: str,
        also: str = "",
    ) -> list[Row]:
        """Read all that any of the conditions finds, in the market's company or in an entity set that has none."""
        company = _company(market) if market else ""

        async def rows(condition: str) -> list[Row]:
            whole = _and(company, condition, also)
            return [row async for row in self._api.rows(entity_set, correlation_id, filter=whole, select=columns)]

        answers = await asyncio.gather(*(rows(condition) for condition in conditions))
        return [row for answer in answers for row in answer]


def _company(market: Market) -> str:
    return f"dataAreaId eq {literal(market.company.lower())}"


def _and(*conditions: str) -> str:
    return " and ".join(f"({condition})" for condition in conditions if condition)


def _items(rows: Iterable[Row]) -> list[str]:
    return sorted({str(row[ITEM]) for row in rows})


def _named(field: str, names: Sequence[str]) -> list[str]:
    """Build filters for a field being any of some texts, as many as one filter can name."""
    return [any_of(field, list(some)) for some in batched(names, MAX_OR_TERMS, strict=False)]


def _between(rows: Sequence[Row], field: str = ITEM) -> list[str]:
    """Build the filter for a field being in the range of ordered rows; rows without any need none."""
    if not rows:
        return []
    return [f"{field} ge {literal(str(rows[0][field]))} and {field} le {literal(str(rows[-1][field]))}"]


def _translated_between(rows: Sequence[Row]) -> list[str]:
    """Where an item has its product's number, as it mostly does, the order of items is that of products, too."""
    same = [row for row in rows if row.get(NUMBER) == row[ITEM]]
    others = [str(row[NUMBER]) for row in rows if row.get(NUMBER) not in (None, "", row[ITEM])]
    return [*_between(same, NUMBER), *_named(NUMBER, others)]


def _with_dimensions(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if dimensions_of(row) != NO_DIMENSIONS]


def _lookup(rows: Mapping[str, Sequence[mapping.Row]]) -> OfItem:
    return lambda product: rows.get(str(product[ITEM]).casefold(), ())
