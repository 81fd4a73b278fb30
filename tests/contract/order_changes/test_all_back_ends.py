"""One suite for every back-end: changes of an open order arrive to the cent, and nothing else is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from local.orders import DEMO_LINES, Line
from shared.dynamics.order_changes import ChangesOrders
from shared.flows.order_totals import Agree, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.model.back_end import CustomerRecord, OrderDraft, OrderRecord
from shared.model.money import Money
from shared.model.order import Order
from shared.model.order_changes import OrderChanges
from tests.contract.connectors.business_central_harness import business_central
from tests.contract.connectors.dataverse_harness import dataverse
from tests.contract.connectors.finance_harness import finance
from tests.contract.connectors.harness import TRACE, BackEndUnderTest, an_order, totals_in, totals_of

SHIRT, BOOK, COFFEE = DEMO_LINES
MUG = Line("GIFT-MUG", "Tasse", 1, 850)
OPEN = {"business_central": "Draft", "dataverse": "Active", "finance": "Active"}


@pytest.fixture(params=[business_central, dataverse, finance], ids=lambda make: str(make.__name__))
async def end(request: pytest.FixtureRequest) -> AsyncIterator[BackEndUnderTest]:
    make: Callable[[], BackEndUnderTest] = request.param
    back_end = make()
    yield back_end
    await back_end.http.aclose()


def changing(end: BackEndUnderTest) -> ChangesOrders:
    assert isinstance(end.connector, ChangesOrders)
    return end.connector


async def compared(
    end: BackEndUnderTest, record: OrderRecord, order: Order, payer: CustomerRecord | None = None
) -> tuple[OrderDraft, OrderChanges]:
    draft = await end.drafted(order)
    return draft, await changing(end).compare_order(end.market, record.id, draft, payer, TRACE)


async def changed(end: BackEndUnderTest, record: OrderRecord, order: Order) -> OrderRecord:
    draft = await end.drafted(order)
    return await changing(end).change_order(end.market, record.id, draft, None, TRACE)


def moved(document: dict[str, Any], **address: Any) -> Order:
    return order_from_document({**document, "shippingAddress": {**document["shippingAddress"], **address}}, "demo")


async def test_an_order_as_it_was_exported_has_no_difference(end: BackEndUnderTest) -> None:
    _, order = an_order("CH-1")
    _, record = await end.created(order)
    _, changes = await compared(end, record, order)
    assert changes.edits == ()
    assert changes.record == record
    assert changes.line_count == len(record.lines)
    assert changes.state in OPEN.values()


async def test_a_new_address_is_the_only_difference_and_gone_once_written(end: BackEndUnderTest) -> None:
    document, order = an_order("CH-2")
    _, record = await end.created(order)
    there = moved(document, city="Otherville")
    _, changes = await compared(end, record, there)
    (edit,) = changes.edits
    assert edit.what.startswith("header (")
    assert "Otherville" in edit.after.values()
    after = await changed(end, record, there)
    assert after.totals == record.totals
    assert (await compared(end, after, there))[1].edits == ()


@pytest.mark.parametrize(
    "lines",
    [
        (replace(SHIRT, quantity=5), BOOK, COFFEE),
        (BOOK, COFFEE),
        (SHIRT, COFFEE),
        (SHIRT, BOOK, COFFEE, MUG),
        (MUG, SHIRT, BOOK, COFFEE),
        (replace(SHIRT, discount=0), replace(BOOK, cents=1999), COFFEE),
        (MUG,),
    ],
    ids=["more", "the first removed", "one removed", "one added", "one in front", "other prices", "all replaced"],
)
async def test_edited_lines_come_to_the_new_totals_and_leave_no_difference(
    end: BackEndUnderTest, lines: tuple[Line, ...]
) -> None:
    _, order = an_order("CH-3")
    _, record = await end.created(order)
    document, edited = an_order("CH-3", *lines)
    edited = edited.model_copy(update={"id": order.id})
    after = await changed(end, record, edited)
    assert (after.id, after.number) == (record.id, record.number)
    # Business Central rounds tax once for each rate; the market says how far that may be from a sum of lines.
    verdict = compare_totals(await end.drafted(edited), after, end.market.totals)
    assert isinstance(verdict, Agree), verdict
    assert totals_in(after)[2] == totals_of(document)[2]
    draft, changes = await compared(end, after, edited)
    assert changes.edits == ()
    assert len(after.lines) == len(draft.lines)
    assert len(end.rows(end.lines)) == len(draft.lines)


async def test_writing_the_same_change_twice_changes_nothing_more(end: BackEndUnderTest) -> None:
    document, order = an_order("CH-4")
    _, record = await end.created(order)
    there = moved(document, city="Otherville", streetName="Other Street")
    once = await changed(end, record, there)
    rows = end.rows(end.orders), end.rows(end.lines)
    twice = await changed(end, record, there)
    assert twice == once
    assert (end.rows(end.orders), end.rows(end.lines)) == rows


async def test_an_order_that_is_not_there_is_gone(end: BackEndUnderTest) -> None:
    _, order = an_order("CH-5")
    _, record = await end.created(order)
    await end.connector.delete_order(end.market, record, TRACE)
    _, changes = await compared(end, record, order)
    assert (changes.state, changes.record) == ("Gone", None)


async def test_the_rounding_line_is_no_difference_and_goes_when_anything_else_differs(end: BackEndUnderTest) -> None:
    _, order = an_order("CH-6")
    draft, record = await end.created(order)
    gap = Money.from_cents(1, "EUR")
    rounded = await end.connector.add_rounding_line(end.market, record, gap, TRACE)
    assert len(rounded.lines) == len(draft.lines) + 1
    _, changes = await compared(end, rounded, order)
    assert (changes.edits, changes.line_count) == ((), len(draft.lines))
    edited = an_order("CH-6", replace(SHIRT, quantity=4), BOOK, COFFEE, MUG)[1].model_copy(update={"id": order.id})
    after = await changed(end, record, edited)
    assert len(after.lines) == len(edited.lines)
    assert after.totals.gross == edited.totals.gross


async def test_a_line_that_somebody_added_is_counted(end: BackEndUnderTest) -> None:
    _, order = an_order("CH-7")
    draft, record = await end.created(order)
    gap = Money.from_cents(100, "EUR")
    # Two rounding lines: the last one closes the gap, the other one is somebody's.
    await end.connector.add_rounding_line(end.market, record, gap, TRACE)
    again = await end.connector.read_order(end.market, record.id, TRACE)
    await end.connector.add_rounding_line(end.market, again, gap, TRACE)
    _, changes = await compared(end, record, order)
    assert changes.line_count == len(draft.lines) + 1
    assert changes.edits
