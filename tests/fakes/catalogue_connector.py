"""A back-end's catalogue in memory: a journal of changes, read in pages, with every request counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from shared.errors import ServiceError
from shared.mapping.catalogue import target_of
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState, PriceState, Record, StockState

type Kind = Literal["items", "prices", "stock"]
AT_ONCE = 50  # items that one request asks for by number


@dataclass
class MemoryCatalogue:
    """Implements `OffersCatalogue`.

    `whole` lists everything in every run, as a back-end without times of change does. `errors` are raised by the next
    requests of a kind; `between` runs before each page but the first. `poison` are numbers whose request is refused.
    """

    page_size: int = 500
    whole: bool = False
    records: dict[Kind, dict[str, Record]] = field(default_factory=lambda: {"items": {}, "prices": {}, "stock": {}})
    written_at: dict[tuple[Kind, str], int] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    errors: dict[str, list[ServiceError]] = field(default_factory=dict)
    poison: Mapping[str, ServiceError] = field(default_factory=dict)
    between: list[object] = field(default_factory=list)
    _clock: int = 0

    def put(self, *records: Record) -> None:
        """Write records at one instant, so that a page's edge may lie between equal stamps."""
        self._clock += 1
        for record in records:
            kind = kind_of(record)
            self.records[kind][record.key] = replace(record, version=str(self._clock))
            self.written_at[kind, record.key] = self._clock

    def remove(self, kind: Kind, key: str) -> None:
        """Delete a record; only whole lists show that."""
        del self.records[kind][key]

    async def items(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        async for page in self._pages("items", cursor):
            yield page

    async def prices(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        async for page in self._pages("prices", cursor):
            yield page

    async def stock(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        async for page in self._pages("stock", cursor):
            yield page

    async def items_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[ItemState]:
        return self._of("items", targets)

    async def prices_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[PriceState]:
        return self._of("prices", targets)

    async def stock_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[StockState]:
        return self._of("stock", targets)

    def catalogue_gaps(self, market: Market) -> Sequence[str]:
        return ()

    async def _pages(self, kind: Kind, cursor: str | None) -> AsyncGenerator[CataloguePage]:  # type: ignore[type-arg]
        """List what was written after the cursor, in the order of stamps; a whole list comes in the order of keys."""
        since = 0 if self.whole or not cursor else int(cursor)
        order = sorted(self.records[kind], key=lambda key: key if self.whole else (self.written_at[kind, key], key))
        wanted = [key for key in order if self.written_at[kind, key] > since]
        if not wanted:
            self._ask(kind)
            yield CataloguePage((), str(self._clock), whole=self.whole)
        for start in range(0, len(wanted), self.page_size):
            if start and self.between:
                self.between.pop(0)()  # type: ignore[operator]
            self._ask(kind)
            keys = wanted[start : start + self.page_size]
            last = start + self.page_size >= len(wanted)
            # Behind a page's last stamp others of the same stamp may follow: the cursor stays before it.
            reached = max(self.written_at[kind, key] for key in keys) - (0 if last else 1)
            found = [self.records[kind][key] for key in keys if key in self.records[kind]]
            yield CataloguePage(found, str(max(since, reached)), whole=self.whole)

    def _of(self, kind: Kind, targets: Collection[ItemTarget]) -> list[Any]:
        for _ in range(0, len(targets), AT_ONCE):
            self._ask(f"{kind}_of")
        for target in targets:
            if target.item in self.poison:
                raise self.poison[target.item]
        wanted = set(targets)
        return [
            record
            for record in self.records[kind].values()
            if target_of(record) in wanted or ItemTarget(item=record.number) in wanted
        ]

    def _ask(self, what: str) -> None:
        self.requests[what] += 1
        if self.errors.get(what):
            raise self.errors[what].pop(0)


def kind_of(record: Record) -> Kind:
    match record:
        case ItemState():
            return "items"
        case PriceState():
            return "prices"
        case StockState():
            return "stock"
