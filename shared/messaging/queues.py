"""Queue names and the numbers that the code expects of them. `infra/` and the local stack read the same list."""

from __future__ import annotations

from dataclasses import dataclass

MAX_DELIVERY_COUNT = 10
LOCK_DURATION_SECONDS = 60

ORDERS = "orders"
CUSTOMERS = "customers"
PRODUCTS = "products"
PRICES = "prices"
INVENTORY = "inventory"
COMMERCETOOLS_EVENTS = "commercetools-events"


@dataclass(frozen=True, slots=True)
class Queue:
    """One Service Bus queue. Duplicate detection stays off: the portal re-sends under the same message id."""

    name: str
    requires_session: bool
    max_delivery_count: int = MAX_DELIVERY_COUNT
    lock_duration_seconds: int = LOCK_DURATION_SECONDS


# commercetools sends to its queue without a session id, so that queue has none.
QUEUES = (
    Queue(ORDERS, requires_session=True),
    Queue(CUSTOMERS, requires_session=True),
    Queue(PRODUCTS, requires_session=True),
    Queue(PRICES, requires_session=True),
    Queue(INVENTORY, requires_session=True),
    Queue(COMMERCETOOLS_EVENTS, requires_session=False),
)
