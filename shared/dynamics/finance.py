"""Finance & Supply Chain over OData.

Facts: keys are composite and start with dataAreaId; other companies than the service user's own are seen only with
cross-company=true; header and lines are written by separate requests; there is no idempotent create, so `find_orders`
looks up by CustomersOrderReference (not unique) first; business errors hide in `innererror.message`; `*` in a filter's
text stands for any characters, so what comes back is compared once more.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence

import httpx

from shared.dynamics.auth import TokenProvider
from shared.dynamics.customer_sync import Entity
from shared.dynamics.examination import Examined
from shared.dynamics.finance_catalogue import FinanceCatalogue
from shared.dynamics.finance_changes import FinanceChanger
from shared.dynamics.finance_customers import FinanceCustomers
from shared.dynamics.finance_examination import examine
from shared.dynamics.finance_feed import FinanceFeed
from shared.dynamics.finance_orders import FinanceOrders, options_of
from shared.dynamics.finance_records import (
    DIMENSIONS,
    customer_record,
    in_company,
    infolog_text,
    same_text,
)
from shared.dynamics.odata import ODataClient, Row, any_of, literal
from shared.dynamics.order_changes import Payer
from shared.errors import NotFound
from shared.http import ErrorTable
from shared.mapping.finance import customer_fields, customers, orders
from shared.markets import BackEnd, ItemTarget, Market
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
from shared.model.catalogue import CataloguePage, ItemState, PriceState, StockState
from shared.model.customer_fields import ChangePage, CustomerState, Fields
from shared.model.money import Money
from shared.model.order import Order
from shared.model.order_changes import OrderChanges

SERVICE = "Finance"
ERRORS = ErrorTable(
    service=SERVICE,
    conflict=frozenset({409, 412}),
    transient=frozenset({503}),
    unknown=frozenset({408, 500, 502, 504}),
    permanent=frozenset({400, 401, 403, 405, 413}),
)
IN_FLIGHT = 8  # Finance limits resources, not users; politeness, and room for others
MAX_OR_TERMS = 50  # keeps $filter well below URL limits


class Finance:
    """One environment; the legal entity comes with the market. Implements `Connector`."""

    def __init__(self, back_end: BackEnd, tokens: TokenProvider, http: httpx.AsyncClient) -> None:
        self._api = ODataClient(
            back_end.url,
            tokens,
            http,
            ERRORS,
            in_flight=IN_FLIGHT,
            error_text=infolog_text,
            query={"cross-company": "true"},
        )
        self._orders = FinanceOrders(self._api)
        self._changer = FinanceChanger(self._api)
        self._customers = FinanceCustomers(self._api)
        self._feed = FinanceFeed(self._api, self._customers)
        self._catalogue = FinanceCatalogue(self._api)
        self._items: dict[tuple[str, ItemTarget], ItemRecord] = {}
        self._warehouses: set[tuple[str, str]] = set()

    def draft_order(self, order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
        """See `Connector.draft_order`."""
        return orders.draft_order(order, references, market)

    def draft_customer(self, party: Party, market: Market) -> CustomerDraft | MissingReference:
        """See `Connector.draft_customer`."""
        return customers.draft_customer(party, market)

    async def find_orders(self, market: Market, reference: str, correlation_id: str) -> list[OrderRecord]:
        """See `Connector.find_orders`."""
        return await self._orders.find(market, reference, correlation_id)

    async def create_order(
        self,
        market: Market,
        draft: OrderDraft,
        sell_to: CustomerRecord,
        bill_to: CustomerRecord | None,
        correlation_id: str,
    ) -> OrderRecord:
        """See `Connector.create_order`. Without `batch` a crash may leave a half: `repair_order` completes it."""
        accounts = {
            "OrderingCustomerAccountNumber": sell_to.number,
            "InvoiceCustomerAccountNumber": (bill_to or sell_to).number,
        }
        return await self._orders.create(market, draft, accounts, correlation_id)

    async def read_order(self, market: Market, order_id: str, correlation_id: str) -> OrderRecord:
        """See `Connector.read_order`."""
        return await self._orders.read(market, order_id, correlation_id)

    async def repair_order(
        self, market: Market, record: OrderRecord, draft: OrderDraft, correlation_id: str
    ) -> OrderRecord:
        """See `Connector.repair_order`. Raises Permanent when the order has lines that are not ours."""
        return await self._orders.repair(market, record, draft, correlation_id)

    async def compare_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: Payer, correlation_id: str
    ) -> OrderChanges:
        """See `ChangesOrders.compare_order`."""
        return await self._changer.compare(market, order_id, draft, payer, correlation_id)

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
        line = orders.rounding_line(market.totals.rounding, gap, len(record.lines) + 1, market)
        await self._orders.add_line(market, record.id, line, correlation_id)
        return await self.read_order(market, record.id, correlation_id)

    async def delete_order(self, market: Market, record: OrderRecord, correlation_id: str) -> None:
        """See `Connector.delete_order`."""
        await self._orders.delete(market, record.id, correlation_id)

    async def find_customers(
        self,
        market: Market,
        correlation_id: str,
        *,
        number: str | None = None,
        email: str | None = None,
        vat_id: str | None = None,
    ) -> list[CustomerRecord]:
        """See `Connector.find_customers`. Where the market names no field for tax ids, nobody has one."""
        vat_id_field = options_of(market).vat_id_field
        if vat_id and vat_id_field is None:
            return []
        wanted = {"CustomerAccount": number, "PrimaryContactEmail": email, vat_id_field or "": vat_id}
        terms = {field: text for field, text in wanted.items() if text}
        return await self._customers.find(market, terms, correlation_id)

    async def create_customer(self, market: Market, draft: CustomerDraft, correlation_id: str) -> CustomerRecord:
        """See `Connector.create_customer`."""
        del market  # the draft names its company
        return customer_record(await self._api.call("POST", "CustomersV3", correlation_id, json=dict(draft.payload)))

    def shape_customer(self, fields: Fields, market: Market) -> Fields | MissingReference:
        """See `SynchronisesCustomers.shape_customer`."""
        return customer_fields.shape(fields, market)

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
        """See `SynchronisesCustomers.create_customer_of`. Accounts come from Finance's own number sequence."""
        del number
        return await self._customers.create(market, fields, correlation_id)

    def changes(
        self, entity: Entity, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[ChangePage]:
        """See `TellsChanges.changes`. Finance says of no customer when it was changed: every pull lists all."""
        del entity, cursor
        return self._feed.customers(market, correlation_id)

    async def find_items(
        self, market: Market, targets: Mapping[str, ItemTarget], correlation_id: str
    ) -> Mapping[str, ItemRecord]:
        """See `Connector.find_items`. Items that may be sold are remembered for the life of the process.

        A target without variant that is no item number may be the number of a product variant.
        """
        wanted = set(targets.values())
        known = ((target, self._items.get((market.company, target))) for target in wanted)
        found = {target: item for target, item in known if item is not None}
        if missing := wanted - found.keys():
            fetched = await self._fetch_items(market, missing, correlation_id)
            self._items |= {(market.company, target): item for target, item in fetched.items() if not item.blocked}
            found |= fetched
        return {sku: found[target] for sku, target in targets.items() if target in found}

    async def find_location(self, market: Market, correlation_id: str) -> str | None:
        """See `Connector.find_location`."""
        code = market.location
        if code is None or (market.company, code) in self._warehouses:
            return code
        rows = self._rows("Warehouses", market, f"WarehouseId eq {literal(code)}", correlation_id)
        if not [row async for row in rows if same_text(row["WarehouseId"], code)]:
            text = f"company {market.company} has no warehouse {code}"
            raise NotFound(SERVICE, "find location", text, code="NoLocation")
        self._warehouses.add((market.company, code))
        return code

    def items(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        """See `OffersCatalogue.items`."""
        return self._catalogue.items(market, cursor, correlation_id)

    def prices(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        """See `OffersCatalogue.prices`."""
        return self._catalogue.prices(market, cursor, correlation_id)

    def stock(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[StockState]]:
        """See `OffersCatalogue.stock`."""
        return self._catalogue.stock(market, cursor, correlation_id)

    async def items_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[ItemState]:
        """See `OffersCatalogue.items_of`."""
        return await self._catalogue.items_of(market, targets, correlation_id)

    async def prices_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[PriceState]:
        """See `OffersCatalogue.prices_of`."""
        return await self._catalogue.prices_of(market, targets, correlation_id)

    async def stock_of(
        self, market: Market, targets: Collection[ItemTarget], correlation_id: str
    ) -> Sequence[StockState]:
        """See `OffersCatalogue.stock_of`."""
        return await self._catalogue.stock_of(market, targets, correlation_id)

    def catalogue_gaps(self, market: Market) -> Sequence[str]:
        """See `OffersCatalogue.catalogue_gaps`."""
        return self._catalogue.gaps(market)

    async def examine(self, market: Market, correlation_id: str) -> list[Examined]:
        """See `Examiner.examine`."""
        return await examine(self._api, market, correlation_id)

    async def _fetch_items(
        self, market: Market, targets: Iterable[ItemTarget], correlation_id: str
    ) -> dict[ItemTarget, ItemRecord]:
        names = {target: target.variant or target.item for target in targets}
        items = await self._by_number(
            "ReleasedProductsV2", "ItemNumber", {target.item for target in names}, market, correlation_id
        )
        others = {name for target, name in names.items() if target.variant or target.item.casefold() not in items}
        variants = await self._by_number(
            "ReleasedProductVariantsV2", "ProductVariantNumber", others, market, correlation_id
        )
        if unlisted := {row["ItemNumber"] for row in variants.values()} - {row["ItemNumber"] for row in items.values()}:
            items |= await self._by_number("ReleasedProductsV2", "ItemNumber", unlisted, market, correlation_id)
        records = {
            target: _item_record(target, items, variants.get(name.casefold()), market) for target, name in names.items()
        }
        return {target: record for target, record in records.items() if record is not None}

    async def _by_number(
        self, entity_set: str, field: str, numbers: Iterable[str], market: Market, correlation_id: str
    ) -> dict[str, Row]:
        """Read rows by number; keys are in lower case."""
        wanted = sorted(numbers)
        found: dict[str, Row] = {}
        for start in range(0, len(wanted), MAX_OR_TERMS):
            condition = f"({any_of(field, wanted[start : start + MAX_OR_TERMS])})"
            async for row in self._rows(entity_set, market, condition, correlation_id):
                found[row[field].casefold()] = row
        return found

    def _rows(self, entity_set: str, market: Market, condition: str, correlation_id: str) -> AsyncIterator[Row]:
        return self._api.rows(entity_set, correlation_id, filter=in_company(market.company, condition))


def _item_record(
    target: ItemTarget, items: Mapping[str, Row], variant: Row | None, market: Market
) -> ItemRecord | None:
    master = variant["ItemNumber"] if variant is not None else target.item
    item = items.get(master.casefold())
    if item is None or (target.variant is not None and (variant is None or not same_text(master, target.item))):
        return None
    blocked = item.get("ProductLifecycleStateId") in options_of(market).blocked_lifecycle_states
    number = item["ItemNumber"]
    if variant is None:
        return ItemRecord(number, number, blocked=blocked)
    dimensions = {name: variant[name] for name in DIMENSIONS if variant.get(name)}
    return ItemRecord(number, number, variant["ProductVariantNumber"], blocked, dimensions)
