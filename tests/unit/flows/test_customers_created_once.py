"""Several orders of somebody new at the same moment: one customer results."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from shared.errors import NO_ROOM, OutcomeUnknown, Throttled
from shared.flows.one_at_a_time import one_at_a_time
from shared.flows.order_plan import LoadedOrder, OrderPlan
from shared.model.back_end import CustomerDraft, OrderRecord
from shared.pipeline.flow import Trail, Work
from tests.fakes.clock import START
from tests.fakes.documents import order_document
from tests.fakes.road import envelope
from tests.unit.flows.desk import Desk


@dataclass
class Counter:
    """A desk at which nobody has ordered before."""

    desk: Desk = field(default_factory=Desk)

    def __post_init__(self) -> None:
        self.desk.connector.customers.clear()

    async def planned(self, order: str, **changes: object) -> tuple[Work, OrderPlan]:
        """Bring an order as far as just before the write."""
        document = order_document(**changes) | {"id": order, "orderNumber": order.upper()}
        self.desk.commercetools.documents[f"orders/{order}"] = document
        work = Work(envelope(entity=order), True, START, Trail())
        loaded = await self.desk.flow.load(work)
        assert isinstance(loaded, LoadedOrder), loaded
        plan = self.desk.flow.plan(work, loaded)
        assert isinstance(plan, OrderPlan), plan
        return work, plan

    async def written(self, planned: tuple[Work, OrderPlan]) -> str:
        """Write; returns the number of the order's customer."""
        record = await self.desk.flow.write(*planned)
        assert isinstance(record, OrderRecord), record
        return self.desk.connector.sold_to[record.number][0]


async def test_two_first_orders_of_a_customer_at_once_create_one_customer() -> None:
    counter = Counter()
    both = [await counter.planned("order-1"), await counter.planned("order-2")]  # neither knows of the other
    assert [await counter.written(planned) for planned in both] == ["C00001", "C00001"]
    assert len(counter.desk.connector.customers) == 1


async def test_two_first_orders_of_a_guest_at_once_create_one_customer() -> None:
    counter = Counter()
    both = [await counter.planned(order, customerId=None) for order in ("order-1", "order-2")]
    assert [await counter.written(planned) for planned in both] == ["C00001", "C00001"]
    assert len(counter.desk.connector.customers) == 1


async def test_while_another_order_creates_the_customer_this_one_waits_and_spends_no_attempt() -> None:
    counter = Counter()
    work, plan = await counter.planned("order-1")
    draft = plan.loaded.references.sell_to
    assert isinstance(draft, CustomerDraft)
    key = f"customer:se:{draft.party.key}"
    async with one_at_a_time(counter.desk.state.idempotency, key):
        with pytest.raises(Throttled) as raised:
            await counter.desk.flow.write(work, plan)
    assert raised.value.code == NO_ROOM
    assert counter.desk.connector.customers == []
    assert await counter.written((work, plan)) == "C00001"


async def test_a_customer_whose_create_was_not_answered_is_found_by_the_next_order() -> None:
    counter = Counter()
    first, second = await counter.planned("order-1"), await counter.planned("order-2")
    counter.desk.connector.errors_after["create_customer"] = [OutcomeUnknown("fake", "POST customers", "504")]
    with pytest.raises(OutcomeUnknown):
        await counter.desk.flow.write(*first)
    assert await counter.written(second) == "C00001"
    assert len(counter.desk.connector.customers) == 1
