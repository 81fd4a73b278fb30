"""The orders flow between a commercetools project and a back-end, both in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.commercetools.client import CommercetoolsClient
from shared.dynamics.connector import Connector
from shared.flows.order_loading import OrderLoader
from shared.flows.orders import OrdersFlow
from shared.markets import MarketMap
from shared.model.back_end import OrderRecord
from shared.pipeline.flow import Trail, Work, travel
from shared.pipeline.outcome import Done, NeedsReview, Outcome
from shared.state.memory import MemoryState
from shared.state.records import Question
from tests.fakes.clock import START
from tests.fakes.commercetools import FakeCommercetools
from tests.fakes.connector import FakeConnector, customer
from tests.fakes.documents import customer_document, order_document
from tests.fakes.markets import market_map
from tests.fakes.road import envelope


@dataclass
class Desk:
    """Has the order, its customer (C-1 in the back-end, by e-mail) and its item ready."""

    markets: MarketMap = field(default_factory=market_map)
    connector: FakeConnector = field(default_factory=FakeConnector)
    commercetools: FakeCommercetools = field(default_factory=FakeCommercetools)
    state: MemoryState = field(default_factory=MemoryState)
    trail: Trail = field(default_factory=Trail)

    def __post_init__(self) -> None:
        self.commercetools.put("orders", order_document())
        self.commercetools.put("customers", customer_document())
        self.connector.customers.append(customer("C-1", "customer@example.com"))
        self.connector.add_item("SHIRT")

    @property
    def flow(self) -> OrdersFlow:
        projects: dict[str, CommercetoolsClient] = {"shop": self.commercetools.client}
        connectors: dict[str, Connector] = {"bc": self.connector}
        loader = OrderLoader(self.markets, projects, connectors, self.state.id_map, self.state.snapshots)
        return OrdersFlow(loader, projects, connectors, self.state.id_map, self.state.snapshots, self.state.idempotency)

    def place(self, **changes: Any) -> None:
        self.commercetools.put("orders", order_document(**changes))

    async def run(self, *, fresh: bool = True) -> Outcome:
        self.trail = Trail()
        return await travel(self.flow, Work(envelope(), fresh, START, self.trail))

    async def done(self, *, fresh: bool = True) -> Done:
        outcome = await self.run(fresh=fresh)
        assert isinstance(outcome, Done), outcome
        return outcome

    async def question(self, *, fresh: bool = True) -> Question:
        outcome = await self.run(fresh=fresh)
        assert isinstance(outcome, NeedsReview), outcome
        return outcome.question

    @property
    def records(self) -> list[OrderRecord]:
        return list(self.connector.orders.values())

    @property
    def steps(self) -> list[str]:
        return [note.step for note in self.trail.notes]

    @property
    def written_back(self) -> dict[str, Any]:
        return self.commercetools.documents["orders/order-1"]
