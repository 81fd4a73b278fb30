"""What goes wrong on the way of an order: exactly one sales order results, or none and a person knows why."""

from __future__ import annotations

import time

import httpx

from local.scenario import Scenario, wait_until
from tests.acceptance.orders import arrived, assert_totals, outcomes, place, settled
from tests.faults.processes import kill_functions_host, pause, resume

CREATE = {"method": "POST", "path": r"/salesOrders$"}


def posts(scenario: Scenario, path_end: str) -> int:
    rows = scenario.requests(scenario.central)
    return len([row for row in rows if row["method"] == "POST" and row["path"].endswith(path_end)])


def test_business_central_throttles_for_twenty_seconds(scenario: Scenario) -> None:
    scenario.faults(scenario.central, {"path": "/companies", "seconds": 20, "status": 429})
    order = place(scenario)
    started = time.monotonic()
    assert_totals(order, arrived(scenario, order, seconds=60))
    assert time.monotonic() - started >= 19
    assert "RetryAt" in outcomes(scenario, order)


def test_a_504_after_the_create_results_in_exactly_one_order(scenario: Scenario) -> None:
    scenario.faults(scenario.central, {**CREATE, "times": 1, "mode": "status_after", "status": 504})
    order = place(scenario)
    assert_totals(order, arrived(scenario, order))
    assert "sales order found" in outcomes(scenario, order)


def test_a_connection_lost_after_the_create_results_in_exactly_one_order(scenario: Scenario) -> None:
    scenario.faults(scenario.central, {**CREATE, "times": 1, "mode": "drop_after"})
    order = place(scenario)
    assert_totals(order, arrived(scenario, order))
    assert "sales order found" in outcomes(scenario, order)


def test_a_worker_killed_while_the_create_is_answered_leaves_exactly_one_order(scenario: Scenario) -> None:
    scenario.faults(scenario.central, {**CREATE, "times": 1, "mode": "delay_after", "delay_ms": 15000})
    order = place(scenario)
    wait_until("the create", lambda: scenario.sales_orders(order["orderNumber"]))
    kill_functions_host(scenario)
    assert_totals(order, arrived(scenario, order, seconds=90))
    assert "sales order found" in outcomes(scenario, order)


def test_a_worker_killed_after_the_create_and_before_the_claim_completes_leaves_one_order(scenario: Scenario) -> None:
    path = r"^/demo/orders/"
    scenario.faults(
        scenario.shop, {"method": "POST", "path": path, "times": 1, "mode": "delay_after", "delay_ms": 15000}
    )
    order = place(scenario)
    wait_until("the write-back", lambda: scenario.order(order["id"])["syncInfo"])
    kill_functions_host(scenario)
    assert_totals(order, arrived(scenario, order, seconds=90))


def test_with_the_tables_down_nothing_is_written_and_nothing_is_lost(scenario: Scenario) -> None:
    before = posts(scenario, "/salesOrders")
    tables = scenario.stack["pids"]["tables"]
    retried = scenario.functions_log().count("outcome=RetryAt")
    pause(tables)
    try:
        order = place(scenario)
        wait_until("two attempts", lambda: scenario.functions_log().count("outcome=RetryAt") >= retried + 2, seconds=60)
        assert posts(scenario, "/salesOrders") == before
        assert scenario.sales_orders(order["orderNumber"]) == []
    finally:
        resume(tables)
    assert_totals(order, arrived(scenario, order, seconds=90))


def test_with_service_bus_down_the_intake_says_try_again_and_the_event_comes_back(scenario: Scenario) -> None:
    httpx.post(f"{scenario.broker}/__faults", json={"refuse_connections": True}).raise_for_status()
    try:
        order = place(scenario)
        event = _event_of(order)
        answer = httpx.post(
            scenario.events_url, json=event, headers={"content-type": "application/cloudevents+json"}, timeout=60
        )
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert answer.headers["Retry-After"]
    finally:
        httpx.post(f"{scenario.broker}/__faults", json={"refuse_connections": False}).raise_for_status()
    assert_totals(order, arrived(scenario, order, seconds=90))


def test_totals_that_do_not_match_leave_nothing_behind_and_name_the_component(scenario: Scenario) -> None:
    httpx.post(f"{scenario.central}/__settings", json={"vat_rounding_shift": "0.50"}).raise_for_status()
    try:
        order = place(scenario)
        item = wait_until(
            "the question", lambda: [i for i in scenario.listing("review", "list") if order["id"] in str(i)]
        )[0]
        assert scenario.sales_orders(order["orderNumber"]) == []
        assert "TSHIRT-BLK-M" in str(item) or "totals" in str(item)
        assert "sales order removed" in outcomes(scenario, order)
        wait_until("the dead letter", lambda: scenario.queue()["dead_letter"])
    finally:
        httpx.post(f"{scenario.central}/__settings", json={"vat_rounding_shift": "0"}).raise_for_status()
    resolved = scenario.ctd365("review", "resolve", item["id"], "--note", "tax set-up corrected")
    assert resolved.returncode == 0, resolved.stdout + resolved.stderr
    assert_totals(order, arrived(scenario, order))


def test_after_all_this_every_accepted_message_is_accounted_for(scenario: Scenario) -> None:
    """accepted = done + superseded + dead-lettered + in review: nothing is under way, nothing waits unseen."""
    settled(scenario)
    counts = scenario.queue()
    assert (counts["active"], counts["scheduled"], counts["deferred"]) == (0, 0, 0)
    waiting = scenario.listing("dead-letters", "list", "--queue", "orders")
    assert counts["dead_letter"] == len(waiting) == 0


def _event_of(order: dict[str, object]) -> dict[str, object]:
    data = {
        "notificationType": "Message",
        "projectKey": "demo",
        "id": "00000000-0000-4000-8000-000000000503",
        "version": 1,
        "sequenceNumber": 1,
        "resource": {"typeId": "order", "id": order["id"]},
        "resourceVersion": 1,
        "type": "OrderCreated",
    }
    return {
        "specversion": "1.0",
        "id": data["id"],
        "source": "/demo/orders",
        "type": "com.commercetools.order.message.OrderCreated",
        "data": data,
    }
