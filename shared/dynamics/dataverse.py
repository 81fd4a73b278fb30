"""Dataverse Web API with the Sales tables.

Facts: an order is addressed by an alternate key column that holds commercetools' order id, so it cannot exist twice;
If-None-Match: * makes a repeated create answer 412; a PATCH on a wrong id would create a row, so nothing here patches
without one of the two headers. The amounts are Dataverse's own arithmetic on prices, discounts and taxes that we send.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from shared.dynamics.auth import TokenProvider
from shared.dynamics.customer_sync import Entity
from shared.dynamics.dataverse_catalogue import DataverseCatalogue
from shared.dynamics.dataverse_changes import DataverseChanger
from shared.dynamics.dataverse_customers import DataverseCustomers
from shared.dynamics.dataverse_examination import examine, line_targets
from shared.dynamics.dataverse_feed import DataverseFeed
from shared.dynamics.dataverse_lookups import Lookups
from shared.dynamics.dataverse_records import (
    CUSTOMER_COLUMNS,
    LINE_COLUMNS,
    NUMBER_OF_ACCOUNT,
    ORDER_COLUMNS,
    bind_name,
    customer_record,
    order_record,
)
from shared.dynamics.examination import Examined
from shared.dynamics.multipart import Part
from shared.dynamics.odata import ODataClient, literal
from shared.dynamics.order_changes import Payer
from shared.errors import Conflict, NotFound
from shared.http import ErrorTable
from shared.mapping.dataverse import customer_fields, customers, orders
from shared.market_options.dataverse import DataverseOptions
from shared.markets import BackEnd, ItemTarget, LineTarget, Market
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

SERVICE = "Dataverse"
ERRORS = ErrorTable(
    service=SERVICE,
    conflict=frozenset({409, 412}),
    transient=frozenset({503}),
    unknown=frozenset({408, 500, 502, 504}),
    permanent=frozenset({400, 401, 403, 405, 410, 413}),
)
IN_FLIGHT = 20  # the documented limit is 52 a user and web server, and other processes share it
HEADERS = {"OData-MaxVersion": "4.0", "OData-Version": "4.0"}
REPRESENTATION = "return=representation"


def client(back_end: BackEnd, tokens: TokenProvider, http: httpx.AsyncClient) -> ODataClient:
    """Return a client of one organisation; its URL ends in /api/data/v9.2."""
    return ODataClient(back_end.url, tokens, http, ERRORS, in_flight=IN_FLIGHT, headers=HEADERS)


class Dataverse:
    """One organisation. Implements `Connector`."""

    def __init__(self, back_end: BackEnd, tokens: TokenProvider, http: httpx.AsyncClient) -> None:
        self.api = client(back_end, tokens, http)  # set-up works with it too
        self._lookups = Lookups(self.api)
        self._changer = DataverseChanger(self.api)
        self._customer_sync = DataverseCustomers(self.api, self._lookups)
        self._catalogue = DataverseCatalogue(self.api, back_end.url, self._lookups)
        self.feed = DataverseFeed(self.api)  # notices are followed to their customers with it

    def draft_order(self, order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
        """See `Connector.draft_order`."""
        return orders.draft_order(order, references, market)

    def draft_customer(self, party: Party, market: Market) -> CustomerDraft | MissingReference:
        """See `Connector.draft_customer`."""
        return customers.draft_customer(party, market)

    async def find_orders(self, market: Market, reference: str, correlation_id: str) -> list[OrderRecord]:
        """See `Connector.find_orders`. The key is unique: there is one order or none."""
        options = _options(market)
        try:
            return [await self._read(_by_key(options, reference), options, correlation_id)]
        except NotFound as error:
            if error.status != 404:
                raise
            return []

    async def create_order(
        self,
        market: Market,
        draft: OrderDraft,
        sell_to: CustomerRecord,
        bill_to: CustomerRecord | None,
        correlation_id: str,
    ) -> OrderRecord:
        """See `Connector.create_order`. Dataverse knows no second customer: who pays is in the billing address."""
        del bill_to
        options = _options(market)
        binds = await self._lookups.order_binds(draft.expected.gross.currency, options, correlation_id)
        header = {bind_name(sell_to): f"/{sell_to.id}", **binds, **draft.payload}
        lines = header.pop(options.lines_property)
        try:
            if options.create == "deep_insert":
                whole = {**header, options.order_key: draft.reference, options.lines_property: lines}
                await self.api.call("POST", "salesorders", correlation_id, json=whole)
            else:
                return await self._create_by_batch(header, lines, draft.reference, options, correlation_id)
        except Conflict:
            # An earlier run created it: the key keeps it from existing twice.
            found = await self.find_orders(market, draft.reference, correlation_id)
            if not found:
                raise
            return found[0]
        return await self._read(_by_key(options, draft.reference), options, correlation_id)

    async def _create_by_batch(
        self,
        header: Mapping[str, Any],
        lines: Iterable[Mapping[str, Any]],
        reference: str,
        options: DataverseOptions,
        correlation_id: str,
    ) -> OrderRecord:
        """Create header and lines in one change set and read the totals, all in one request."""
        path = _by_key(options, reference)
        order = {"salesorderid@odata.bind": f"/{path}"}
        change_set = [Part("PATCH", path, header, {"If-None-Match": "*"})]
        change_set += [Part("POST", "salesorderdetails", {**order, **line}) for line in lines]
        read = Part("GET", f"{path}?{_query(_reading(options))}")
        answers = await self.api.batch([change_set, read], correlation_id)
        return order_record(answers[-1].json(), options, await self._lookups.currencies(correlation_id))

    async def read_order(self, market: Market, order_id: str, correlation_id: str) -> OrderRecord:
        """See `Connector.read_order`."""
        return await self._read(f"salesorders({order_id})", _options(market), correlation_id)

    async def repair_order(
        self, market: Market, record: OrderRecord, draft: OrderDraft, correlation_id: str
    ) -> OrderRecord:
        """See `Connector.repair_order`. A change set leaves no halves."""
        del market, draft, correlation_id
        return record

    async def compare_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: Payer, correlation_id: str
    ) -> OrderChanges:
        """See `ChangesOrders.compare_order`."""
        del payer
        options, rounding = _options(market), await self._rounding(market, correlation_id)
        currencies = await self._lookups.currencies(correlation_id)
        return await self._changer.compare(order_id, draft, options, rounding, currencies, correlation_id)

    async def change_order(
        self, market: Market, order_id: str, draft: OrderDraft, payer: CustomerRecord | None, correlation_id: str
    ) -> OrderRecord:
        """See `ChangesOrders.change_order`. A change set leaves no halves."""
        del payer
        rounding = await self._rounding(market, correlation_id)
        await self._changer.change(order_id, draft, _options(market), rounding, correlation_id)
        return await self.read_order(market, order_id, correlation_id)

    async def _rounding(self, market: Market, correlation_id: str) -> dict[str, Any] | None:
        target = market.totals.rounding
        return None if target is None else await self._rounding_target(target, market, correlation_id)

    async def add_rounding_line(
        self, market: Market, record: OrderRecord, gap: Money, correlation_id: str
    ) -> OrderRecord:
        """See `Connector.add_rounding_line`."""
        if market.totals.rounding is None:
            raise NotFound(SERVICE, "add rounding line", f"market {market.name} has no totals.rounding")
        options = _options(market)
        target = await self._rounding_target(market.totals.rounding, market, correlation_id)
        line = orders.rounding_line(target, gap, options.unit_price_decimals)
        body = {"salesorderid@odata.bind": f"/salesorders({record.id})", **line}
        await self.api.call("POST", "salesorderdetails", correlation_id, json=body)
        return await self.read_order(market, record.id, correlation_id)

    async def delete_order(self, market: Market, record: OrderRecord, correlation_id: str) -> None:
        """See `Connector.delete_order`. The lines go with it."""
        del market
        try:
            await self.api.call("DELETE", f"salesorders({record.id})", correlation_id, if_match="*")
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
        """See `Connector.find_customers`: accounts and contacts; only accounts have a tax id."""
        options = _options(market)
        sought = _terms(email, options.account_vat_id, vat_id)
        if sought is None:
            return []
        searches = [self._customers("accounts", NUMBER_OF_ACCOUNT, number, sought, correlation_id)]
        if not vat_id:
            searches.append(self._customers("contacts", options.contact_number, number, sought, correlation_id))
        return [record for records in await asyncio.gather(*searches) for record in records]

    async def create_customer(self, market: Market, draft: CustomerDraft, correlation_id: str) -> CustomerRecord:
        """See `Connector.create_customer`."""
        options = _options(market)
        entity_set = customers.customer_set(draft.party, options)
        row = await self.api.call("POST", entity_set, correlation_id, json=dict(draft.payload), prefer=REPRESENTATION)
        column = NUMBER_OF_ACCOUNT if entity_set == "accounts" else options.contact_number
        return customer_record(entity_set, column, row)

    def shape_customer(self, fields: Fields, market: Market) -> Fields | MissingReference:
        """See `SynchronisesCustomers.shape_customer`."""
        return customer_fields.shape(fields, market)

    async def read_customer(self, market: Market, customer_id: str, correlation_id: str) -> CustomerState:
        """See `SynchronisesCustomers.read_customer`."""
        return await self._customer_sync.read(market, customer_id, correlation_id)

    async def change_customer(
        self, market: Market, state: CustomerState, changes: Fields, correlation_id: str
    ) -> CustomerState:
        """See `SynchronisesCustomers.change_customer`."""
        return await self._customer_sync.change(market, state, changes, correlation_id)

    async def create_customer_of(
        self, market: Market, fields: Fields, number: str | None, correlation_id: str
    ) -> CustomerState:
        """See `SynchronisesCustomers.create_customer_of`."""
        return await self._customer_sync.create(market, fields, number, correlation_id)

    def changes(
        self, entity: Entity, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[ChangePage]:
        """See `TellsChanges.changes`: of the whole organisation."""
        del entity, market
        return self.feed.changes(cursor, correlation_id)

    async def find_items(
        self, market: Market, targets: Mapping[str, ItemTarget], correlation_id: str
    ) -> Mapping[str, ItemRecord]:
        """See `Connector.find_items`. The market's service products come with them, under `service_key`.

        Products have no variants here: a target with one is not found. Products that can be sold are remembered.
        """
        wanted = {sku: target.item for sku, target in targets.items() if target.variant is None}
        services = _service_numbers(market)
        found = await self._lookups.products({*wanted.values(), *services}, correlation_id)
        items = {sku: found[number] for sku, number in wanted.items() if number in found}
        return items | {orders.service_key(number): _service(number, found.get(number)) for number in services}

    async def find_location(self, market: Market, correlation_id: str) -> str | None:
        """See `Connector.find_location`. Sales orders name no warehouse."""
        del market, correlation_id
        return None

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
        return await examine(self.api, market, correlation_id)

    async def _read(self, path: str, options: DataverseOptions, correlation_id: str) -> OrderRecord:
        row = await self.api.get(path, correlation_id, **_reading(options))
        return order_record(row, options, await self._lookups.currencies(correlation_id))

    async def _customers(
        self, entity_set: customers.CustomerSet, column: str | None, number: str | None, sought: list[str], trace: str
    ) -> list[CustomerRecord]:
        """Find by number and other terms. A record without a number is known by its id."""
        terms = list(sought)
        if number and _is_guid(number):
            terms.append(f"{entity_set[:-1]}id eq {number}")
        elif number and column is None:
            return []
        elif number:
            terms.append(f"{column} eq {literal(number)}")
        columns = ",".join([*CUSTOMER_COLUMNS[entity_set], *([column] if column else [])])
        rows = self.api.rows(entity_set, trace, filter=" and ".join(terms), select=columns)
        return [customer_record(entity_set, column, row) async for row in rows]

    async def _rounding_target(self, target: LineTarget, market: Market, correlation_id: str) -> dict[str, Any]:
        write_in = orders.write_in_fields("Rounding", _options(market))
        if target.as_ != "item" and write_in is not None:
            return write_in
        found = await self._lookups.products({target.number}, correlation_id) if target.as_ == "item" else {}
        if target.number not in found:
            hint = "name an existing product with as: item, or allow dataverse.write_in"
            text = f"market {market.name}: totals.rounding is {target.as_} {target.number}; {hint}"
            raise NotFound(SERVICE, "add rounding line", text)
        return orders.product_fields(found[target.number])


def _options(market: Market) -> DataverseOptions:
    return market.dataverse or DataverseOptions()


def _terms(email: str | None, vat_column: str | None, vat_id: str | None) -> list[str] | None:
    """Return filter terms; None when no column holds what is sought."""
    if vat_id and vat_column is None:
        return None
    terms = [f"emailaddress1 eq {literal(email)}"] if email else []
    return [*terms, *([f"{vat_column} eq {literal(vat_id)}"] if vat_id else [])]


def _by_key(options: DataverseOptions, reference: str) -> str:
    return f"salesorders({options.order_key}={quote(literal(reference), safe="'")})"


def _reading(options: DataverseOptions) -> dict[str, str]:
    return {
        "select": ",".join((*ORDER_COLUMNS, options.order_key)),
        "expand": f"{options.lines_property}($select={','.join(LINE_COLUMNS)})",
    }


def _query(options: Mapping[str, str]) -> str:
    return "&".join(f"${name}={value}" for name, value in options.items())


def _service_numbers(market: Market) -> set[str]:
    return {target.number for target in line_targets(market) if target.as_ == "item"}


def _service(number: str, item: ItemRecord | None) -> ItemRecord:
    """A service product that cannot be sold is a question only for the order that needs it."""
    if item is None:
        return ItemRecord("", number, details={"problem": "does not exist"})
    return ItemRecord(item.id, number, details={"problem": "is not active"}) if item.blocked else item


def _is_guid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(c in "0123456789abcdef-" for c in text.lower())
