"""What a connector must do to carry changes over to an order that was exported before."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from shared.markets import Market
from shared.model.back_end import CustomerDraft, CustomerRecord, OrderDraft, OrderRecord
from shared.model.order_changes import OrderChanges

type Payer = CustomerRecord | CustomerDraft | None


@runtime_checkable
class ChangesOrders(Protocol):
    """A connector that can write the difference. Without it every change goes to a person."""

    async def compare_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: Payer, correlation_id: str
    ) -> OrderChanges:
        """Read the order and compare. Without a payer, who orders pays."""

    async def change_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: CustomerRecord | None, correlation_id: str
    ) -> OrderRecord:
        """Write the difference that there is now, and nothing else; returns the order read again.

        May stop half-way: calling it again writes what is left. Raises Conflict when somebody else was faster.
        """
