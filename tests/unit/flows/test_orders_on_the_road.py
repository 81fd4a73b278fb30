"""Orders through the whole road: whatever breaks and wherever, exactly one sales order results."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import OutcomeUnknown, ServiceError, Transient
from shared.state.records import IdPair
from tests.fakes.broker import Broker
from tests.fakes.road import Bench, envelope
from tests.fakes.unhurried import unhurried
from tests.unit.flows.desk import Desk

SERVICE = "Business Central"
METHODS = [
    "find_orders",
    "create_order",
    "read_order",
    "find_customers",
    "create_customer",
    "find_items",
    "find_location",
]
WRITES = ["create_order", "create_customer"]
STORE_CALLS = [
    "idempotency.claim",
    "idempotency.complete",
    "idempotency.release",
    "idempotency.mark_unknown",
    "id_map.put",
    "id_map.by_commercetools_id",
    "snapshots.get",
    "snapshots.put",
    "audit.append",
]


@dataclass
class Trip:
    """The desk and the road on one state; attempts are plenty, as faults use them up."""

    bench: Bench = field(default_factory=Bench)
    crashes: frozenset[int] = frozenset()
    desk: Desk = field(init=False)
    broker: Broker = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(state=self.bench.state)
        self.desk.connector.customers.clear()
        self.broker = Broker(self.bench, self.desk.flow, self.crashes)

    async def run(self, *causes: str) -> None:
        for cause in causes or ("message-1",):
            self.broker.accept(envelope(cause))
        await self.broker.run()


async def test_the_same_event_five_times_makes_one_sales_order() -> None:
    trip = Trip()
    await trip.run(*["message-1"] * 5)
    assert len(trip.desk.records) == 1
    assert trip.broker.ends == {"done": 1, "superseded": 4}


async def test_an_event_and_the_sweep_for_one_order_make_one_sales_order() -> None:
    trip = Trip()
    await trip.run("message-1", "order-1/1")
    assert len(trip.desk.records) == 1
    assert trip.broker.ends == {"done": 2}
    assert await trip.bench.outcomes() == ["Done", "NoChange"]


async def test_an_unknown_sku_waits_for_a_person_and_is_done_once_it_is_mapped_and_resubmitted() -> None:
    trip = Trip()
    trip.desk.connector.items.clear()
    await trip.run()
    (item,) = [item async for item in trip.bench.state.review.list_items()]
    assert trip.broker.ends == {"in review": 1}
    assert [one.entity_id for one in item.waiting] == ["order-1"]
    trip.desk.connector.add_item("SHIRT-NEW")
    await trip.bench.state.id_map.put(IdPair("se", "item", "SHIRT", "item-SHIRT-NEW", "SHIRT-NEW"))
    await trip.run()
    assert trip.broker.ends == {"in review": 1, "done": 1}
    assert await trip.bench.outcomes() == ["DeadLetter", "Done"]


async def test_the_audit_tells_what_happened_to_an_order_step_by_step() -> None:
    trip = Trip()
    await trip.run()
    steps = [entry.step for entry in await trip.bench.audit()]
    assert steps == ["customer created", "sales order created", "totals compared", "written back", "outcome"]
    by_number = [entry.entity_id async for entry in trip.bench.state.audit.by_document_number("S-ORD1")]
    assert set(by_number) == {"order-1"}


async def test_a_worker_that_dies_after_the_create_leaves_one_sales_order() -> None:
    trip = Trip(crashes=frozenset({1}))
    await trip.run()
    assert len(trip.desk.records) == 1
    assert trip.broker.ends == {"superseded": 1}


faults = st.lists(
    st.one_of(
        st.tuples(st.just("before"), st.sampled_from(METHODS)),
        st.tuples(st.just("after"), st.sampled_from(WRITES)),
        st.tuples(st.just("store"), st.sampled_from(STORE_CALLS)),
    ),
    max_size=3,
)


@unhurried
@given(faults, st.frozensets(st.integers(1, 6), max_size=2), st.integers(1, 3))
async def test_whatever_breaks_three_times_one_sales_order_and_one_customer_result(
    broken: list[tuple[str, str]], crashes: frozenset[int], copies: int
) -> None:
    trip = Trip(crashes=crashes)
    for where, call in broken:
        _break(trip, where, call)
    await trip.run(*["message-1"] * copies)
    connector = trip.desk.connector
    assert len(trip.desk.records) == 1
    assert len(connector.customers) == 1
    assert connector.sold_to["S-ORD1"][0] == connector.customers[0].number
    assert [mark["externalId"] for mark in trip.desk.written_back["syncInfo"]] == ["S-ORD1"]
    assert not trip.broker.ends["dead-lettered"]
    assert not trip.broker.ends["in review"]


def _break(trip: Trip, where: str, call: str) -> None:
    if where == "store":
        trip.bench.state.break_down(call, times=1)
        return
    kind = OutcomeUnknown if call in WRITES else Transient
    errors: dict[str, list[ServiceError]] = {
        "before": trip.desk.connector.errors,
        "after": trip.desk.connector.errors_after,
    }[where]
    errors.setdefault(call, []).append(kind(SERVICE, call, "broken"))
