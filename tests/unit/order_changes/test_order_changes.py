"""Changes after the export: written while the order is open, asked about once it moves, refused when it is posted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from shared.errors import OutcomeUnknown
from shared.flows.order_change_policy import ORDER_CHANGES, decide
from shared.market_options.business_central import BusinessCentralOptions
from shared.markets import BackEndType
from shared.pipeline.outcome import DeadLetter, NoChange
from shared.pipeline.routing import flow_of
from shared.state.records import Snapshot
from tests.fakes.connector import with_gross_off_by
from tests.fakes.documents import ADDRESS, krona, line_document, taxed
from tests.fakes.markets import map_with, market
from tests.unit.flows.desk import Desk
from tests.unit.order_changes.changing import ChangingConnector

MOVED = {**ADDRESS, "city": "Another Town"}
THREE_SHIRTS = {
    "lineItems": [line_document(quantity=3)],
    "totalPrice": krona(35_000),
    "taxedPrice": taxed(28_000, 35_000),
}


@dataclass
class ChangeDesk(Desk):
    connector: ChangingConnector = field(default_factory=ChangingConnector)

    async def exported(self) -> ChangeDesk:
        await self.done()
        self.connector.calls.clear()
        return self

    async def snapshot(self) -> Snapshot:
        found = await self.state.snapshots.get("se", "order", "order-1")
        assert found is not None
        return found


@pytest.fixture
async def desk() -> ChangeDesk:
    return await ChangeDesk().exported()


@pytest.mark.parametrize(
    "message", ["OrderEditApplied", "OrderShippingAddressSet", "OrderBillingAddressSet", "OrderPurchaseOrderNumberSet"]
)
def test_messages_of_changes_are_work_of_the_orders_flow(message: str) -> None:
    assert flow_of("order", message) == "orders"


async def test_a_new_address_of_an_open_order_is_written_as_the_only_difference(desk: ChangeDesk) -> None:
    desk.place(version=9, shippingAddress=MOVED)
    await desk.done(fresh=False)
    (note,) = [note for note in desk.trail.notes if note.step == "sales order changed"]
    assert note.before == {"shipToCity": {"shipToCity": "Example Town"}}
    assert note.after == {"shipToCity": {"shipToCity": "Another Town"}}
    assert len(desk.records) == 1


async def test_an_edited_quantity_is_written_and_the_totals_are_compared_again(desk: ChangeDesk) -> None:
    desk.place(version=9, **THREE_SHIRTS)
    await desk.done(fresh=False)
    assert "totals compared" in desk.steps
    assert str(desk.records[0].totals.gross) == "350.00 SEK"


async def test_the_snapshot_moves_on_so_that_the_same_change_is_no_work_again(desk: ChangeDesk) -> None:
    desk.place(version=9, shippingAddress=MOVED)
    await desk.done(fresh=False)
    assert (await desk.snapshot()).commercetools_version == 9
    desk.connector.calls.clear()
    assert isinstance(await desk.run(fresh=False), NoChange)
    assert desk.connector.calls == []


async def test_a_change_that_the_back_end_does_not_hold_writes_nothing_and_moves_the_snapshot_on(
    desk: ChangeDesk,
) -> None:
    desk.markets = map_with(market(business_central=BusinessCentralOptions(purchase_order_number="none")))
    desk.place(version=9, purchaseOrderNumber="PO-1")
    outcome = await desk.run(fresh=False)
    assert isinstance(outcome, NoChange)
    assert {"purchaseOrderNumber": "PO-1"} in [note.before for note in desk.trail.notes]
    assert "S-ORD1" in outcome.why
    assert "change_order" not in desk.connector.calls
    assert (await desk.snapshot()).commercetools_version == 9


async def test_a_lost_answer_is_followed_by_a_comparison_that_finds_nothing_to_do(desk: ChangeDesk) -> None:
    desk.place(version=9, shippingAddress=MOVED)
    desk.connector.lose("change_order", OutcomeUnknown("fake", "PATCH", "the answer was lost"))
    with pytest.raises(OutcomeUnknown):
        await desk.run(fresh=False)
    desk.connector.calls.clear()
    assert isinstance(await desk.run(fresh=False), NoChange)
    assert "change_order" not in desk.connector.calls


@pytest.mark.parametrize("state", ["Open", "Shipped", "In_x0020_Review", "a state that nobody named"])
async def test_a_change_of_an_order_that_is_worked_on_is_a_question_that_names_it(desk: ChangeDesk, state: str) -> None:
    desk.connector.state = state
    desk.place(version=9, shippingAddress=MOVED)
    question = await desk.question(fresh=False)
    assert question.kind == "order_changed"
    assert question.dynamics == {"number": "S-ORD1", "state": state, "changes": ["shipToCity"]}
    assert "change_order" not in desk.connector.calls
    assert (await desk.snapshot()).commercetools_version == 1


async def test_a_change_that_a_person_carried_over_by_hand_settles_the_question(desk: ChangeDesk) -> None:
    desk.connector.state = "Open"
    desk.place(version=9, shippingAddress=MOVED)
    await desk.question(fresh=False)
    (payload,) = desk.connector.payloads.values()
    payload["shipToCity"] = "Another Town"
    assert isinstance(await desk.run(fresh=False), NoChange)
    assert (await desk.snapshot()).commercetools_version == 9


@pytest.mark.parametrize("state", ["Invoiced", "Gone"])
async def test_a_change_of_a_posted_order_is_refused_with_the_reason(desk: ChangeDesk, state: str) -> None:
    desk.connector.state = state
    if state == "Gone":
        desk.connector.orders.clear()
    desk.place(version=9, **THREE_SHIRTS)
    outcome = await desk.run(fresh=False)
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason == "OrderChangeRefused"
    assert f"S-ORD1 is {state}" in outcome.detail
    assert "credit memo" in outcome.detail
    assert "change_order" not in desk.connector.calls


async def test_lines_that_somebody_added_in_the_back_end_are_never_overwritten(desk: ChangeDesk) -> None:
    desk.connector.extra_lines = 1
    desk.place(version=9, **THREE_SHIRTS)
    question = await desk.question(fresh=False)
    assert "edited its lines: 3 are there" in question.text
    assert "change_order" not in desk.connector.calls


async def test_totals_that_differ_after_the_change_are_a_question_and_the_order_stays(desk: ChangeDesk) -> None:
    desk.connector.sums = with_gross_off_by(100)
    desk.place(version=9, **THREE_SHIRTS)
    question = await desk.question(fresh=False)
    assert question.kind == "totals"
    assert len(desk.records) == 1
    assert (await desk.question(fresh=False)).kind == "totals"


async def test_a_gap_after_the_change_is_closed_by_a_rounding_line(desk: ChangeDesk) -> None:
    desk.connector.sums = with_gross_off_by(2)
    desk.place(version=9, **THREE_SHIRTS)
    await desk.done(fresh=False)
    assert "rounding line added" in desk.steps


async def test_a_new_payer_is_created_and_named_in_the_change(desk: ChangeDesk) -> None:
    payer = {**ADDRESS, "company": "Example Company", "email": "bills@example.com"}
    desk.commercetools.documents["customers/customer-1"]["companyName"] = "Other Company"
    desk.place(version=9, billingAddress=payer)
    await desk.done(fresh=False)
    assert "customer created" in desk.steps
    assert desk.connector.payers == [desk.connector.customers[-1].number]


def test_every_back_end_has_a_row_for_open_moving_and_posted_orders() -> None:
    back_ends: tuple[BackEndType, ...] = ("business_central", "dataverse", "finance")
    for back_end in back_ends:
        assert set(ORDER_CHANGES[back_end].values()) == {"apply", "review", "refuse"}
        assert decide(back_end, "a state that nobody named") == "review"


async def test_lines_between_old_and_new_are_completed_after_a_run_that_stopped_half_way(desk: ChangeDesk) -> None:
    desk.place(version=9, **THREE_SHIRTS)
    desk.connector.errors["change_order"] = [OutcomeUnknown("fake", "PATCH", "the answer was lost")]
    with pytest.raises(OutcomeUnknown):
        await desk.run(fresh=False)
    desk.connector.extra_lines = 1
    await desk.done(fresh=False)
    desk.place(version=10, shippingAddress=MOVED)
    assert "edited its lines" in (await desk.question(fresh=False)).text
