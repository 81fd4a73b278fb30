"""Orders, from one side to the other: look up, create, verify, write back."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from shared.errors import Conflict, NotFound, OutcomeUnknown, Permanent, Transient
from shared.markets import Market, TotalsRules
from shared.model.back_end import OrderDraft, OrderRecord
from shared.pipeline.flow import Work
from shared.pipeline.outcome import Done, NoChange
from shared.state.records import IdPair
from tests.fakes.clock import START
from tests.fakes.connector import FakeConnector, Sums, amount, customer, with_gross_off_by
from tests.fakes.documents import ADDRESS, order_document, sample
from tests.fakes.markets import map_with, market
from tests.fakes.road import envelope
from tests.unit.flows.desk import Desk

MARK = {"channel": {"typeId": "channel", "id": "other"}, "externalId": "OLD-1", "syncedAt": "2026-11-20T08:16:00.000Z"}


async def test_a_fresh_order_is_created_without_looking_up_first() -> None:
    desk = Desk()
    outcome = await desk.done()
    assert outcome == Done("sales order S-ORD1", {"number": "S-ORD1", "id": "id-S-ORD1"})
    assert "find_orders" not in desk.connector.calls
    assert desk.connector.sold_to == {"S-ORD1": ("C-1", None)}


async def test_a_run_that_is_not_the_first_looks_up_before_it_creates() -> None:
    desk = Desk()
    await desk.done(fresh=False)
    calls = desk.connector.calls
    assert calls.index("find_orders") < calls.index("create_order")


async def test_an_order_that_carries_a_sync_mark_is_looked_up_even_on_the_first_run() -> None:
    desk = Desk()
    desk.place(syncInfo=[MARK])
    await desk.done()
    assert desk.connector.calls.count("find_orders") == 1


async def test_after_a_create_whose_answer_was_lost_the_order_is_found_and_not_created_again() -> None:
    desk = Desk()
    desk.connector.errors_after["create_order"] = [OutcomeUnknown("Business Central", "POST salesOrders", "504")]
    with pytest.raises(OutcomeUnknown):
        await desk.run()
    outcome = await desk.done(fresh=False)
    assert outcome.result["number"] == "S-ORD1"
    assert desk.connector.calls.count("create_order") == 1
    assert "sales order found" in desk.steps


async def test_an_order_that_an_earlier_run_left_half_written_is_completed_before_its_totals_are_judged() -> None:
    desk = Desk()
    desk.connector.errors_after["create_order"] = [OutcomeUnknown("Dataverse", "POST salesorders", "504")]
    with pytest.raises(OutcomeUnknown):
        await desk.run()
    (record,) = desk.records
    desk.connector.orders[record.id] = replace(record, lines=record.lines[:1])
    await desk.done(fresh=False)
    assert desk.records[0].lines == record.lines


async def test_a_create_that_never_arrived_is_repeated() -> None:
    desk = Desk()
    desk.connector.errors["create_order"] = [OutcomeUnknown("Business Central", "POST salesOrders", "timeout")]
    with pytest.raises(OutcomeUnknown):
        await desk.run()
    await desk.done(fresh=False)
    assert len(desk.records) == 1


async def test_two_orders_of_one_reference_are_a_question_that_names_both_and_nothing_is_written() -> None:
    desk = Desk()
    await desk.done()
    (first,) = desk.records
    desk.connector.orders["id-2"] = replace(first, id="id-2", number="S-ORD9")
    desk.state = type(desk.state)()
    question = await desk.question(fresh=False)
    assert (question.kind, question.key) == ("order_reference", "SE-1001")
    assert set(question.dynamics) == {"S-ORD1", "S-ORD9"}
    assert desk.connector.calls.count("create_order") == 1


async def test_the_same_order_again_is_no_change_and_asks_the_back_end_nothing() -> None:
    desk = Desk()
    await desk.done()
    desk.connector.calls.clear()
    outcome = await desk.run(fresh=False)
    assert outcome == NoChange("already in the back-end as S-ORD1")
    assert desk.connector.calls == []


async def test_a_new_version_with_other_states_only_is_no_change() -> None:
    desk = Desk()
    await desk.done()
    desk.place(version=9, orderState="Complete", paymentState="Paid", shipmentState="Shipped")
    assert isinstance(await desk.run(fresh=False), NoChange)


async def test_an_order_that_changed_after_its_export_is_a_question() -> None:
    desk = Desk()
    await desk.done()
    desk.place(version=9, shippingAddress={**ADDRESS, "city": "Another Town"})
    question = await desk.question(fresh=False)
    assert question.kind == "order_changed"
    assert "S-ORD1" in question.text
    assert question.key.startswith("order-1/")


async def test_each_further_change_is_a_question_of_its_own() -> None:
    desk = Desk()
    await desk.done()
    keys = set()
    for city in ("Another Town", "Third Town"):
        desk.place(shippingAddress={**ADDRESS, "city": city})
        keys.add((await desk.question(fresh=False)).key)
    assert len(keys) == 2


async def test_a_run_that_died_before_its_snapshot_verifies_the_known_order_and_finishes() -> None:
    desk = Desk()
    await desk.done()
    pair = await desk.state.id_map.by_commercetools_id("se", "order", "order-1")
    desk.state = type(desk.state)()
    assert pair is not None
    await desk.state.id_map.put(pair)
    desk.connector.calls.clear()
    await desk.done(fresh=False)
    assert "read_order" in desk.connector.calls
    assert "create_order" not in desk.connector.calls
    assert await desk.state.snapshots.get("se", "order", "order-1") is not None


async def test_the_id_map_and_the_snapshot_are_kept_in_the_market() -> None:
    desk = Desk()
    await desk.done()
    pair = await desk.state.id_map.by_dynamics_id("se", "order", "id-S-ORD1")
    snapshot = await desk.state.snapshots.get("se", "order", "order-1")
    assert pair == IdPair("se", "order", "order-1", "id-S-ORD1", "S-ORD1")
    assert snapshot is not None
    assert (snapshot.commercetools_version, snapshot.data["gross"]) == (1, "250.00 SEK")


async def test_totals_that_agree_are_audited() -> None:
    desk = Desk()
    await desk.done()
    compared = next(note for note in desk.trail.notes if note.step == "totals compared")
    assert compared.why == "net, tax and gross agree"
    assert compared.after == {"number": "S-ORD1", "net": "200.00 SEK", "tax": "50.00 SEK", "gross": "250.00 SEK"}


@pytest.mark.parametrize("gap", [-5, -1, 1, 5])
async def test_a_gap_within_the_bound_is_closed_by_one_rounding_line(gap: int) -> None:
    desk = Desk()
    desk.connector.sums = with_gross_off_by(gap)
    await desk.done()
    (record,) = desk.records
    assert str(record.totals.gross) == "250.00 SEK"
    assert desk.connector.calls.count("add_rounding_line") == 1
    assert "rounding line added" in desk.steps


async def test_a_rounding_line_whose_answer_was_lost_is_not_added_twice() -> None:
    class DeepInsert(FakeConnector):
        async def repair_order(
            self, market: Market, record: OrderRecord, draft: OrderDraft, correlation_id: str
        ) -> OrderRecord:
            return record

    desk = Desk(connector=DeepInsert(sums=with_gross_off_by(3)))
    desk.connector.errors_after["add_rounding_line"] = [OutcomeUnknown("Business Central", "POST lines", "504")]
    with pytest.raises(OutcomeUnknown):
        await desk.run()
    await desk.done(fresh=False)
    assert desk.connector.calls.count("add_rounding_line") == 1


async def test_a_gap_beyond_the_bound_leaves_nothing_behind_and_the_question_names_the_component() -> None:
    desk = Desk()
    desk.connector.sums = with_gross_off_by(6)
    question = await desk.question()
    assert desk.records == []
    assert (question.kind, question.key) == ("totals", "order-1")
    assert "item SHIRT: net 160.00 SEK here, 160.06 SEK there" in question.text
    assert "shipping" not in question.text
    assert "sales order removed" in desk.steps
    assert await desk.state.id_map.by_commercetools_id("se", "order", "order-1") is None
    assert desk.commercetools.updates == []


async def test_a_rounding_line_that_does_not_close_the_gap_leaves_nothing_behind_either() -> None:
    desk = Desk()
    desk.connector.sums = with_gross_off_by(3)
    desk.connector.rounding_works = False
    question = await desk.question()
    assert desk.records == []
    assert "did not close the gap" in question.text


async def test_an_order_that_somebody_has_worked_on_is_not_removed() -> None:
    desk = Desk()
    desk.connector.sums = with_gross_off_by(600)
    desk.connector.untouched = False
    question = await desk.question()
    assert question.kind == "totals"
    assert len(desk.records) == 1
    assert "delete_order" not in desk.connector.calls


async def test_an_order_that_an_earlier_run_confirmed_is_not_removed_when_its_totals_changed() -> None:
    desk = Desk()
    await desk.done()
    (record,) = desk.records
    pair = IdPair("se", "order", "order-1", record.id, record.number)
    desk.connector.orders[record.id] = _ten_more(record)
    desk.state = type(desk.state)()
    await desk.state.id_map.put(pair)
    assert (await desk.question(fresh=False)).kind == "totals"
    assert len(desk.records) == 1


def _ten_more(record: OrderRecord) -> OrderRecord:
    gross, net = record.totals.gross, record.totals.net
    return replace(record, totals=record.totals.model_copy(update={"gross": gross + gross, "net": net + gross}))


async def test_the_number_goes_back_as_sync_mark_and_custom_field() -> None:
    desk = Desk()
    await desk.done()
    (actions,) = desk.commercetools.updates
    assert actions == [
        {
            "action": "updateSyncInfo",
            "channel": {"typeId": "channel", "key": "dynamics"},
            "externalId": "S-ORD1",
            "syncedAt": "2026-11-24T12:00:00.000Z",
        },
        {
            "action": "setCustomType",
            "type": {"typeId": "type", "key": "order-export"},
            "fields": {"erpOrderNo": "S-ORD1"},
        },
    ]


async def test_a_write_back_that_failed_is_made_up_for_by_the_next_run() -> None:
    desk = Desk()
    desk.commercetools.refused = {"updateSyncInfo": "InvalidInput"}
    with pytest.raises(Permanent):
        await desk.run()
    desk.commercetools.refused = {}
    await desk.done(fresh=False)
    assert desk.written_back["syncInfo"][0]["externalId"] == "S-ORD1"
    assert desk.connector.calls.count("create_order") == 1


@pytest.mark.parametrize("times", [1, 2])
async def test_a_write_back_that_meets_a_newer_version_reads_again(times: int) -> None:
    desk = Desk()
    desk.commercetools.changed_by_others = times
    await desk.done()
    assert len(desk.commercetools.updates) == times + 1
    assert len(desk.written_back["syncInfo"]) == 1


async def test_a_write_back_gives_up_after_three_newer_versions_and_is_tried_again_later() -> None:
    desk = Desk()
    desk.commercetools.changed_by_others = 99
    with pytest.raises(Conflict):
        await desk.run()
    assert len(desk.commercetools.updates) == 3


async def test_a_custom_field_that_the_order_cannot_have_is_left_out_and_the_mark_is_set() -> None:
    desk = Desk()
    desk.place(custom={"type": {"typeId": "type", "id": "another-type"}, "fields": {"gift": True}})
    desk.commercetools.refused = {"setCustomField": "InvalidOperation"}
    await desk.done()
    assert desk.written_back["syncInfo"][0]["externalId"] == "S-ORD1"
    assert desk.written_back["custom"]["fields"] == {"gift": True}
    assert "custom field refused" in desk.steps


async def test_a_market_without_write_back_leaves_commercetools_alone() -> None:
    desk = Desk(markets=map_with(market(write_back=None)))
    await desk.done()
    assert desk.commercetools.updates == []


async def test_an_order_that_is_gone_is_superseded() -> None:
    desk = Desk()
    desk.commercetools.documents.clear()
    outcome = await desk.run()
    assert type(outcome).__name__ == "Superseded"


async def test_an_unreachable_commercetools_is_no_reason_to_think_the_order_gone() -> None:
    desk = Desk()
    desk.commercetools.failures = [httpx.Response(503)]
    with pytest.raises(Transient):
        await desk.run()


async def test_an_order_that_no_market_serves_is_a_question() -> None:
    desk = Desk()
    desk.place(store={"typeId": "store", "key": "no-b2c"}, country="NO")
    question = await desk.question()
    assert (question.scope, question.kind, question.key) == ("shop", "market", "no-b2c")
    assert "country NO" in question.text


async def test_an_order_of_a_market_whose_flow_is_off_is_no_change() -> None:
    desk = Desk()
    desk.place(store=None, country="DE")
    assert await desk.run() == NoChange("the orders flow is off in market eu")
    assert desk.connector.calls == []


async def test_shadow_mode_creates_neither_customer_nor_order_and_shows_both() -> None:
    desk = Desk(markets=map_with(market(modes={"orders": "shadow"})))
    desk.connector.customers.clear()
    await desk.done()
    shadow = next(note for note in desk.trail.notes if note.step == "shadow")
    assert shadow.after["sell_to"] == {
        "to be created": {"type": "Person", "displayName": "Example Customer", "email": "customer@example.com"}
        | {"addressLine1": "Example Street 1", "city": "Example Town", "postalCode": "11122", "country": "SE"}
    }
    assert shadow.after["externalDocumentNumber"] == "SE-1001"
    assert not {"create_customer", "create_order"} & set(desk.connector.calls)
    assert desk.commercetools.updates == []


async def test_an_unknown_customer_is_created_once_and_remembered() -> None:
    desk = Desk()
    desk.connector.customers.clear()
    await desk.done()
    pair = await desk.state.id_map.by_commercetools_id("se", "customer", "customer-1")
    assert pair is not None
    assert pair.dynamics_number == "C00001"
    assert desk.connector.sold_to["S-ORD1"] == ("C00001", None)


async def test_a_customer_created_by_a_run_that_died_is_found_by_the_next() -> None:
    desk = Desk()
    desk.connector.customers.clear()
    desk.connector.errors["create_order"] = [Transient("Business Central", "POST salesOrders", "503")]
    with pytest.raises(Transient):
        await desk.run()
    await desk.done(fresh=False)
    assert desk.connector.calls.count("create_customer") == 1


async def test_a_guest_is_created_but_not_remembered() -> None:
    desk = Desk()
    desk.place(customerId=None)
    desk.connector.customers.clear()
    await desk.done()
    assert desk.connector.sold_to["S-ORD1"] == ("C00001", None)
    assert await desk.state.id_map.by_dynamics_id("se", "customer", "id-C00001") is None


async def test_a_customer_who_belongs_to_another_commercetools_customer_is_a_question() -> None:
    desk = Desk()
    await desk.state.id_map.put(IdPair("se", "customer", "customer-2", "id-C-1", "C-1"))
    question = await desk.question()
    assert (question.kind, question.key) == ("customer", "customer-1")
    assert desk.records == []


async def test_two_customers_of_one_e_mail_stop_the_order() -> None:
    desk = Desk()
    desk.connector.customers.append(customer("C-2", "customer@example.com"))
    question = await desk.question()
    assert set(question.dynamics) == {"C-1", "C-2"}
    assert desk.records == []


async def test_a_bill_that_another_company_pays_goes_to_a_customer_of_its_own() -> None:
    desk = Desk()
    desk.place(billingAddress={**ADDRESS, "company": "Paying Ltd", "email": "accounts@example.com"})
    desk.commercetools.documents["customers/customer-1"]["companyName"] = "Ordering Ltd"
    await desk.done()
    assert desk.connector.sold_to["S-ORD1"] == ("C-1", "C00002")
    assert desk.connector.customers[-1].name == "Paying Ltd"


async def test_an_order_without_a_line_tax_rule_is_a_question_and_creates_nobody() -> None:
    desk = Desk(markets=map_with(market(tax=())))
    desk.connector.customers.clear()
    question = await desk.question()
    assert (question.kind, question.key) == ("tax", "SE/0.25")
    assert not {"create_customer", "create_order"} & set(desk.connector.calls)


async def test_an_order_whose_amounts_contradict_each_other_is_a_question() -> None:
    desk = Desk()
    desk.place(totalPrice=order_document()["totalPrice"] | {"centAmount": 24_000})
    question = await desk.question()
    assert question.kind == "order_document"
    assert "totalPrice" in question.text


async def test_a_tax_difference_within_the_bound_is_accepted_and_audited() -> None:
    desk, cent = Desk(), amount("0.01")

    def one_cent_less_tax(draft: OrderDraft) -> Sums:
        expected = draft.expected
        return expected.model_copy(update={"net": expected.net + cent, "tax": expected.tax - cent}), draft.lines

    desk.connector.sums = one_cent_less_tax
    await desk.done()
    compared = next(note for note in desk.trail.notes if note.step == "totals compared")
    assert "tax differs by -0.01 SEK, within the bound" in compared.why
    assert "add_rounding_line" not in desk.connector.calls


async def test_a_market_without_rounding_accepts_no_gap_at_all() -> None:
    desk = Desk(markets=map_with(market(totals=TotalsRules())))
    desk.connector.sums = with_gross_off_by(1)
    assert (await desk.question()).kind == "totals"


async def test_an_order_that_the_back_end_lost_is_told_and_not_created_again() -> None:
    desk = Desk()
    await desk.state.id_map.put(IdPair("se", "order", "order-1", "id-gone", "S-GONE"))
    with pytest.raises(NotFound):
        await desk.run(fresh=False)
    assert desk.records == []


async def test_a_sample_order_of_every_section_arrives_with_its_totals() -> None:
    desk = Desk()
    document = sample("synthetic-order-full.json")
    desk.commercetools.documents["orders/order-1"] = {**document, "id": "order-1", "customerId": "customer-1"}
    for sku in ("TSHIRT-BLK-M", "BOOK-001", "COFFEE-500", "GIFT-MUG"):
        desk.connector.add_item(sku)
    await desk.done()
    (record,) = desk.records
    stated = document["taxedPrice"]
    cents = [stated[name]["centAmount"] for name in ("totalNet", "totalTax", "totalGross")]
    totals = record.totals
    assert [totals.net.minor_units, totals.tax.minor_units, totals.gross.minor_units] == cents
    assert desk.written_back["custom"]["fields"]["erpOrderNo"] == record.number


async def test_an_order_of_a_project_that_left_the_market_map_is_refused_by_its_name() -> None:
    desk = Desk()
    work = Work(envelope().model_copy(update={"project": "gone"}), True, START, desk.trail)
    with pytest.raises(Permanent, match="project gone: UnknownProject"):
        await desk.flow.load(work)
