"""A back-end in memory that can compare and change orders, in a state that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from shared.dynamics.order_changes import Payer
from shared.errors import ServiceError
from shared.markets import Market
from shared.model.back_end import CustomerRecord, OrderDraft, OrderRecord
from shared.model.order_changes import OrderChanges, OrderEdit
from tests.fakes.connector import FakeConnector


@dataclass
class ChangingConnector(FakeConnector):
    """Implements `ChangesOrders`: header fields and lines are whatever was written last."""

    state: str = "Draft"
    extra_lines: int = 0
    payloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    payers: list[str | None] = field(default_factory=list)

    async def create_order(
        self,
        market: Market,
        draft: OrderDraft,
        sell_to: CustomerRecord,
        bill_to: CustomerRecord | None,
        correlation_id: str,
    ) -> OrderRecord:
        record = await super().create_order(market, draft, sell_to, bill_to, correlation_id)
        self.payloads[record.id] = dict(draft.payload)
        return record

    async def compare_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: Payer, correlation_id: str
    ) -> OrderChanges:
        self._enter("compare_order")
        record = self.orders.get(order_id)
        if record is None:
            return OrderChanges("Gone", None)
        there = self.payloads[order_id]
        names = [name for name, value in draft.payload.items() if there.get(name) != value]
        edits = tuple(OrderEdit(name, {name: there.get(name)}, {name: draft.payload[name]}) for name in names)
        if payer is not None and getattr(payer, "number", "") != self.sold_to[record.number][1]:
            edits = (OrderEdit("payer"), *edits)
        return OrderChanges(self.state, record, len(there["salesOrderLines"]) + self.extra_lines, edits)

    async def change_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: CustomerRecord | None, correlation_id: str
    ) -> OrderRecord:
        self._enter("change_order")
        self.payers.append(payer.number if payer else None)
        self.payloads[order_id] = dict(draft.payload)
        totals, lines = self.sums(draft)
        self.orders[order_id] = replace(self.orders[order_id], totals=totals, lines=lines)
        self._leave("change_order")
        return self.orders[order_id]

    def lose(self, method: str, error: ServiceError) -> None:
        self.errors_after.setdefault(method, []).append(error)
