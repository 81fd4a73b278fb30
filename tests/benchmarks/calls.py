"""What one exported order costs: HTTP calls and table operations, for each back-end, counted and not timed.

The real clients and stores talk to the simulators in this process and to Azurite. A first order of a process looks
items and warehouse up and its customer is created; a further order finds both (items in the process's cache, the
customer in the id map).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from azure.data.tables.aio import TableServiceClient

from local import azurite
from local.orders import Shopper, customer_document, order_document
from shared.flows.order_loading import OrderLoader
from shared.flows.orders import OrdersFlow
from shared.messaging.memory import MemorySender
from shared.pipeline.envelope import Envelope
from shared.pipeline.failures import FailureMemory, Incoming
from shared.pipeline.flow import Flow
from shared.pipeline.outcome import Done, NoChange, Outcome
from shared.pipeline.process import Road, process
from shared.state.tables import TablesState
from shared.state.tables.state import CLIENT_OPTIONS
from tests.contract.connectors.business_central_harness import business_central
from tests.contract.connectors.dataverse_harness import dataverse, dataverse_by_deep_insert
from tests.contract.connectors.finance_harness import finance_with
from tests.contract.connectors.harness import BackEndUnderTest
from tests.fakes.commercetools import FakeCommercetools
from tests.fakes.markets import map_with
from tests.fakes.road import envelope
from tests.fakes.telemetry import ListTelemetry

BACK_ENDS: Mapping[str, Callable[[], BackEndUnderTest]] = {
    "business_central": business_central,
    "dataverse (batch)": dataverse,
    "dataverse (deep insert)": dataverse_by_deep_insert,
    "finance": partial(finance_with, sales_tax_group="DOM"),
    "finance (batch)": partial(finance_with, sales_tax_group="DOM", batch=True),
}
SHOPPER = Shopper("new-customer@example.com", id="customer-1")
SITUATIONS = ("first order", "further order", "duplicate", "order in step")


@dataclass(frozen=True, slots=True)
class Calls:
    """What one run of the flow asked of each system."""

    commercetools: int
    back_end: int
    tables: int


class TableCounter:
    """A request hook of the SDK. Counts what the Table service is asked; a transaction is one request."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, request: Any) -> None:
        """Count one."""
        del request
        self.count += 1


@dataclass
class Counters:
    """The three counters of one back-end's measurement."""

    tables: TableCounter = field(default_factory=TableCounter)
    back_end: Counter[str] = field(default_factory=Counter)
    shop: FakeCommercetools = field(default_factory=FakeCommercetools)

    async def count(self, request: httpx.Request) -> None:
        """Count a request to the back-end; an event hook of httpx."""
        self.back_end[f"{request.method} {request.url.path}"] += 1

    def read(self) -> Calls:
        """Read them all."""
        return Calls(len(self.shop.api_requests), self.back_end.total(), self.tables.count)


def measure(connection_string: str, name: str) -> dict[str, Calls]:
    """Export orders to one back-end; what each situation cost."""
    return asyncio.run(_measure(connection_string, name))


async def _measure(connection_string: str, name: str) -> dict[str, Calls]:
    under_test, counters = BACK_ENDS[name](), Counters()
    under_test.http.event_hooks["request"].append(counters.count)
    service = TableServiceClient.from_connection_string(
        connection_string, raw_request_hook=counters.tables, **CLIENT_OPTIONS
    )
    state = TablesState(service, prefix=f"c{list(BACK_ENDS).index(name)}")
    await state.ensure()
    road = Road(state, MemorySender(), ListTelemetry(), FailureMemory(state.failures))
    flow = _flow(under_test, counters.shop, state)
    counters.shop.put("customers", customer_document(SHOPPER))
    try:
        return {situation: await _run(road, flow, counters, situation) for situation in SITUATIONS}
    finally:
        await state.close()
        await under_test.http.aclose()


def _flow(under_test: BackEndUnderTest, shop: FakeCommercetools, state: TablesState) -> OrdersFlow:
    projects, connectors = {"shop": shop.client}, {"bc": under_test.connector}
    loader = OrderLoader(map_with(under_test.market), projects, connectors, state.id_map, state.snapshots)
    return OrdersFlow(loader, projects, connectors, state.id_map, state.snapshots, state.idempotency)


async def _run(road: Road, flow: Flow[Any, Any, Any], counters: Counters, situation: str) -> Calls:
    """Run one message and check that it did what the situation is named for."""
    number = "2" if situation == "further order" else "1"
    if situation in {"first order", "further order"}:
        order = order_document(f"SE-{number}", SHOPPER, store="se-b2c")
        counters.shop.put("orders", {**order, "id": f"order-{number}"})
    cause = "another cause" if situation == "order in step" else f"message-{number}"
    before = counters.read()
    outcome = await process(road, flow, _incoming(envelope(cause, entity=f"order-{number}")))
    _check(situation, outcome)
    after = counters.read()
    return Calls(
        after.commercetools - before.commercetools, after.back_end - before.back_end, after.tables - before.tables
    )


def _incoming(body: Envelope) -> Incoming:
    return Incoming("orders", body.model_dump_json(by_alias=True).encode(), "m-1", 1)


def _check(situation: str, outcome: Outcome) -> None:
    exported = situation in {"first order", "further order"}
    if isinstance(outcome, Done) != exported or (situation == "order in step" and not isinstance(outcome, NoChange)):
        raise AssertionError(f"{situation}: {outcome}")


def call_figures() -> Iterator[str]:
    """Measure every back-end."""
    yield "calls per order (customer created and caches empty / known customer and items / same event / in step):"
    with azurite.start() as running:
        for name in BACK_ENDS:
            found = measure(running.tables_connection_string, name)
            shop, end, tables = (_each(found, what) for what in ("commercetools", "back_end", "tables"))
            yield f"  {name}: back-end {end}; commercetools {shop}; table operations {tables}"


def _each(found: Mapping[str, Calls], what: str) -> str:
    return " / ".join(str(getattr(found[situation], what)) for situation in SITUATIONS)
