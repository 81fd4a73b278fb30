"""The bulk runs between a back-end's catalogue in memory and a commercetools project in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shared.commercetools.pacing import Pacer
from shared.errors import ServiceError
from shared.flows.catalogue import CatalogueName
from shared.flows.catalogue_runs import CatalogueRuns
from shared.market_options.trade import PriceBook, Warehouse
from shared.markets import Market, MarketMap
from shared.model.catalogue import ItemState, PriceState, StockState
from shared.pipeline.bulk import BulkResult
from shared.state.records import AuditEntry, ReviewItem
from tests.fakes.catalogue_connector import MemoryCatalogue
from tests.fakes.commercetools import FakeCommercetools, Json
from tests.fakes.markets import map_with, market
from tests.fakes.road import Bench

CHANNELS = {"MAIN": "warehouse-main", "EAST": "warehouse-east"}
NAME = "Mug"


async def no_sleep(seconds: float) -> None:
    del seconds


@dataclass
class Stall:
    """Items and variants with the same numbers on both sides; `row` changes the market."""

    row: dict[str, Any] = field(default_factory=dict)
    bench: Bench = field(default_factory=Bench)
    shop: FakeCommercetools = field(default_factory=FakeCommercetools)
    back_end: MemoryCatalogue = field(default_factory=MemoryCatalogue)

    def __post_init__(self) -> None:
        for code, key in CHANNELS.items():
            self.shop.put("channels", {"id": f"channel-{code}", "version": 1, "key": key})
        self.shop.put("product-types", {"id": "type-1", "version": 1, "key": "goods", "attributes": []})
        self.runs = self._runs()

    def _runs(self) -> CatalogueRuns:
        runs = CatalogueRuns(self.bench.road, self.markets, {"shop": self.shop.client}, {"bc": self.back_end})
        runs._pacers["shop"] = Pacer(sleep=no_sleep, jitter=lambda: 0.0)
        return runs

    def restart(self) -> None:
        """Forget what the process kept in memory."""
        self.bench.restart()
        self.runs = self._runs()

    @property
    def market(self) -> Market:
        given = {
            "stores": frozenset(),
            "location": "MAIN",
            "modes": dict.fromkeys(("products", "prices", "inventory"), "on"),
            "warehouses": tuple(Warehouse(code=code, channel=key) for code, key in CHANNELS.items()),
            "price_books": (PriceBook(name="RETAIL", currency="SEK"),),
        }
        return market(**{**given, **self.row})

    @property
    def markets(self) -> MarketMap:
        return map_with(self.market)

    def goods(self, *numbers: str) -> None:
        """Products with one variant each, and the items behind them."""
        for number in numbers:
            self.shop.put("products", product(number))
        self.back_end.put(*(ItemState(number, name=NAME) for number in numbers))

    def stock(self, *numbers: str, on_hand: int, reserved: int = 0, warehouse: str = "MAIN") -> None:
        rows = [StockState(number, "", warehouse, Decimal(on_hand), Decimal(reserved)) for number in numbers]
        self.back_end.put(*rows)

    def price(self, *numbers: str, amount: str, minimum: int = 1) -> None:
        self.back_end.put(
            *(PriceState(number, "", "RETAIL", "SEK", Decimal(amount), Decimal(minimum)) for number in numbers)
        )

    async def run(self, name: CatalogueName, *, full: bool = False) -> BulkResult:
        return await self.runs.run(name, self.market, full=full)

    async def run_until_done(self, name: CatalogueName) -> BulkResult:
        """Run again, as the timer does, until a run gets through."""
        for _ in range(20):
            try:
                return await self.run(name)
            except ServiceError:
                self.restart()
        raise AssertionError("no run got through")

    def available(self, number: str, warehouse: str = "MAIN") -> int | None:
        entry = self.entry(number, warehouse)
        return None if entry is None else int(entry["availableQuantity"])

    def entry(self, number: str, warehouse: str = "MAIN") -> Json | None:
        found = [
            one
            for one in self.shop.all_of("inventory")
            if (one["sku"], one.get("supplyChannel", {}).get("id")) == (number, f"channel-{warehouse}")
        ]
        return found[0] if found else None

    def cents(self, number: str) -> list[int]:
        return sorted(
            one["value"]["centAmount"] for one in self.shop.all_of("standalone-prices") if one["sku"] == number
        )

    def name_of(self, number: str) -> str:
        product_of = self.shop.documents[f"products/{number}"]
        return str(product_of["masterData"]["current"]["name"]["en"])

    @property
    def calls(self) -> int:
        """Requests to both sides."""
        return len(self.shop.api_requests) + self.back_end.requests.total()

    async def questions(self) -> list[ReviewItem]:
        return [item async for item in self.bench.state.review.list_items()]

    async def audit(self, key: str) -> list[AuditEntry]:
        return [entry async for entry in self.bench.state.audit.by_entity(key)]


def product(number: str) -> Json:
    data = {
        "name": {"en": "Old name"},
        "slug": {"en": number.lower()},
        "masterVariant": {"id": 1, "sku": number, "attributes": [], "prices": []},
        "variants": [],
        "attributes": [],
    }
    master = {"published": True, "hasStagedChanges": False, "staged": data, "current": data}
    head = {"id": number, "version": 1, "key": number, "productType": {"typeId": "product-type", "id": "type-1"}}
    return {**head, "priceMode": "Standalone", "masterData": master}


def order(number: str, sku: str, quantity: int, warehouse: str = "MAIN", **changes: Any) -> Json:
    channel = {"typeId": "channel", "id": f"channel-{warehouse}"}
    line = {"id": "line-1", "variant": {"sku": sku}, "quantity": quantity, "supplyChannel": channel}
    state = {"orderState": "Open", "createdAt": "2026-11-24T11:59:00.000Z", "syncInfo": []}
    return {"id": number, "version": 1, **state, "lineItems": [line], **changes}


def numbers(count: int) -> list[str]:
    return [f"N{place:06}" for place in range(count)]
