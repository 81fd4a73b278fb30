"""The customers flow between a commercetools project in memory and a strict simulator of each back-end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.flows.customer_entities import ENTITIES
from shared.flows.customer_loading import CustomerLoader
from shared.flows.customer_writing import Stores
from shared.flows.customers import CustomersFlow
from shared.flows.erasure import Eraser
from shared.market_options.customers import CustomerSync
from shared.market_options.trade import Ownership
from shared.markets import Market, MarketMap
from shared.model.customer_fields import CustomerState
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.flow import Flow, Trail, Work, travel
from shared.pipeline.notices import DYNAMICS_PREFIX
from shared.pipeline.outcome import Done, NeedsReview, NoChange, Outcome
from shared.state.memory import MemoryState
from shared.state.records import Question
from tests.contract.connectors.customer_harness import CustomersUnderTest
from tests.contract.connectors.harness import TRACE
from tests.fakes.commercetools import FakeCommercetools, Json
from tests.fakes.markets import market_map

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BERLIN = {"id": "a-1", "streetName": "Example Street", "streetNumber": "1", "postalCode": "10115", "city": "Berlin"}
SHOPPER: Json = {
    "id": "customer-1",
    "version": 1,
    "createdAt": "2026-11-24T10:00:00.000Z",
    "lastModifiedAt": "2026-11-24T10:00:00.000Z",
    "email": "person@example.com",
    "firstName": "Example",
    "lastName": "Customer",
    "addresses": [{**BERLIN, "country": "DE", "phone": "+49 30 5550100"}],
    "defaultBillingAddressId": "a-1",
    "stores": [],
}


@dataclass
class Desk:
    """One shop, one back-end, and what the connector remembers. `edit` and `by_hand` are what people do."""

    under_test: CustomersUnderTest
    owner: str = "commercetools"
    sync: CustomerSync = field(default_factory=lambda: CustomerSync(create_in_back_end="always"))
    changes: dict[str, Any] = field(default_factory=dict)
    shop: FakeCommercetools = field(default_factory=FakeCommercetools)
    state: MemoryState = field(default_factory=MemoryState)
    trail: Trail = field(default_factory=Trail)
    now: datetime = NOW

    @property
    def market(self) -> Market:
        market = self.under_test.back_end.market
        return market.model_copy(
            update={
                "project": "shop",
                "stores": frozenset(),
                "countries": frozenset(),
                "customers": market.customers.model_copy(update={"sync": self._sync(market)}),
                "ownership": {"customer": Ownership.model_validate({"owner": self.owner})},
                "modes": {"customers": "on"},
                **self.changes,
            }
        )

    def _sync(self, market: Market) -> CustomerSync:
        return self.sync.model_copy(update={"groups": market.customers.sync.groups})

    @property
    def markets(self) -> MarketMap:
        whole = market_map()
        back_end = whole.back_ends["bc"].model_copy(update={})
        return whole.model_copy(update={"markets": (self.market,), "back_ends": {self.market.back_end: back_end}})

    @property
    def flow(self) -> CustomersFlow:
        connectors = {self.market.back_end: self.under_test.back_end.connector}
        projects = {"shop": self.shop.client}
        loader = CustomerLoader(self.markets, projects, connectors, self.state.id_map, self.state.snapshots, ENTITIES)
        stores = Stores(self.state.id_map, self.state.snapshots, self.state.idempotency)
        return CustomersFlow(loader, stores, Eraser(self.state, projects))

    def put(self, **changes: Any) -> None:
        self.shop.put("customers", {**SHOPPER, **changes})

    def edit(self, **changes: Any) -> None:
        """Change commercetools' customer as the Merchant Center would."""
        self.now += timedelta(minutes=1)
        document = self.customer
        moment = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.shop.put(
            "customers", {**document, **changes, "version": document["version"] + 1, "lastModifiedAt": moment}
        )

    @property
    def customer(self) -> Json:
        return self.shop.documents["customers/customer-1"]

    async def number(self) -> str:
        pair = await self.state.id_map.by_commercetools_id(self.market.name, "customer", "customer-1")
        assert pair is not None
        return pair.dynamics_id

    async def in_back_end(self) -> CustomerState:
        return await self.under_test.sync.read_customer(self.market, await self.number(), TRACE)

    async def from_shop(self, entity: str = "customer", key: str = "customer-1", **cause: Any) -> Outcome:
        return await self._run(entity, key, **cause)

    async def from_back_end(self, record_id: str) -> Outcome:
        return await self._run("customer", f"{DYNAMICS_PREFIX}{record_id}", source="webhook")

    async def _run(self, entity: str, key: str, source: str = "commercetools", **cause: Any) -> Outcome:
        self.trail = Trail()
        envelope = Envelope(
            flow="customers",
            project="shop",
            entity_type=entity,
            entity_id=key,
            market=self.market.name,
            cause=Cause(source=source, type="Changed", id="1", **cause),
            correlation_id=TRACE,
            accepted_at=self.now,
        )
        flow: Flow[Any, Any, Any] = self.flow
        return await travel(flow, Work(envelope, True, self.now, self.trail))

    async def done(self) -> Done:
        outcome = await self.from_shop()
        assert isinstance(outcome, Done), outcome
        return outcome

    async def at_rest(self) -> None:
        """Nothing happens, however often either side is looked at."""
        for _ in range(2):
            writes = len(self.writes)
            for outcome in (await self.from_shop(), await self.from_back_end(await self.number())):
                assert isinstance(outcome, NoChange), outcome
            assert len(self.writes) == writes

    async def question(self) -> Question:
        outcome = await self.from_shop()
        assert isinstance(outcome, NeedsReview), outcome
        return outcome.question

    @property
    def writes(self) -> list[Any]:
        """Every write to either side."""
        return [*self.shop.updates, *self.shop.drafts, *filter(is_write, self.under_test.back_end.app.log)]

    def with_rules(self, **rules: Any) -> Desk:
        return replace(self, sync=self.sync.model_copy(update=rules))


def is_write(request: Any) -> bool:
    """A batch is a write when any of its parts is."""
    if request["path"].endswith("$batch"):
        return any(f"\n{method} " in str(request["body"]).replace("\r", "") for method in ("POST", "PATCH", "DELETE"))
    return request["method"] in ("POST", "PATCH", "PUT", "DELETE")
