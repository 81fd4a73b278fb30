"""Bulk runs of products, prices and inventory, for timers, messages and commands alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.commercetools.catalogue import Catalogue
from shared.commercetools.client import CommercetoolsClient
from shared.commercetools.pacing import Pacer
from shared.dynamics.catalogue import OffersCatalogue
from shared.errors import Permanent, ServiceError
from shared.flows.catalogue import CATALOGUE, CatalogueFlow, CatalogueName, Run
from shared.flows.inventory import InventoryFlow
from shared.flows.prices import PricesFlow
from shared.flows.products import ProductsFlow
from shared.flows.project_stock import ProjectStock
from shared.flows.sku_matching import SkuMatcher
from shared.markets import ANY_PROJECT, Market, MarketMap
from shared.pipeline.bulk import BulkFlow, BulkResult, run_bulk
from shared.pipeline.process import Road


@dataclass(frozen=True, slots=True)
class CatalogueRuns:
    """One catalogue and one pacer for each project, so that what was learnt of its speed is used by all runs."""

    road: Road
    markets: MarketMap
    projects: Mapping[str, CommercetoolsClient]
    connectors: Mapping[str, object]
    _catalogues: dict[str, Catalogue] = field(default_factory=dict)
    _pacers: dict[str, Pacer] = field(default_factory=dict)

    async def run(self, name: CatalogueName, market: Market, *, full: bool = False) -> BulkResult:
        """Run one flow in one market. Raises ServiceError when a side cannot be reached; the cursor stays."""
        pacer = self._pacers.setdefault(self._project(market), Pacer())
        return await run_bulk(self.road, market, self._flow(name, market), pacer, full=full)

    async def run_all(self, name: CatalogueName, *, full: bool = False) -> None:
        """Run one flow in every market. One that fails does not keep the others waiting; its error is raised last."""
        failed: list[ServiceError] = []
        for market in self.markets.markets:
            if market.mode(name) == "off":
                continue
            try:
                await self.run(name, market, full=full)
            except ServiceError as error:
                self.road.telemetry.event("bulk failed", flow=name, market=market.name, why=str(error))
                failed.append(error)
        if failed:
            raise failed[0]

    async def run_everything(self) -> None:
        """Compare everything of all three flows."""
        for name in CATALOGUE:
            await self.run_all(name, full=True)

    def flows(self) -> Mapping[CatalogueName, CatalogueFlow]:
        """Return the flows that take messages of the three queues."""
        return {name: CatalogueFlow(name, self.markets, self._runner(name)) for name in CATALOGUE}

    def _runner(self, name: CatalogueName) -> Run:
        async def run(market: Market, full: bool) -> BulkResult:
            return await self.run(name, market, full=full)

        return run

    def _flow(self, name: CatalogueName, market: Market) -> BulkFlow[Any]:
        connector, shop = self._connector(market), self._catalogue(market)
        stock = ProjectStock(shop, self.markets)
        matcher = SkuMatcher(stock, self.road.state.id_map)
        match name:
            case "inventory":
                return InventoryFlow(connector, stock, matcher, self.road.now)
            case "prices":
                return PricesFlow(connector, shop, matcher, self.road.state.digests)
            case "products":
                return ProductsFlow(connector, shop, matcher, self.road.state.id_map)

    def _connector(self, market: Market) -> OffersCatalogue:
        connector = self.connectors[market.back_end]
        if not isinstance(connector, OffersCatalogue):
            raise Permanent(market.back_end, "catalogue", "this back-end offers no items, prices and stock")
        return connector

    def _catalogue(self, market: Market) -> Catalogue:
        project = self._project(market)
        if project not in self._catalogues:
            self._catalogues[project] = Catalogue(self.projects[project])
        return self._catalogues[project]

    def _project(self, market: Market) -> str:
        if market.project != ANY_PROJECT:
            return market.project
        return next(iter(self.projects))
