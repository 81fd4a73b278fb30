"""A commercetools order becomes a Business Central sales order: the whole stack, in separate processes."""

from __future__ import annotations

import httpx

from local.orders import DEMO_LINES, Line, Shopper, customer_document, order_document
from local.scenario import Scenario, steps, wait_until
from tests.acceptance.orders import (
    arrived,
    assert_totals,
    new_number,
    new_shopper,
    outcomes,
    place,
    settled,
)


def test_an_order_arrives_with_customer_lines_and_totals_and_its_number_comes_back(scenario: Scenario) -> None:
    order = place(scenario)
    sales_order = arrived(scenario, order)
    assert_totals(order, sales_order)
    sent = [(line.sku, line.quantity, line.cents / 100, line.discount / 100) for line in DEMO_LINES]
    lines = sales_order["salesOrderLines"]
    received = [(r["lineObjectNumber"], r["quantity"], r["unitPrice"], r["discountAmount"]) for r in lines]
    assert received == [*sent, ("FREIGHT", 1, 4.99, 0)]
    assert [line["taxCode"] for line in lines] == ["VAT19", "VAT7", "VAT7", "VAT19"]
    assert (sales_order["shipToName"], sales_order["shipToCity"]) == ("Example Customer", "Berlin")
    assert sales_order["email"] == order["customerEmail"]
    synced = scenario.order(order["id"])
    assert [mark["externalId"] for mark in synced["syncInfo"]] == [sales_order["number"]]
    assert synced["custom"]["fields"] == {"salesOrderNumber": sales_order["number"]}
    assert steps(scenario.listing("audit", "show", sales_order["number"])) == [
        "customer created",
        "sales order created",
        "totals compared",
        "written back",
        "Done",
    ]


def test_the_second_order_of_a_shopper_finds_the_customer_again(scenario: Scenario) -> None:
    shopper = new_shopper()
    first = arrived(scenario, place(scenario, shopper=shopper))
    second = arrived(scenario, place(scenario, shopper=shopper))
    assert first["customerNumber"] == second["customerNumber"]


def test_a_guest_is_known_by_exact_email(scenario: Scenario) -> None:
    guest = Shopper(f"guest-{new_number().lower()}@example.com")
    first = arrived(scenario, place(scenario, shopper=guest))
    second = arrived(scenario, place(scenario, shopper=guest))
    assert first["customerNumber"] == second["customerNumber"]


def test_the_same_event_five_times_makes_one_sales_order(scenario: Scenario) -> None:
    order = place(scenario, times=5)
    arrived(scenario, order)
    settled(scenario)
    ends = [step for step in outcomes(scenario, order) if step in {"Done", "NoChange", "Superseded", "RetryAt"}]
    assert ends.count("Done") == 1
    assert len([end for end in ends if end != "RetryAt"]) == 5
    assert len(scenario.sales_orders(order["orderNumber"])) == 1


def test_events_out_of_order_make_no_difference(scenario: Scenario) -> None:
    shopper = new_shopper()
    scenario.seed("customer", customer_document(shopper))
    order = order_document(new_number(), shopper)
    for message in ("OrderStateChanged", "OrderImported", "OrderCreated", "OrderStateChanged"):
        scenario.seed("order", order, message=message)
    assert_totals(order, arrived(scenario, order))
    settled(scenario)
    scenario.seed("order", scenario.order(order["id"]), message="OrderCreated")  # a straggler, much later
    wait_until("the straggler", lambda: outcomes(scenario, order)[-1] in {"NoChange", "Superseded"})
    assert len(scenario.sales_orders(order["orderNumber"])) == 1


