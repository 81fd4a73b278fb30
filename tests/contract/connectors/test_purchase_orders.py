"""The purchase order number reaches every back-end with the order, in the same requests, and moves no totals."""

from __future__ import annotations

import pytest

from shared.flows.order_totals import Agree, compare_totals
from shared.model.back_end import ItemRecord, MissingReference, References
from tests.contract.connectors.business_central_harness import business_central
from tests.contract.connectors.harness import TRACE, BackEndUnderTest
from tests.contract.connectors.purchase_orders import comment_lines, order_with, purchase_orders


async def test_the_number_arrives_with_the_order(back_end: BackEndUnderTest) -> None:
    await back_end.created(order_with("PO-1", "4711/Ä"))
    assert purchase_orders(back_end) == ["4711/Ä"]


async def test_an_order_without_a_number_has_none(back_end: BackEndUnderTest) -> None:
    await back_end.created(order_with("PO-2", None))
    assert purchase_orders(back_end) == []


async def test_the_number_costs_no_request(back_end: BackEndUnderTest) -> None:
    await back_end.created(order_with("PO-0", None))
    counts = []
    for number, purchase_order in (("PO-3", None), ("PO-4", "4711")):
        draft, customer = await back_end.drafted(order_with(number, purchase_order)), await back_end.customer()
        before = len(back_end.app.log)
        await back_end.connector.create_order(back_end.market, draft, customer, None, TRACE)
        counts.append(len(back_end.app.log) - before)
    assert counts[0] == counts[1]


async def test_totals_and_lines_are_those_of_the_order_without_a_number(back_end: BackEndUnderTest) -> None:
    _, without = await back_end.created(order_with("PO-5", None))
    draft, record = await back_end.created(order_with("PO-6", "4711"))
    assert record.totals == without.totals
    assert record.lines == without.lines
    assert isinstance(compare_totals(draft, record, back_end.market.totals), Agree)
    (found,) = await back_end.connector.find_orders(back_end.market, draft.reference, TRACE)
    assert found == record
    assert await back_end.connector.read_order(back_end.market, record.id, TRACE) == record
    assert await back_end.connector.repair_order(back_end.market, record, draft, TRACE) == record


async def test_a_number_that_the_back_end_cannot_hold_is_a_question(back_end: BackEndUnderTest) -> None:
    order = order_with("PO-7", "x" * 101)
    items = {line.sku: ItemRecord("id", line.sku) for line in order.lines if line.sku}
    references = References(await back_end.customer(), None, items)
    found = back_end.connector.draft_order(order, references, back_end.market)
    assert isinstance(found, MissingReference)
    assert found.kind == "value_too_long"


@pytest.mark.parametrize("number", ["4711", None])
async def test_in_business_central_the_number_is_a_comment_line_without_amounts(number: str | None) -> None:
    back_end = business_central()
    async with back_end.http:
        await back_end.created(order_with("PO-8", number))
        rows = comment_lines(back_end)
    assert [(row["lineObjectNumber"], row["quantity"], row["unitPrice"], row["netAmount"]) for row in rows] == (
        [("", 0, 0, 0)] if number else []
    )
