"""Two sides that people edit, and the real road between them: queue, claims, audit, pulls and sweeps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from local.dynamics.dataverse.environment import create_environment
from local.dynamics.odata.limits import Limits
from shared.market_options.customers import CustomerSync
from shared.market_options.trade import Ownership
from shared.markets import BackEndType
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CustomerState, Fields, same
from shared.pipeline.intake import accept_message
from shared.pipeline.notice_reading import Request, read_notices
from shared.pipeline.notices import accept_notices
from shared.pipeline.pulls import pull_all
from shared.pipeline.sweep import SWEPT_BUSINESS_UNITS, SWEPT_CUSTOMERS, sweep_projects
from shared.state.records import ReviewItem
from tests.contract.connectors import business_central_customers, dataverse_customers, finance_customers
from tests.contract.connectors.customer_harness import CustomersUnderTest
from tests.contract.connectors.dataverse_harness import PLENTY
from tests.contract.connectors.harness import TOKEN_KEY, TRACE
from tests.contract.customers.desk import SHOPPER, Desk, is_write
from tests.contract.customers.events import SECRET, TellingShop, body_of, headers_of
from tests.fakes.broker import Broker
from tests.fakes.clock import ManualClock
from tests.fakes.commercetools import Json
from tests.fakes.road import Bench

OVERLAP = timedelta(minutes=5)
TURNS = 10_000  # what is not at rest by then never will be
COMPANY_SHOPPER: Json = {
    **SHOPPER,
    "id": "customer-2",
    "email": "company@example.com",
    "companyName": "Example Trading",
    "vatId": "DE123456789",
}


def back_end_of(kind: BackEndType, clock: ManualClock) -> CustomersUnderTest:
    """One back-end whose simulator looks at this clock, where it looks at any."""
    match kind:
        case "business_central":
            under_test, environment = business_central_customers.customers_at(clock)
            environment.limiter.limits = Limits(requests=10_000_000)  # it counts by the wall clock
            return under_test
        case "dataverse":
            organisation = create_environment(TOKEN_KEY, limits=PLENTY, clock=clock)
            return dataverse_customers.customers_with(organisation)
        case "finance":
            return finance_customers.customers()


@dataclass
class World:
    """`pending` is what the sides have told and nobody has delivered yet; `edits` and `writes` are counted by side."""

    kind: BackEndType
    rules: Mapping[str, Any] = field(default_factory=lambda: {"owner": "commercetools"})
    sync: CustomerSync = field(default_factory=lambda: CustomerSync(create_in_back_end="always"))
    clock: ManualClock = field(default_factory=ManualClock)
    pending: list[Callable[[], Any]] = field(default_factory=list)
    writes: Counter[str] = field(default_factory=Counter)
    ambush: Callable[[], Any] | None = None

    def __post_init__(self) -> None:
        self.bench = Bench(clock=self.clock)
        self.shop = TellingShop(self.clock)
        self.under_test = back_end_of(self.kind, self.clock)
        ownership = {"customer": Ownership.model_validate(self.rules)}
        self.desk = Desk(
            self.under_test, sync=self.sync, changes={"ownership": ownership}, shop=self.shop, state=self.bench.state
        )
        self.read = self.under_test.sync.read_customer
        self.change = self.under_test.sync.change_customer
        create = self.under_test.sync.create_customer_of
        setattr(self.under_test.sync, "read_customer", self._read)  # noqa: B010 - mypy wants methods left alone
        setattr(self.under_test.sync, "change_customer", self._telling(self.change))  # noqa: B010
        setattr(self.under_test.sync, "create_customer_of", self._telling(create))  # noqa: B010
        self.market, self.markets = self.desk.market, self.desk.markets
        self.broker = Broker(self.bench, self.desk.flow, frozenset(), queue="customers", most_turns=TURNS)
        self._told = 0

    async def close(self) -> None:
        await self.under_test.back_end.http.aclose()
        await self.shop.http.aclose()

    async def begin(self) -> None:
        """Two customers, a person and a company, made in the shop and brought into step."""
        for document in (SHOPPER, COMPANY_SHOPPER):
            self.shop.put("customers", document)
            self.shop.edit(f"customers/{document['id']}", lambda _: None)
        await self.settle()
        self.writes.clear()
        self.shop.written = 0

    # What people do.

    def edit_shop(self, key: str, change: Callable[[Json], None]) -> None:
        self.shop.edit(f"customers/{key}", change)
        self._collect()

    async def edit_back_end(self, key: str, changes: Fields) -> None:
        """Change a customer as the back-end's own people would, by its own API and past the connector's road."""
        state = await self.state(key)
        await self.change(self.market, state, changes, TRACE)
        self.under_test.back_end.app.log.clear()
        self._tell(state.id)

    async def state(self, key: str) -> CustomerState:
        pair = await self.bench.state.id_map.by_commercetools_id(self.market.name, "customer", key)
        assert pair is not None
        return await self.read(self.market, pair.dynamics_id, TRACE)

    def fields(self, key: str) -> Fields:
        """The shop's values in the back-end's words."""
        shop = self.shop.documents[f"customers/{key}"]
        known = next(entity for entity in self.desk.flow.loader.entities.values() if entity.name == "customer")
        found = self.under_test.sync.shape_customer(known.fields(shop, self.market), self.market)
        assert not isinstance(found, MissingReference), found
        return found

    # What the machinery does.

    async def deliver(self, place: int, times: int = 1) -> None:
        """Deliver one notification, wherever it stands in the line, once or several times."""
        self._collect()
        if self.pending:
            notification = self.pending.pop(place % len(self.pending))
            for _ in range(times):
                await notification()
            self.broker.take_in()

    async def work(self, messages: int = 1) -> None:
        """Take messages from the queue down the road."""
        for _ in range(messages):
            if self.broker.waiting:
                await self.broker.step()
                self._count()

    async def pull(self) -> int:
        await pull_all(self.bench.road, self.markets, {"bc": self.under_test.back_end.connector}, "customers")
        return self.broker.take_in()

    async def sweep(self) -> int:
        kinds = (SWEPT_CUSTOMERS, SWEPT_BUSINESS_UNITS)
        await sweep_projects(self.bench.road, [self.shop.client], self.markets, OVERLAP, *kinds)
        return self.broker.take_in()

    async def settle(self) -> None:
        """Deliver and work off everything there is, and what comes of it."""
        self._collect()
        while self.pending or self.broker.waiting:
            await self.deliver(0)
            await self.work(1)

    async def questions(self) -> list[ReviewItem]:
        return [item async for item in self.bench.state.review.list_items()]

    async def check_rest(self) -> None:
        """A pull of everything and a sweep find nothing to write."""
        before = self.total_writes
        await self.bench.state.cursors.put(f"customers:bc:{self.market.company.casefold()}", "")
        await self.pull()
        await self.bench.state.cursors.put("customers:shop", "2026-11-24T00:00:00.000Z")
        await self.sweep()
        await self.settle()
        assert self.total_writes == before

    async def check_equal(self) -> None:
        for key in ("customer-1", "customer-2"):
            ours, theirs = self.fields(key), (await self.state(key)).fields
            differing = {
                name: (ours[name], theirs[name])
                for name in ours.keys() & theirs.keys()
                if not same(ours[name], theirs[name])
            }
            assert differing == {}

    def check_accounts(self) -> None:
        """Nothing is lost."""
        ends = Counter(self.broker.ends)
        passed_on = ends.pop("passed on", 0)
        assert ends.total() == self.broker.accepted
        assert ends.keys() <= {"done", "superseded", "in review"}
        assert passed_on == self.broker.taken - self.broker.accepted

    @property
    def total_writes(self) -> int:
        return self.shop.written + self.writes["requests"]

    def _collect(self) -> None:
        """Put the shop's notifications in line."""
        told, self.shop.told = self.shop.told, []
        self.pending += [self._shop_told(json.dumps(payload).encode()) for payload in told]

    def _shop_told(self, body: bytes) -> Callable[[], Any]:
        return lambda: accept_message(self.bench.road, self.markets.projects, body)

    def _tell(self, record_id: str) -> None:
        self._told += 1
        body = body_of(self.kind, record_id, self.clock(), self._told)
        self.clock.advance(timedelta(milliseconds=1))  # no two changes have the same stamp
        self.pending.append(lambda: self._hear(body))

    async def _hear(self, body: bytes) -> None:
        read = read_notices(self.kind, Request(body, headers_of(self.kind), SECRET))
        assert (read.refused, read.pulled, len(read.notices)) == ((), 0, 1)
        assert await accept_notices(self.bench.road, self.markets, "bc", read.notices, "webhook") == 1

    def _telling(self, write: Callable[..., Any]) -> Callable[..., Any]:
        """Every write of the connector raises the back-end's own notification."""

        async def call(*arguments: Any) -> Any:
            state = await write(*arguments)
            self.writes["back-end"] += 1
            self._tell(state.id)
            return state

        return call

    async def _read(self, *arguments: Any) -> Any:
        """Somebody may be faster: what waits in ambush happens right behind the reading."""
        state = await self.read(*arguments)
        if self.ambush is not None:
            ambush, self.ambush = self.ambush, None
            await ambush()
        return state

    def _count(self) -> None:
        log = self.under_test.back_end.app.log
        wrote = sum(1 for request in log if is_write(request) and (request["status"] or 500) < 300)
        log.clear()
        self.writes["requests"] += wrote
        self._collect()
