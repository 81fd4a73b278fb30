"""Two sides that hold any number of SKUs without keeping them, so that what a run itself keeps can be measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from shared.commercetools.client import CommercetoolsClient
from shared.http import Call
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState, PriceState, StockState
from shared.state.records import AuditEntry, DigestPage
from shared.telemetry.operation import Operation
from tests.fakes.commercetools import PROJECT

BEFORE, AFTER = 7, 9  # pieces on hand


@dataclass
class EndlessStock:
    """Implements `OffersCatalogue`: `count` items in one warehouse, `changed` of them, evenly spread, have changed."""

    count: int
    changed: int
    page_size: int = 500
    whole: bool = False
    requests: Counter[str] = field(default_factory=Counter)

    def items(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        raise NotImplementedError

    def prices(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        raise NotImplementedError

    async def stock(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        for start in range(0, self.count, self.page_size):
            self.requests["stock"] += 1
            some = range(start, min(start + self.page_size, self.count))
            yield CataloguePage([self.row(place) for place in some], str(start), whole=self.whole)

    def row(self, place: int) -> StockState:
        is_changed = place % (self.count // self.changed) == 0
        on_hand = Decimal(AFTER if is_changed else BEFORE)
        return StockState(number(place), "", "MAIN", on_hand, version="2" if is_changed else "1")

    async def items_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[ItemState]:
        raise NotImplementedError

    async def prices_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[PriceState]:
        raise NotImplementedError

    async def stock_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[StockState]:
        self.requests["stock_of"] += 1
        return [self.row(int(target.item.removeprefix("N"))) for target in targets]

    def catalogue_gaps(self, market: Market) -> Sequence[str]:
        return ()


class EndlessShop:
    """A commercetools project in which every SKU has an entry with `BEFORE` pieces; what is written is only checked."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.client = CommercetoolsClient(
            "shop", PROJECT, httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 172_800})
        path = request.url.path.removeprefix("/shop/")
        self.requests[f"{request.method} {path.partition('/')[0]}"] += 1
        if request.method == "POST":
            return self._update(path.removeprefix("inventory/"), json.loads(request.content))
        values = request.url.params.get_list("var.v")
        match path:
            case "channels":
                found: list[dict[str, Any]] = [{"id": f"id-{key}", "version": 1, "key": key} for key in values]
            case "inventory" if len(request.url.params.get_list("where")) == 1:
                found = [self._entry(sku) for sku in sorted(values)]
            case "inventory" | "orders":  # behind the last entry; and nothing is ordered
                found = []
            case _:
                raise AssertionError(f"nobody should ask for {path}")
        return httpx.Response(200, json={"results": found})

    def _entry(self, sku: str, pieces: int = BEFORE, version: int = 1) -> dict[str, Any]:
        channel = {"typeId": "channel", "id": "id-warehouse-main"}
        numbers = {"version": version, "quantityOnStock": pieces, "availableQuantity": pieces}
        return {"id": sku, "sku": sku, "supplyChannel": channel, **numbers}

    def _update(self, sku: str, body: Mapping[str, Any]) -> httpx.Response:
        assert body == {"version": 1, "actions": [{"action": "changeQuantity", "quantity": AFTER}]}
        return httpx.Response(200, json=self._entry(sku, AFTER, 2))


class EndlessDigests:
    """Implements `DigestStore`: everything was seen at version 1. A table keeps that in production, not the process."""

    async def page(self, scope: str, ids: Collection[str], after: str) -> DigestPage:
        return DigestPage(dict.fromkeys(ids, "1"), (), max(ids, default=after))

    async def rest(self, scope: str, after: str) -> Sequence[str]:
        return ()

    async def put(self, scope: str, digests: Mapping[str, str], removed: Collection[str] = ()) -> None:
        """A table would keep it."""


class EndlessAudit:
    """What a run needs of `AuditLog`: entries are counted. A table keeps them in production, not the process."""

    def __init__(self) -> None:
        self.entries = 0

    async def append(self, entry: AuditEntry) -> None:
        assert entry.flow == "inventory"
        self.entries += 1


class NoTelemetry:
    """Implements `Telemetry`, and keeps nothing."""

    def event(self, name: str, /, **dimensions: str | float) -> None:
        """Nobody listens."""

    def metric(self, name: str, value: float, /, **dimensions: str | float) -> None:
        """Nobody listens."""

    @contextmanager
    def operation(self, name: str, correlation_id: str, /, **dimensions: str | float) -> Iterator[Operation]:
        yield Operation(name, correlation_id, dict(dimensions))

    def call(self, call: Call) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """Nothing waits."""


def number(place: int) -> str:
    return f"N{place:06}"
