"""Which notification of commercetools is work for which flow, and the queue of each flow."""

from __future__ import annotations

from collections.abc import Mapping

from shared.messaging.queues import CUSTOMERS, INVENTORY, ORDERS, PRICES, PRODUCTS
from shared.pipeline.envelope import FlowName

# An order can be born in three ways; each has its own message. What was exported may change later: an applied edit has
# a message of its own, besides those of its parts.
_ORDER = frozenset(
    {
        "OrderCreated",
        "OrderImported",
        "OrderCreatedFromRecurringOrder",
        "OrderEditApplied",
        "OrderShippingAddressSet",
        "OrderBillingAddressSet",
        "OrderPurchaseOrderNumberSet",
    }
)
# A Subscription to changes, besides messages: vatId, locale, key and customerNumber have no message of their own, and
# only the change of a deletion says whether personal data must be erased.
_CHANGES = frozenset({"ResourceCreated", "ResourceUpdated", "ResourceDeleted"})
# What a customer's secrets and sessions go through is nobody's business.
_NO_CUSTOMER_DATA = frozenset(
    {"CustomerPasswordUpdated", "CustomerEmailTokenCreated", "CustomerPasswordTokenCreated", "CustomerEmailVerified"}
)
QUEUE_OF: Mapping[FlowName, str] = {
    "orders": ORDERS,
    "customers": CUSTOMERS,
    "products": PRODUCTS,
    "prices": PRICES,
    "inventory": INVENTORY,
}


def flow_of(resource: str, message: str) -> FlowName | None:
    """Return the flow that wants a message of a resource; None when nobody does."""
    match resource:
        case "order" if message in _ORDER:
            return "orders"
        case "customer" if message in _CHANGES or (message.startswith("Customer") and message not in _NO_CUSTOMER_DATA):
            return "customers"
        case "business-unit" if message in _CHANGES or message.startswith("BusinessUnit"):
            return "customers"
        case _:
            return None
