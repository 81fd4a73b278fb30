"""What the conformance suite needs to know of a back-end: its simulator in this process, and what to call things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from local.dynamics.odata.control import ControlledApp
from local.dynamics.odata.faults import Fault
from local.dynamics.tokens import issue
from local.orders import Document, Line, Shopper, order_document
from shared.dynamics.connector import Connector
from shared.mapping.commercetools.orders import order_from_document
from shared.markets import ItemTarget, Market
from shared.model.back_end import CustomerRecord, MissingReference, OrderDraft, OrderRecord, References
from shared.model.order import Order

TOKEN_KEY = "a key for tests only"
TRACE = "a-correlation-id"
SHOPPER = Shopper("customer@example.com")


@dataclass(frozen=True)
class Tokens:
    """Implements `TokenProvider` without an authority."""

    audience: str
    client_id: str = "an-app"

    async def token(self, *, renew: bool = False) -> str:
        return issue(self.client_id, self.audience, "https://localhost/tenant/v2.0", TOKEN_KEY)


@dataclass(frozen=True)
class BackEndUnderTest:
    """One back-end; `create` is method and path of the request that creates an order."""

    app: ControlledApp
    connector: Connector
    http: httpx.AsyncClient
    market: Market
    rows: Callable[[str], list[dict[str, Any]]]
    orders: str
    lines: str
    create: tuple[str, str]
    wrong_id: str
    number: str = "10000"
    email: str = "customer@example.com"
    shared_email: str = "shared@example.com"
    blocked_number: str = "90000"
    item: str = "TSHIRT-BLK-M"
    blocked_item: str = "OLD-ITEM"
    notes: Mapping[str, Any] = field(default_factory=dict)

    def fail(self, mode: str, status: int = 500, *, method: str | None = None, path: str = ".*", **more: Any) -> None:
        """Program one failure, of the creating request unless another one is named."""
        own = {"method": method, "path": path} if method else dict(zip(("method", "path"), self.create, strict=True))
        self.app.faults.add([Fault.model_validate({**own, "mode": mode, "status": status, **more})])

    async def customer(self) -> CustomerRecord:
        (found,) = await self.connector.find_customers(self.market, TRACE, number=self.number)
        return found

    async def drafted(self, order: Order) -> OrderDraft:
        sell_to = await self.customer()
        skus = {line.sku: ItemTarget(item=line.sku) for line in order.lines if line.sku}
        items = await self.connector.find_items(self.market, skus, TRACE)
        location = await self.connector.find_location(self.market, TRACE)
        draft = self.connector.draft_order(order, References(sell_to, None, items, location), self.market)
        assert not isinstance(draft, MissingReference), draft
        return draft

    async def created(self, order: Order) -> tuple[OrderDraft, OrderRecord]:
        draft = await self.drafted(order)
        return draft, await self.connector.create_order(self.market, draft, await self.customer(), None, TRACE)


def an_order(number: str, *lines: Line) -> tuple[Document, Order]:
    document = order_document(number, SHOPPER, *([lines] if lines else []))
    return document, order_from_document(document, "demo")


def totals_of(document: Document) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and gross as the commercetools document states them."""
    taxed = document["taxedPrice"]
    net, tax, gross = (Decimal(taxed[name]["centAmount"]) / 100 for name in ("totalNet", "totalTax", "totalGross"))
    return net, tax, gross


def totals_in(record: OrderRecord) -> tuple[Decimal, Decimal, Decimal]:
    return record.totals.net.amount, record.totals.tax.amount, record.totals.gross.amount
