"""Lost answers and killed workers on the way to Dataverse and Finance: exactly one sales order results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from local.scenario import Row, Scenario, steps, wait_until
from tests.acceptance.orders import outcomes, settled
from tests.acceptance.test_other_back_ends import decimal_text, placed
from tests.faults.processes import kill_functions_host

# store → server, the request that creates, where the orders are, which field carries our order number
BACK_ENDS: Mapping[str, tuple[str, str, str]] = {
    "trade": ("dataverse", r"/\$batch$", "salesorders"),
    "outlet": ("finance", "/SalesOrderHeadersV2$", "SalesOrderHeadersV2"),
}


def server(scenario: Scenario, store: str) -> str:
    return str(scenario.stack[BACK_ENDS[store][0]]["url"]).rstrip("/")


def orders_of(scenario: Scenario, store: str, order: Row) -> list[Row]:
    """Every sales order of this commercetools order, by whatever field carries its number or id."""
    rows = httpx.get(f"{server(scenario, store)}/__state/{BACK_ENDS[store][2]}").raise_for_status().json()["value"]
    known = {order["orderNumber"], order["id"]}
    return [row for row in rows if known & {value for value in row.values() if isinstance(value, str)}]


def arrived_once(scenario: Scenario, store: str, order: Row, seconds: float = 60.0) -> None:
    wait_until("the order done", lambda: "Done" in outcomes(scenario, order), seconds)
    settled(scenario)
    assert len(orders_of(scenario, store, order)) == 1
    compared = [entry for entry in scenario.audit(order["id"]) if entry["step"] == "totals compared"]
    assert compared[-1]["after"]["gross"] == decimal_text(order["taxedPrice"]["totalGross"]["centAmount"])


@pytest.mark.parametrize("store", BACK_ENDS)
@pytest.mark.parametrize("fault", [{"mode": "status_after", "status": 504}, {"mode": "drop_after"}])
def test_an_answer_lost_after_the_create_leaves_one_order(
    scenario: Scenario, store: str, fault: Mapping[str, Any]
) -> None:
    create = {"method": "POST", "path": BACK_ENDS[store][1], "times": 1}
    scenario.faults(server(scenario, store), {**create, **fault})
    order = placed(scenario, store)
    arrived_once(scenario, store, order)
    assert "RetryAt" in outcomes(scenario, order)


@pytest.mark.parametrize("store", BACK_ENDS)
def test_throttling_is_waited_out(scenario: Scenario, store: str) -> None:
    scenario.faults(server(scenario, store), {"path": ".*", "seconds": 6, "status": 429, "retry_after": 2})
    order = placed(scenario, store)
    arrived_once(scenario, store, order)


@pytest.mark.parametrize("store", BACK_ENDS)
def test_a_worker_killed_after_the_create_leaves_one_order(scenario: Scenario, store: str) -> None:
    create = {"method": "POST", "path": BACK_ENDS[store][1], "times": 1}
    scenario.faults(server(scenario, store), {**create, "mode": "delay_after", "delay_ms": 15000})
    order = placed(scenario, store)
    wait_until("the create", lambda: orders_of(scenario, store, order))
    kill_functions_host(scenario)
    arrived_once(scenario, store, order, seconds=90)


def test_a_crash_between_header_and_lines_in_finance_is_repaired(scenario: Scenario) -> None:
    finance = server(scenario, "outlet")
    lines = {"method": "POST", "path": "/SalesOrderLines", "times": 1}
    scenario.faults(finance, {**lines, "mode": "delay_after", "delay_ms": 15000})
    order = placed(scenario, "outlet")
    wait_until("the header", lambda: orders_of(scenario, "outlet", order))
    wait_until("one line", lambda: lines_in_finance(scenario, order))
    kill_functions_host(scenario)
    arrived_once(scenario, "outlet", order, seconds=90)
    assert len(lines_in_finance(scenario, order)) == len(order["lineItems"]) + 1  # and freight
    assert steps(scenario.audit(order["id"])).count("sales order found") == 1


def lines_in_finance(scenario: Scenario, order: Row) -> list[Row]:
    (header,) = orders_of(scenario, "outlet", order)
    rows = httpx.get(f"{server(scenario, 'outlet')}/__state/SalesOrderLines").raise_for_status().json()["value"]
    return [row for row in rows if row["SalesOrderNumber"] == header["SalesOrderNumber"]]
