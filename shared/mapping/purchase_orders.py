"""The customer's purchase order number, where a market does not carry it to the back-end. Pure."""

from __future__ import annotations

from shared.model.back_end import Cut
from shared.model.order import Order

# The name under which `order.cut` may shorten it, and under which the audit says that it was left out.
PURCHASE_ORDER_NUMBER = "purchaseOrderNumber"


def not_carried(order: Order) -> tuple[Cut, ...]:
    """Return the whole number as cut away, so that the audit says it; nothing for an order without one."""
    number = order.purchase_order_number
    return (Cut(PURCHASE_ORDER_NUMBER, number, 0),) if number else ()