def test_an_unknown_sku_waits_for_a_person_and_one_command_puts_it_right(scenario: Scenario) -> None:
    sku = f"MUG-{new_number()}"
    order = place(scenario, (*DEMO_LINES, Line(sku, "Becher rot", 1, 1290)))
    item = wait_until("the review item", lambda: [i for i in scenario.listing("review", "list") if sku in str(i)])[0]
    wait_until("the dead letter", lambda: scenario.queue()["dead_letter"])
    assert scenario.sales_orders(order["orderNumber"]) == []
    dead = [row for row in scenario.listing("dead-letters", "list") if row["entity_id"] == order["id"]]
    assert [row["reason"] for row in dead] == ["NeedsReview:item"]
    assert sku in dead[0]["detail"]

    resolved = scenario.ctd365("review", "resolve", item["id"], "--item", "GIFT-MUG", "--actor", "tester")
    assert resolved.returncode == 0, resolved.stdout + resolved.stderr

    sales_order = arrived(scenario, order)
    assert "GIFT-MUG" in [line["lineObjectNumber"] for line in sales_order["salesOrderLines"]]
    assert_totals(order, sales_order, tax_bound=3)  # as the market map of the stack says
    assert scenario.queue()["dead_letter"] == 0
    trail = scenario.audit(order["id"])
    assert trail[0]["outcome"] == "DeadLetter"  # what failed …
    assert sku in trail[0]["why"]  # … why …
    fixed = next(entry for entry in trail if entry["step"] == "review resolved")  # … and how it was fixed
    assert (fixed["actor"], fixed["closes"]) == ("tester", f"review:{item['id']}")
    assert "GIFT-MUG" in fixed["why"]
    assert steps(trail)[-1] == "Done"

    again = place(scenario, (Line(sku, "Becher rot", 2, 1290),))  # the decision sticks
    assert_totals(again, arrived(scenario, again))


def test_two_customers_with_the_same_email_are_never_guessed_between(scenario: Scenario) -> None:
    email = f"shared-{new_number().lower()}@example.com"
    company = scenario.env["BC_COMPANY"]
    rows = [
        {"number": f"X{new_number()[4:8]}{letter}", "displayName": f"Twin {letter}", "email": email} for letter in "AB"
    ]
    httpx.post(f"{scenario.central}/__seed/customers?company={company}", json=rows).raise_for_status()
    order = place(scenario, shopper=Shopper(email, id=new_shopper().id))
    item = wait_until(
        "the question",
        lambda: [i for i in scenario.listing("review", "list") if email in str(i) or order["customerId"] in str(i)],
    )[0]
    assert scenario.sales_orders(order["orderNumber"]) == []
    for row in rows:
        assert row["number"] in str(item)  # both are shown
    wait_until("the dead letter", lambda: scenario.queue()["dead_letter"])
    chosen = rows[1]["number"]
    resolved = scenario.ctd365("review", "resolve", item["id"], "--customer", chosen)
    assert resolved.returncode == 0, resolved.stdout + resolved.stderr
    assert arrived(scenario, order)["customerNumber"] == chosen


def test_the_sweep_brings_an_order_that_no_event_told_of(scenario: Scenario) -> None:
    shopper = new_shopper()
    scenario.seed("customer", customer_document(shopper))
    order = order_document(new_number(), shopper)
    scenario.seed("order", order)
    functions = scenario.stack["functions"]
    trigger = httpx.post(
        f"{functions['url']}/admin/functions/orders_sweep",
        headers={"x-functions-key": functions["function_key"]},
        json={},
    )
    assert trigger.status_code == 202
    assert_totals(order, arrived(scenario, order))


def test_a_store_in_shadow_mode_is_audited_but_not_written(scenario: Scenario) -> None:
    shopper = new_shopper()
    scenario.seed("customer", customer_document(shopper))
    order = order_document(new_number(), shopper, (Line("TSHIRT-BLK-M", "T-Shirt", 1, 1999),), store="se-pilot")
    scenario.seed("order", order, message="OrderCreated")
    wait_until("the shadow run", lambda: "shadow" in outcomes(scenario, order))
    shown = next(entry for entry in scenario.audit(order["id"]) if entry["step"] == "shadow")
    assert shown["after"]["externalDocumentNumber"] == order["orderNumber"]
    assert shown["after"]["email"] == "***"  # personal data is masked
    assert scenario.sales_orders(order["orderNumber"]) == []
    assert scenario.order(order["id"])["syncInfo"] == []
