"""A back-end in memory that maps as Business Central does and computes the totals it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from shared.errors import NotFound, ServiceError
from shared.mapping.business_central import customers, orders
from shared.markets import ItemTarget, Market
from shared.model.back_end import (
    CustomerDraft,
    CustomerRecord,
    ItemRecord,
    LineAmounts,
    MissingReference,
    OrderDraft,
    OrderRecord,
    Party,
    References,
)
from shared.model.money import Money
from shared.model.order import Order, Totals

type Sums = tuple[Totals, tuple[LineAmounts, ...]]


def as_expected(draft: OrderDraft) -> Sums:
    return draft.expected, draft.lines


def with_gross_off_by(minor_units: int, *, line: int = 0) -> Callable[[OrderDraft], Sums]:
    """A back-end that makes so much more net, and gross, of one line."""

    def sums(draft: OrderDraft) -> Sums:
        gap = Money.from_cents(minor_units, draft.expected.gross.currency)
        lines = list(draft.lines)
        lines[line] = replace(lines[line], net=lines[line].net + gap, gross=lines[line].gross + gap)
        expected = draft.expected
        totals = expected.model_copy(update={"net": expected.net + gap, "gross": expected.gross + gap})
        return totals, tuple(lines)

    return sums


@dataclass
class FakeConnector:
    """Implements `shared.dynamics.connector.Connector`.

    `errors` are raised by a method instead of its work, `errors_after` once the work is done: a lost answer.
    `calls` holds the names of the methods that were called.
    """

    customers: list[CustomerRecord] = field(default_factory=list)
    items: dict[ItemTarget, ItemRecord] = field(default_factory=dict)
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    sums: Callable[[OrderDraft], Sums] = as_expected
    rounding_works: bool = True
    untouched: bool = True
    errors: dict[str, list[ServiceError]] = field(default_factory=dict)
    errors_after: dict[str, list[ServiceError]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    sold_to: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    drafts: list[OrderDraft] = field(default_factory=list)
    vat_ids: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def add_item(self, number: str, variant: str | None = None, *, blocked: bool = False) -> None:
        variant_id = f"variant-{variant}" if variant else None
        self.items[ItemTarget(item=number, variant=variant)] = ItemRecord(f"item-{number}", number, variant_id, blocked)

    def draft_order(self, order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
        return orders.draft_order(order, references, market)

    def draft_customer(self, party: Party, market: Market) -> CustomerDraft | MissingReference:
        return customers.draft_customer(party, market)

    async def find_orders(self, market: Market, reference: str, correlation_id: str) -> list[OrderRecord]:
        self._enter("find_orders")
        return [record for record in self.orders.values() if record.reference == reference]

    async def create_order(
        self,
        market: Market,
        draft: OrderDraft,
        sell_to: CustomerRecord,
        bill_to: CustomerRecord | None,
        correlation_id: str,
    ) -> OrderRecord:
        self._enter("create_order")
        self._count += 1
        totals, lines = self.sums(draft)
        number = f"S-ORD{self._count}"
        record = OrderRecord(
            f"id-{number}", number, draft.reference, totals, lines, sell_to.number, untouched=self.untouched
        )
        self.orders[record.id] = record
        self.sold_to[number] = (sell_to.number, bill_to.number if bill_to else None)
        self.drafts.append(draft)
        self._leave("create_order")
        return record

    async def read_order(self, market: Market, order_id: str, correlation_id: str) -> OrderRecord:
        self._enter("read_order")
        if order_id not in self.orders:
            raise NotFound("fake", f"GET {order_id}", "no such order", status=404)
        return self.orders[order_id]

    async def repair_order(
        self, market: Market, record: OrderRecord, draft: OrderDraft, correlation_id: str
    ) -> OrderRecord:
        """Completes what a test left half-written, as a back-end without deep inserts does."""
        self._enter("repair_order")
        totals, lines = self.sums(draft)
        self.orders[record.id] = replace(record, totals=totals, lines=lines)
        return self.orders[record.id]

    async def add_rounding_line(
        self, market: Market, record: OrderRecord, gap: Money, correlation_id: str
    ) -> OrderRecord:
        self._enter("add_rounding_line")
        if self.rounding_works:
            totals = record.totals
            closed = totals.model_copy(update={"net": totals.net + gap, "gross": totals.gross + gap})
            self.orders[record.id] = replace(record, totals=closed)
        self._leave("add_rounding_line")
        return self.orders[record.id]

    async def delete_order(self, market: Market, record: OrderRecord, correlation_id: str) -> None:
        self._enter("delete_order")
        self.orders.pop(record.id, None)

    async def find_customers(
        self,
        market: Market,
        correlation_id: str,
        *,
        number: str | None = None,
        email: str | None = None,
        vat_id: str | None = None,
    ) -> list[CustomerRecord]:
        """Like Business Central, compares texts without regard to case."""
        self._enter("find_customers")
        terms = {"number": number, "email": email, "vat_id": vat_id}
        wanted = {name: text.casefold() for name, text in terms.items() if text}
        return [record for record in self.customers if self._matches(record, wanted)]

    async def create_customer(self, market: Market, draft: CustomerDraft, correlation_id: str) -> CustomerRecord:
        self._enter("create_customer")
        number = f"C{len(self.customers) + 1:05}"
        record = CustomerRecord(
            f"id-{number}", number, draft.payload["displayName"], str(draft.payload.get("email", ""))
        )
        self.customers.append(record)
        self._leave("create_customer")
        return record

    async def find_items(
        self, market: Market, targets: Mapping[str, ItemTarget], correlation_id: str
    ) -> Mapping[str, ItemRecord]:
        self._enter("find_items")
        return {sku: self.items[target] for sku, target in targets.items() if target in self.items}

    async def find_location(self, market: Market, correlation_id: str) -> str | None:
        self._enter("find_location")
        return f"location-{market.location}" if market.location else None

    def _matches(self, record: CustomerRecord, wanted: Mapping[str, str]) -> bool:
        values = {
            "number": record.number.casefold(),
            "email": record.email.casefold(),
            "vat_id": self.vat_ids.get(record.number, "").casefold(),
        }
        return all(values[name] == text for name, text in wanted.items())

    def _enter(self, method: str) -> None:
        self.calls.append(method)
        if self.errors.get(method):
            raise self.errors[method].pop(0)

    def _leave(self, method: str) -> None:
        if self.errors_after.get(method):
            raise self.errors_after[method].pop(0)


def customer(number: str, email: str = "", *, blocked: bool = False) -> CustomerRecord:
    return CustomerRecord(f"id-{number}", number, f"Customer {number}", email, blocked)


def amount(text: str) -> Money:
    return Money(Decimal(text), "SEK")
