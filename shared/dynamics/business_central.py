"""Business Central API v2.0.

Facts: PATCH and DELETE need If-Match; orders are created with their lines in one deep insert; there is no idempotent
create, so `find_orders` looks up by externalDocumentNumber (not unique) first; the totals are Business Central's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from shared.dynamics.auth import TokenProvider
from shared.dynamics.business_central_catalogue import Items, gaps_of
from shared.dynamics.business_central_changes import OrderChanger, compared
from shared.dynamics.business_central_customers import CustomerChanger
from shared.dynamics.business_central_examination import examine
from shared.dynamics.business_central_feed import OVERLAP, ChangeFeed
from shared.dynamics.business_central_ground import Ground
from shared.dynamics.business_central_prices import Prices
from shared.dynamics.business_central_stock import Stock
from shared.dynamics.business_central_subscriptions import SubscriptionReport, Subscriptions
from shared.dynamics.customer_sync import Entity
from shared.dynamics.examination import Examined
from shared.dynamics.odata import ODataClient, Row, any_of, literal
from shared.dynamics.order_changes import Payer
from shared.errors import NotFound
from shared.http import ErrorTable
from shared.mapping.business_central import customer_fields, customers, orders
from shared.mapping.business_central.changes import sorted_lines
from shared.mapping.business_central.purchase_orders import goods_and_purchase_order
from shared.markets import BackEnd, ItemTarget, Market
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
from shared.model.catalogue import CataloguePage, ItemState, PriceState, StockState
from shared.model.customer_fields import ChangePage, CustomerState, Fields
from shared.model.money import Money
from shared.model.order import Order, Totals
from shared.model.order_changes import OrderChanges

SERVICE = "Business Central"
ERRORS = ErrorTable(
    service=SERVICE,
    conflict=frozenset({409, 412}),
    conflict_codes=frozenset({"Request_EntityChanged"}),
    transient=frozenset({503}),  # queued longer than eight minutes: never started
    unknown=frozenset({408, 500, 502, 504}),  # operation timeout, gateway timeout
    permanent=frozenset({400, 401, 403, 413}),
)
IN_FLIGHT = 5  # per application user; more are queued by Business Central
LISTENED_TO = ("customers",)  # entity sets whose changes a flow wants to hear of
MAX_OR_TERMS = 50  # keeps $filter well below URL limits


class BusinessCentral:
    """One environment; the company comes with the market. Implements `Connector`.

    `overlap` is how late a transaction may commit and still be told by `changes`.
    """

    def __init__(
        self,
        back_end: BackEnd,
        tokens: TokenProvider,
        http: httpx.AsyncClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        overlap: timedelta = OVERLAP,
    ) -> None:
        self._api = ODataClient(back_end.url, tokens, http, ERRORS, in_flight=IN_FLIGHT)
        self._changer = OrderChanger(self._api)
        self._customers = CustomerChanger(self._api)
        self._feed = ChangeFeed(self._api, back_end.url, clock, overlap)
        self._subscriptions = Subscriptions(self._api, clock)
        self._ground = Ground(self._api, back_end.url, clock, overlap)
        self._offers, self._prices, self._stock = Items(self._ground), Prices(self._ground), Stock(self._ground)
        self._items: dict[tuple[str, ItemTarget], ItemRecord] = {}
        self._locations: dict[tuple[str, str], str] = {}

    def draft_order(self, order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
        """See `Connector.draft_order`."""
        return orders.draft_order(order, references, market)

    def draft_customer(self, party: Party, market: Market) -> CustomerDraft | MissingReference:
        """See `Connector.draft_customer`."""
        return customers.draft_customer(party, market)

    async def find_orders(self, market: Market, reference: str, correlation_id: str) -> list[OrderRecord]:
        """See `Connector.find_orders`."""
        path = f"{_company(market)}/salesOrders"
        condition = f"externalDocumentNumber eq {literal(reference)}"
        rows = self._api.rows(path, correlation_id, filter=condition, expand="salesOrderLines")
        return [_order_record(row) async for row in rows]

    async def create_order(
        self,
        market: Market,
        draft: OrderDraft,
        sell_to: CustomerRecord,
        bill_to: CustomerRecord | None,
        correlation_id: str,
    ) -> OrderRecord:
        """See `Connector.create_order`. The customer goes first: it sets defaults that later fields override."""
        payload = {"customerId": sell_to.id, **({"billToCustomerId": bill_to.id} if bill_to else {}), **draft.payload}
        path = f"{_company(market)}/salesOrders"
        row = await self._api.call("POST", path, correlation_id, json=payload, options={"expand": "salesOrderLines"})
        if "salesOrderLines" not in row:
            return await self.read_order(market, row["id"], correlation_id)
        return _order_record(row)

    async def read_order(self, market: Market, order_id: str, correlation_id: str) -> OrderRecord:
        """See `Connector.read_order`."""
        path = f"{_company(market)}/salesOrders({order_id})"
        return _order_record(await self._api.get(path, correlation_id, expand="salesOrderLines"))

    async def repair_order(
        self, market: Market, record: OrderRecord, draft: OrderDraft, correlation_id: str
    ) -> OrderRecord:
        """See `Connector.repair_order`. A deep insert leaves no halves."""
        del market, draft, correlation_id
        return record

    async def compare_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: Payer, correlation_id: str
    ) -> OrderChanges:
        """See `ChangesOrders.compare_order`."""
        row = await self._changer.read(market, order_id, correlation_id)
        return compared(row, _order_record(row) if row else None, draft, payer, market)

    async def change_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: CustomerRecord | None, correlation_id: str
    ) -> OrderRecord:
        """See `ChangesOrders.change_order`."""
        await self._changer.change(market, order_id, draft, payer, correlation_id)
        return await self.read_order(market, order_id, correlation_id)

    async def add_rounding_line(
        self, market: Market, record: OrderRecord, gap: Money, correlation_id: str
    ) -> OrderRecord:
        """See `Connector.add_rounding_line`."""
        if market.totals.rounding is None:
            raise NotFound(SERVICE, "add rounding line", f"market {market.name} has no totals.rounding")
        line = orders.rounding_line(market.totals.rounding, gap)
        await self._api.call(
            "POST", f"{_company(market)}/salesOrders({record.id})/salesOrderLines", correlation_id, json=line
        )
        return await self.read_order(market, record.id, correlation_id)

    async def delete_order(self, market: Market, record: OrderRecord, correlation_id: str) -> None:
        """See `Connector.delete_order`."""
        try:
            await self._api.call("DELETE", f"{_company(market)}/salesOrders({record.id})", correlation_id, if_match="*")
        except NotFound:
            return

    async def find_customers(
        self,
        market: Market,
        correlation_id: str,
        *,
        number: str | None = None,
        email: str | None = None,
        vat_id: str | None = None,
    ) -> list[CustomerRecord]:
        """See `Connector.find_customers`."""
        terms = [f"number eq {literal(number)}"] if number else []
        if email:  # filters tell upper from lower case: looked up as it was typed, and as `draft_customer` writes it
            terms.append(f"({any_of('email', list(dict.fromkeys((email, email.lower()))))})")
        if vat_id:  # stored in upper case
            terms.append(f"({any_of('taxRegistrationNumber', list(dict.fromkeys((vat_id, vat_id.upper()))))})")
        path = f"{_company(market)}/customers"
        rows = self._api.rows(path, correlation_id, filter=" and ".join(terms))
        return [_customer_record(row) async for row in rows if not vat_id or _has_tax_id(row, vat_id)]

    async def create_customer(self, market: Market, draft: CustomerDraft, correlation_id: str) -> CustomerRecord:
        """See `Connector.create_customer`."""
        path = f"{_company(market)}/customers"
        return _customer_record(await self._api.call("POST", path, correlation_id, json=dict(draft.payload)))

    async def find_items(
        self, market: Market, targets: Mapping[str, ItemTarget], correlation_id: str
    ) -> Mapping[str, ItemRecord]:
        """See `Connector.find_items`. Items that may be sold are remembered for the life of the process."""
        wanted = set(targets.values())
        known = ((target, self._items.get((market.company, target))) for target in wanted)
        found = {target: item for target, item in known if item is not None}
        if missing := wanted - found.keys():
            found |= await self._fetch_items(market, missing, correlation_id)
        return {sku: found[target] for sku, target in targets.items() if target in found}

    async def find_location(self, market: Market, correlation_id: str) -> str | None:
        """See `Connector.find_location`."""
        code = market.location
        if code is None:
            return None
        key = (market.company, code)
        if key not in self._locations:
            path = f"{_company(market)}/locations"
            async for row in self._api.rows(path, correlation_id, filter=f"code eq {literal(code)}"):
                self._locations[key] = row["id"]
        if key not in self._locations:
            raise NotFound(
                SERVICE, "find location", f"company {market.company} has no location {code}", code="NoLocation"
            )
        return self._locations[key]

    def shape_customer(self, fields: Fields, market: Market) -> Fields | MissingReference:
        """See `SynchronisesCustomers.shape_customer`."""
        return customer_fields.shape_customer(fields, market)

    async def read_customer(self, market: Market, customer_id: str, correlation_id: str) -> CustomerState:
        """See `SynchronisesCustomers.read_customer`."""
        return await self._customers.read(market, customer_id, correlation_id)

    async def change_customer(
        self, market: Market, state: CustomerState, changes: Fields, correlation_id: str
    ) -> CustomerState:
        """See `SynchronisesCustomers.change_customer`."""
        return await self._customers.change(market, state, changes, correlation_id)

    async def create_customer_of(
        self, market: Market, fields: Fields, number: str | None, correlation_id: str
    ) -> CustomerState:
        """See `SynchronisesCustomers.create_customer_of`. Business Central numbers it itself."""
        del number
        return await self._customers.create(market, fields, correlation_id)

    def changes(
        self, entity: Entity, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[ChangePage]:
        """See `TellsChanges.changes`."""
        return self._feed.changes(entity, market, cursor, correlation_id)

    def items(self, market: Market, cursor: str | None, correlation_id: str) -> AsyncIterator[CataloguePage[ItemState]]:
        """See `OffersCatalogue.items`."""
        return self._offers.pages(market, cursor, correlation_id)

    def prices(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[CataloguePage[PriceState]]:
        """See `OffersCatalogue.prices`."""
        return self._prices.pages(market, cursor, correlation_id)

    def stock(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[CataloguePage[StockState]]:
        """See `OffersCatalogue.stock`."""
        return self._stock.pages(market, cursor, correlation_id)

    async def items_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[ItemState]:
        """See `OffersCatalogue.items_of`."""
        return await self._offers.of(market, targets, correlation_id)

    async def prices_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[PriceState]:
        """See `OffersCatalogue.prices_of`."""
        return await self._prices.of(market, targets, correlation_id)

    async def stock_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[StockState]:
        """See `OffersCatalogue.stock_of`."""
        return await self._stock.of(market, targets, correlation_id)

    def catalogue_gaps(self, market: Market) -> Sequence[str]:
        """See `OffersCatalogue.catalogue_gaps`."""
        return gaps_of(self._ground, market)

    async def ensure_subscriptions(
        self, company: str, url: str, secret: str, correlation_id: str, resources: Collection[str] = LISTENED_TO
    ) -> SubscriptionReport:
        """See `KeepsSubscriptions.ensure_subscriptions`."""
        return await self._subscriptions.ensure(company, url, secret, resources, correlation_id)

    async def examine(self, market: Market, correlation_id: str) -> list[Examined]:
        """See `Examiner.examine`. Whether there is the companion is told by `catalogue_gaps`, which asks nobody."""
        examined = await examine(self._api, market, correlation_id)
        if market.price_books or market.warehouses:
            await self._ground.find_companion(market, correlation_id)
        return examined

    async def _fetch_items(
        self, market: Market, targets: Iterable[ItemTarget], correlation_id: str
    ) -> dict[ItemTarget, ItemRecord]:
        numbers = sorted({target.item for target in targets})
        rows: dict[str, Row] = {}
        for start in range(0, len(numbers), MAX_OR_TERMS):
            condition = any_of("number", numbers[start : start + MAX_OR_TERMS])
            path = f"{_company(market)}/items"
            async for row in self._api.rows(path, correlation_id, filter=condition):
                rows[row["number"]] = row
        records: dict[ItemTarget, ItemRecord] = {}
        for target in targets:
            row_found = rows.get(target.item.upper())  # numbers are Code fields: upper case
            record = await self._item_record(market, target, row_found, correlation_id) if row_found else None
            if record is not None:
                records[target] = record
        # A blocked item is asked for anew each time: a person may unblock it, and resolves the question then.
        self._items |= {(market.company, target): item for target, item in records.items() if not item.blocked}
        return records

    async def _item_record(
        self, market: Market, target: ItemTarget, row: Row, correlation_id: str
    ) -> ItemRecord | None:
        item = ItemRecord(row["id"], row["number"], blocked=bool(row.get("blocked")))
        if target.variant is None:
            return item
        path = f"{_company(market)}/items({item.id})/itemVariants"
        condition = f"code eq {literal(target.variant)}"
        variants = [variant async for variant in self._api.rows(path, correlation_id, filter=condition)]
        return ItemRecord(item.id, item.number, variants[0]["id"], item.blocked) if variants else None


def _company(market: Market) -> str:
    return f"companies({market.company})"


def _has_tax_id(row: Row, vat_id: str) -> bool:
    """Look again at what was found: the property is computed, and whether it can be filtered is not documented."""
    return str(row.get("taxRegistrationNumber", "")).strip().casefold() == vat_id.strip().casefold()


def _customer_record(row: Row) -> CustomerRecord:
    # blocked is " " (escaped) when the customer is not blocked
    blocked = row.get("blocked") not in (None, "", " ", "_x0020_")
    return CustomerRecord(row["id"], row["number"], row["displayName"], row.get("email", ""), blocked)


def _order_record(row: Row) -> OrderRecord:
    currency = row["currencyCode"]

    def money(value: Any) -> Money:
        return Money(Decimal(str(value)), currency)

    totals = Totals(
        net=money(row["totalAmountExcludingTax"]),
        tax=money(row["totalTaxAmount"]),
        gross=money(row["totalAmountIncludingTax"]),
    )
    goods, _ = goods_and_purchase_order(sorted_lines(row))
    lines = tuple(
        LineAmounts(
            f"{line['lineObjectNumber']} {line['description']}",
            money(line["netAmount"]),
            money(line["netAmountIncludingTax"]),
        )
        for line in goods
    )
    return OrderRecord(
        row["id"], row["number"], row["externalDocumentNumber"], totals, lines, row["customerNumber"], _untouched(row)
    )


def _untouched(row: Row) -> bool:
    """Nobody has released, shipped or invoiced anything of it."""
    lines = row.get("salesOrderLines", ())
    worked_on = any(line.get("shippedQuantity") or line.get("invoicedQuantity") for line in lines)
    return row.get("status") == "Draft" and not worked_on
