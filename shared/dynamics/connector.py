"""What every back-end can do. Flows know this protocol and nothing of Business Central, Dataverse or Finance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared.markets import ItemTarget, Market
from shared.model.back_end import (
    CustomerDraft,
    CustomerRecord,
    ItemRecord,
    MissingReference,
    OrderDraft,
    OrderRecord,
    Party,
    References,
)
from shared.model.money import Money
from shared.model.order import Order


class Connector(Protocol):
    """One back-end. The `draft_…` methods are pure; all others raise only `shared.errors.ServiceError`."""

    def draft_order(self, order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
        """Map an order."""

    def draft_customer(self, party: Party, market: Market) -> CustomerDraft | MissingReference:
        """Map a customer."""

    async def find_orders(self, market: Market, reference: str, correlation_id: str) -> list[OrderRecord]:
        """Look up by our external key: before every create that follows an unknown outcome."""

    async def create_order(
        self,
        market: Market,
        draft: OrderDraft,
        sell_to: CustomerRecord,
        bill_to: CustomerRecord | None,
        correlation_id: str,
    ) -> OrderRecord:
        """Create header and lines, all or nothing."""

    async def read_order(self, market: Market, order_id: str, correlation_id: str) -> OrderRecord:
        """Read one order with its lines."""

    async def repair_order(
        self, market: Market, record: OrderRecord, draft: OrderDraft, correlation_id: str
    ) -> OrderRecord:
        """Complete an order that an earlier run left half-written; a back-end that writes all or nothing returns it."""

    async def add_rounding_line(
        self, market: Market, record: OrderRecord, gap: Money, correlation_id: str
    ) -> OrderRecord:
        """Add `gap` as one line of the market's rounding target; returns the order read again."""

    async def delete_order(self, market: Market, record: OrderRecord, correlation_id: str) -> None:
        """Remove an order that nobody has worked on. An order that is gone already is fine."""

    async def find_customers(
        self,
        market: Market,
        correlation_id: str,
        *,
        number: str | None = None,
        email: str | None = None,
        vat_id: str | None = None,
    ) -> list[CustomerRecord]:
        """Find customers by exact number, exact e-mail or exact tax id; never by similarity."""

    async def create_customer(self, market: Market, draft: CustomerDraft, correlation_id: str) -> CustomerRecord:
        """Create a customer."""

    async def find_items(
        self, market: Market, targets: Mapping[str, ItemTarget], correlation_id: str
    ) -> Mapping[str, ItemRecord]:
        """Find items by number (and variant) for SKUs; an SKU that has none is left out."""

    async def find_location(self, market: Market, correlation_id: str) -> str | None:
        """Return the id of the market's warehouse; None when the market names none. Raises NotFound."""
