"""Another purchase order number after the export: one suite for every back-end, and what only a comment line can do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from local.orders import DEMO_LINES
from shared.dynamics.business_central import BusinessCentral
from shared.dynamics.order_changes import ChangesOrders
from shared.errors import Conflict
from shared.flows.order_totals import Agree, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.market_options.business_central import BusinessCentralOptions
from shared.market_options.dataverse import DataverseOptions
from shared.model.back_end import OrderDraft, OrderRecord
from shared.model.money import Money
from shared.model.order import Order
from shared.model.order_changes import OrderChanges
from tests.contract.connectors.business_central_harness import business_central
from tests.contract.connectors.dataverse_harness import dataverse
from tests.contract.connectors.finance_harness import finance
from tests.contract.connectors.harness import TRACE, BackEndUnderTest, an_order
from tests.contract.connectors.purchase_orders import (
    TEXT,
    comment_lines,
    order_with,
    purchase_orders,
    write_by_hand,
)

CENT = Money.from_cents(1, "EUR")


@pytest.fixture(params=[business_central, dataverse, finance], ids=lambda make: str(make.__name__))
async def end(request: pytest.FixtureRequest) -> AsyncIterator[BackEndUnderTest]:
    make: Callable[[], BackEndUnderTest] = request.param
    back_end = make()
    async with back_end.http:
        yield back_end


@pytest.fixture
async def central() -> AsyncIterator[BackEndUnderTest]:
    back_end = business_central()
    async with back_end.http:
        yield back_end


async def compared(end: BackEndUnderTest, record: OrderRecord, order: Order) -> tuple[OrderDraft, OrderChanges]:
    assert isinstance(end.connector, ChangesOrders)
    draft = await end.drafted(order)
    return draft, await end.connector.compare_order(end.market, record.id, draft, None, TRACE)


async def changed(end: BackEndUnderTest, record: OrderRecord, order: Order) -> OrderRecord:
    assert isinstance(end.connector, ChangesOrders)
    return await end.connector.change_order(end.market, record.id, await end.drafted(order), None, TRACE)


@pytest.mark.parametrize(
    ("before", "after"), [("4711", "4712"), (None, "4712"), ("4711", None)], ids=["another", "a first one", "gone"]
)
async def test_the_number_is_the_only_difference_and_gone_once_written(
    end: BackEndUnderTest, before: str | None, after: str | None
) -> None:
    _, record = await end.created(order_with("PO-1", before))
    order = order_with("PO-1", after)
    draft, changes = await compared(end, record, order)
    assert len(changes.edits) == 1
    assert changes.line_count == len(draft.lines)
    written = await changed(end, record, order)
    assert purchase_orders(end) == ([after] if after else [])
    assert written == record
    assert (await compared(end, record, order))[1].edits == ()


async def test_a_number_changed_by_hand_is_set_right_with_the_next_change(end: BackEndUnderTest) -> None:
    _, record = await end.created(order_with("PO-2", "4711"))
    await write_by_hand(end, record.id, "by hand")
    assert purchase_orders(end) == ["by hand"]
    draft, changes = await compared(end, record, order_with("PO-2", "4711"))
    (edit,) = changes.edits
    assert any("by hand" in str(value) for value in edit.before.values())
    assert changes.line_count == len(draft.lines)
    await changed(end, record, order_with("PO-2", "4711"))
    assert purchase_orders(end) == ["4711"]


async def test_number_and_lines_change_together_and_come_to_the_new_totals(end: BackEndUnderTest) -> None:
    _, record = await end.created(order_with("PO-3", "4711"))
    shirt, book, coffee = DEMO_LINES
    document, _ = an_order("PO-3", replace(shirt, quantity=5), coffee, book)
    order = order_from_document({**document, "id": "id-of-PO-3", "purchaseOrderNumber": "4712"}, "demo")
    written = await changed(end, record, order)
    draft, changes = await compared(end, record, order)
    assert changes.edits == ()
    assert purchase_orders(end) == ["4712"]
    assert len(written.lines) == len(draft.lines)
    assert isinstance(compare_totals(draft, written, end.market.totals), Agree)


async def test_another_number_leaves_the_rounding_line_where_it_is(end: BackEndUnderTest) -> None:
    draft, record = await end.created(order_with("PO-4", "4711"))
    rounded = await end.connector.add_rounding_line(end.market, record, CENT, TRACE)
    written = await changed(end, record, order_with("PO-4", "4712"))
    assert written == rounded
    assert len(written.lines) == len(draft.lines) + 1
    _, changes = await compared(end, record, order_with("PO-4", "4712"))
    assert (changes.edits, changes.line_count) == ((), len(draft.lines))


@pytest.mark.parametrize("make", [business_central, dataverse], ids=["business_central", "dataverse"])
async def test_a_market_that_does_not_carry_numbers_leaves_alone_what_people_wrote(
    make: Callable[[], BackEndUnderTest],
) -> None:
    carrying = make()
    dataverse_options = carrying.market.dataverse or DataverseOptions()
    without = {
        "business_central": BusinessCentralOptions(purchase_order_number="none"),
        "dataverse": dataverse_options.model_copy(update={"purchase_order_number": None}),
    }
    silent = replace(carrying, market=carrying.market.model_copy(update=without))
    async with carrying.http:
        _, record = await carrying.created(order_with("PO-5", "4711"))
        draft, changes = await compared(silent, record, order_with("PO-5", "4712"))
        await changed(silent, record, order_with("PO-5", "4712"))
    assert (changes.edits, changes.line_count) == ((), len(draft.lines))
    assert purchase_orders(silent) == ["4711"]


# -- the comment line of Business Central


async def by_hand(end: BackEndUnderTest, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """Send what somebody does who works in Business Central."""
    assert isinstance(end.connector, BusinessCentral)
    if_match = "*" if method != "POST" else None
    await end.connector._api.call(
        method, f"companies({end.market.company})/{path}", TRACE, json=body, if_match=if_match
    )


async def test_a_comment_line_that_somebody_removed_comes_back(central: BackEndUnderTest) -> None:
    _, record = await central.created(order_with("PO-6", "4711"))
    (line,) = comment_lines(central)
    await by_hand(central, "DELETE", f"salesOrderLines({line['id']})")
    draft, changes = await compared(central, record, order_with("PO-6", "4711"))
    assert changes.line_count == len(draft.lines)
    await changed(central, record, order_with("PO-6", "4711"))
    assert purchase_orders(central) == ["4711"]


async def test_a_comment_line_that_somebody_added_counts_as_a_line_of_theirs(central: BackEndUnderTest) -> None:
    _, record = await central.created(order_with("PO-7", "4711"))
    remark = {"lineType": "Comment", "description": "Call before delivery"}
    await by_hand(central, "POST", f"salesOrders({record.id})/salesOrderLines", remark)
    draft, changes = await compared(central, record, order_with("PO-7", "4712"))
    assert changes.line_count == len(draft.lines) + 1


async def test_a_comment_line_is_written_only_as_it_was_read(central: BackEndUnderTest) -> None:
    _, record = await central.created(order_with("PO-8", "4711"))
    (line,) = comment_lines(central)
    seen: list[httpx.Request] = []

    async def meddle(request: httpx.Request) -> None:
        if request.method == "PATCH" and not seen:
            seen.append(request)
            await by_hand(central, "PATCH", f"salesOrderLines({line['id']})", {"description": TEXT + "by hand"})

    central.http.event_hooks["request"].append(meddle)
    with pytest.raises(Conflict):
        await changed(central, record, order_with("PO-8", "4712"))
    assert purchase_orders(central) == ["by hand"]


async def test_another_number_is_one_request_to_one_line(central: BackEndUnderTest) -> None:
    _, record = await central.created(order_with("PO-9", "4711"))
    before = len(central.app.log)
    await changed(central, record, order_with("PO-9", "4712"))
    writes = [entry for entry in list(central.app.log)[before:] if entry["method"] != "GET"]
    assert [(entry["method"], "/salesOrderLines(" in entry["path"]) for entry in writes] == [("PATCH", True)]
