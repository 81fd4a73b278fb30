"""The orders flow into Finance, failing at every request in turn: one whole order is there in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.dynamics.odata.faults import Fault
from shared.commercetools.client import CommercetoolsClient
from shared.dynamics.connector import Connector
from shared.errors import ServiceError
from shared.flows.order_loading import OrderLoader
from shared.flows.orders import OrdersFlow
from shared.markets import ItemTarget
from shared.pipeline.flow import Trail, Work, travel
from shared.pipeline.outcome import Done, Outcome
from shared.state.memory import MemoryState
from tests.contract.connectors.finance_harness import HEADERS, LINES, finance_with
from tests.contract.connectors.harness import BackEndUnderTest
from tests.fakes.clock import START
from tests.fakes.commercetools import FakeCommercetools
from tests.fakes.documents import customer_document, order_document
from tests.fakes.markets import map_with
from tests.fakes.road import envelope

MODES = {"refused": ("status", 503), "unknown": ("status", 504), "lost": ("status_after", 504)}
ATTEMPTS = 3


@dataclass
class Desk:
    """commercetools in memory, Finance in its simulator."""

    under_test: BackEndUnderTest
    commercetools: FakeCommercetools = field(default_factory=FakeCommercetools)
    state: MemoryState = field(default_factory=MemoryState)

    def __post_init__(self) -> None:
        self.commercetools.put("orders", order_document())
        self.commercetools.put("customers", customer_document())

    @property
    def flow(self) -> OrdersFlow:
        items = {"SHIRT": ItemTarget(item="GIFT-MUG")}
        markets = map_with(self.under_test.market.model_copy(update={"items": items}))
        projects: Mapping[str, CommercetoolsClient] = {"shop": self.commercetools.client}
        connectors: Mapping[str, Connector] = {"bc": self.under_test.connector}
        loader = OrderLoader(markets, projects, connectors, self.state.id_map, self.state.snapshots)
        return OrdersFlow(loader, projects, connectors, self.state.id_map, self.state.snapshots, self.state.idempotency)

    async def run(self) -> tuple[Outcome, int]:
        """Run until nothing fails; returns the outcome and how many attempts it took."""
        for attempt in range(ATTEMPTS):
            try:
                return await travel(self.flow, Work(envelope(), attempt == 0, START, Trail())), attempt + 1
            except ServiceError:
                continue
        raise AssertionError(f"{ATTEMPTS} attempts were not enough")


async def requests_of_one_run(**options: Any) -> int:
    desk = Desk(finance_with(**options))
    async with desk.under_test.http:
        await desk.run()
    return len(desk.under_test.app.log)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("batch", [False, True])
async def test_whatever_request_fails_one_whole_order_results(batch: bool, mode: str) -> None:
    kind, status = MODES[mode]
    for place in range(await requests_of_one_run(batch=batch)):
        desk = Desk(finance_with(batch=batch))
        passing = [Fault(mode="delay_after") for _ in range(place)]
        desk.under_test.app.faults.add([*passing, Fault.model_validate({"mode": kind, "status": status})])
        async with desk.under_test.http:
            outcome, attempts = await desk.run()
        assert isinstance(outcome, Done), (place, outcome)
        assert attempts == 2, place
        (header,) = desk.under_test.rows(HEADERS)
        numbers = [line["CustomersLineNumber"] for line in desk.under_test.rows(LINES)]
        assert numbers == [1, 2], place  # shirts and freight
        assert (header["OrderTotalAmount"], header["OrderTotalTaxAmount"]) == (250, 50)
        assert outcome.result["number"] == header["SalesOrderNumber"]
