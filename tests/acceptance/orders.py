"""Orders for the acceptance tests: each test has its own number, shopper and customer."""

from __future__ import annotations

import itertools
import uuid

from local.orders import DEMO_LINES, Line, Shopper, customer_document, order_document
from local.scenario import Row, Scenario, steps, wait_until

_numbers = itertools.count(1)


def new_number() -> str:
    return f"ACC-{next(_numbers):04d}-{uuid.uuid4().hex[:6].upper()}"


def new_shopper() -> Shopper:
    identity = str(uuid.uuid4())
    return Shopper(f"shopper-{identity[:8]}@example.com", id=identity)


def place(
    scenario: Scenario, lines: tuple[Line, ...] = DEMO_LINES, *, shopper: Shopper | None = None, times: int = 1
) -> Row:
    """Place an order of a registered shopper (a new one unless given) and let its event go out."""
    shopper = shopper or new_shopper()
    if shopper.id:
        scenario.seed("customer", customer_document(shopper))
    order = order_document(new_number(), shopper, lines)
    scenario.seed("order", order, message="OrderCreated", times=times)
    return order


def arrived(scenario: Scenario, order: Row, seconds: float = 40.0) -> Row:
    """Wait until the order is done; returns the one sales order. Fails when there are more."""
    wait_until(f"order {order['orderNumber']} done", lambda: "Done" in outcomes(scenario, order), seconds)
    found = scenario.sales_orders(order["orderNumber"])
    assert len(found) == 1, f"{len(found)} sales orders for {order['orderNumber']}"
    return found[0]


def outcomes(scenario: Scenario, order: Row) -> list[str]:
    return steps(scenario.audit(order["id"]))


def settled(scenario: Scenario, queue: str = "orders") -> None:
    """Wait until nothing is on its way any more."""
    wait_until("the queue is empty", lambda: not _under_way(scenario, queue))


def _under_way(scenario: Scenario, queue: str) -> int:
    counts = scenario.queue(queue)
    return counts["active"] + counts["scheduled"]


def cents(amount: object) -> int:
    """Business Central's decimal as minor units of a two-decimal currency."""
    return round(float(str(amount)) * 100)


def assert_totals(order: Row, sales_order: Row, tax_bound: int = 0) -> None:
    """commercetools' totals, straight from its document, are Business Central's.

    commercetools rounds tax per line, Business Central per tax code: where an order has several lines of one code, tax
    may differ by the market's bound. Gross never does.
    """
    taxed = order["taxedPrice"]
    assert cents(sales_order["totalAmountIncludingTax"]) == taxed["totalGross"]["centAmount"]
    assert abs(cents(sales_order["totalTaxAmount"]) - taxed["totalTax"]["centAmount"]) <= tax_bound
    assert abs(cents(sales_order["totalAmountExcludingTax"]) - taxed["totalNet"]["centAmount"]) <= tax_bound
