"""How far a back-end has got with an order, in its own words, and what that means for a change."""

from __future__ import annotations

from typing import Any

import pytest

from shared.dynamics import business_central_changes, dataverse_changes, finance_changes
from shared.flows.order_change_policy import decide
from shared.market_options.dataverse import DataverseOptions


@pytest.mark.parametrize(
    ("status", "shipped", "invoiced", "decision"),
    [
        ("Draft", 0, 0, "apply"),
        ("In_x0020_Review", 0, 0, "review"),
        ("Open", 0, 0, "review"),
        ("Draft", 1, 0, "review"),
        ("Open", 1, 1, "refuse"),
    ],
)
def test_business_central_tells_by_its_status_unless_goods_or_invoices_have_left(
    status: str, shipped: int, invoiced: int, decision: str
) -> None:
    line = {"sequence": 10_000, "shippedQuantity": shipped, "invoicedQuantity": invoiced}
    state = business_central_changes.state_of({"status": status, "salesOrderLines": [line]})
    assert decide("business_central", state) == decision


@pytest.mark.parametrize(
    ("state", "status", "shipped", "decision"),
    [
        (0, 1, 0, "apply"),
        (0, 2, 0, "apply"),
        (0, 3, 0, "review"),
        (0, 1, 2, "review"),
        (1, 3, 0, "review"),
        (2, 4, 0, "refuse"),
        (3, 100001, 0, "refuse"),
        (4, 100003, 0, "refuse"),
    ],
)
def test_dataverse_tells_by_state_and_status(state: int, status: int, shipped: int, decision: str) -> None:
    line: dict[str, Any] = {"quantityshipped": shipped, "quantitycancelled": None}
    row = {"statecode": state, "statuscode": status, "order_details": [line]}
    assert decide("dataverse", dataverse_changes.state_of(row, DataverseOptions())) == decision


@pytest.mark.parametrize(
    ("status", "processing", "decision"),
    [
        ("Backorder", "Active", "apply"),
        ("Backorder", "Confirmed", "review"),
        ("Backorder", "Picked", "review"),
        ("Backorder", "PartiallyDelivered", "review"),
        ("Backorder", "PartiallyInvoiced", "refuse"),
        ("Delivered", "Delivered", "review"),
        ("Invoiced", "Invoiced", "refuse"),
        ("Canceled", "Canceled", "refuse"),
    ],
)
def test_finance_tells_by_both_of_its_statuses(status: str, processing: str, decision: str) -> None:
    header = {"SalesOrderStatus": status, "SalesOrderProcessingStatus": processing}
    assert decide("finance", finance_changes.state_of(header)) == decision
