"""The same road to Dataverse and to Finance: the store decides, no flow knows."""

from __future__ import annotations

import pytest

from local.orders import customer_document, order_document
from local.scenario import Row, Scenario, steps, wait_until
from tests.acceptance.orders import new_number, new_shopper, outcomes, settled


def placed(scenario: Scenario, store: str, times: int = 1) -> Row:
    shopper = new_shopper()
    scenario.seed("customer", customer_document(shopper))
    order = order_document(new_number(), shopper, store=store)
    scenario.seed("order", order, message="OrderCreated", times=times)
    return order


def decimal_text(cents: int) -> str:
    return f"{cents / 100:.2f} EUR"


@pytest.mark.parametrize("store", ["trade", "outlet"])
def test_an_order_arrives_to_the_cent_and_its_number_comes_back(scenario: Scenario, store: str) -> None:
    order = placed(scenario, store, times=3)
    wait_until("the order done", lambda: "Done" in outcomes(scenario, order))
    settled(scenario)
    trail = scenario.audit(order["id"])
    assert steps(trail).count("sales order created") == 1
    compared = next(entry["after"] for entry in trail if entry["step"] == "totals compared")
    taxed = order["taxedPrice"]
    assert (compared["net"], compared["tax"], compared["gross"]) == (
        decimal_text(taxed["totalNet"]["centAmount"]),
        decimal_text(taxed["totalTax"]["centAmount"]),
        decimal_text(taxed["totalGross"]["centAmount"]),
    )
    synced = scenario.order(order["id"])
    assert synced["custom"]["fields"] == {"salesOrderNumber": compared["number"]}
