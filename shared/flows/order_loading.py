"""Loading for the orders flow: fetch both sides, find the market, resolve every reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.commercetools.client import CommercetoolsClient, Document
from shared.dynamics.connector import Connector
from shared.errors import Permanent
from shared.flows.matching import Match, known_customer, match_customer
from shared.flows.order_fingerprint import fingerprint
from shared.flows.order_plan import ITEM, ORDER, LoadedOrder
from shared.flows.questions import question_of
from shared.mapping.commercetools.customers import customer_from_document
from shared.mapping.commercetools.errors import UnmappableError
from shared.mapping.commercetools.orders import order_from_document
from shared.mapping.parties import bill_to_party, guest_party, known_party, payer_is_uncertain, registered_party
from shared.markets import ItemTarget, Market, MarketMap
from shared.model.back_end import ItemRecord, MissingReference, Party, References
from shared.model.order import Order
from shared.pipeline.flow import Work
from shared.pipeline.outcome import NeedsReview, NoChange, Outcome, Superseded
from shared.state.protocols import IdMap, SnapshotStore
from shared.state.records import Question


@dataclass(frozen=True, slots=True)
class OrderLoader:
    """Reads; never writes."""

    markets: MarketMap
    projects: Mapping[str, CommercetoolsClient]
    connectors: Mapping[str, Connector]
    id_map: IdMap
    snapshots: SnapshotStore

    async def load(self, work: Work) -> LoadedOrder | Outcome:
        """Fetch the order and everything that it points at, or say why it stops here."""
        envelope = work.envelope
        client = self.projects.get(envelope.project)
        if client is None:  # taken from the map while messages were on their way
            raise Permanent("market map", f"project {envelope.project}", "no such project", code="UnknownProject")
        document = await client.find(f"orders/{envelope.entity_id}", envelope.correlation_id)
        if document is None:
            return Superseded("the order does not exist in commercetools any more")
        work.trail.document_number = document.get("orderNumber") or ""
        market = self.market_of(envelope.project, document)
        if market is None:
            return NeedsReview(_no_market(envelope.project, document))
        work.trail.market = market.name
        if market.mode(ORDER + "s") == "off":
            return NoChange(f"the orders flow is off in market {market.name}")
        try:
            order = order_from_document(document, envelope.project)
        except UnmappableError as error:
            return NeedsReview(_unmappable(error, document, market))
        return await self._with_history(work, market, document, order)

    def market_of(self, project: str, document: Document) -> Market | None:
        """Return the market of an order document."""
        store = (document.get("store") or {}).get("key")
        return self.markets.market_of(project, store, document.get("country"))

    async def _with_history(
        self, work: Work, market: Market, document: Document, order: Order
    ) -> LoadedOrder | Outcome:
        pair = await self.id_map.by_commercetools_id(market.name, ORDER, order.id)
        snapshot = await self.snapshots.get(market.name, ORDER, order.id)
        if pair is not None:
            work.trail.document_number, work.trail.dynamics_id = pair.dynamics_number, pair.dynamics_id
        exported = snapshot if pair is not None else None
        if exported is not None and exported.data["fingerprint"] == fingerprint(order):
            return NoChange(f"already in the back-end as {exported.data['number']}")
        references = await self.references(work, market, order)
        if isinstance(references, Question):
            return NeedsReview(references)
        return LoadedOrder(market, document, order, references, pair, exported)

    async def references(self, work: Work, market: Market, order: Order) -> References | Question:
        """Resolve customer, items and warehouse, or say what a person must decide."""
        connector, correlation_id = self.connectors[market.back_end], work.envelope.correlation_id
        items = await self._items(market, order, connector, correlation_id)
        if isinstance(items, Question):
            return items
        party = await self._ordering_party(order, market, correlation_id)
        if isinstance(party, MissingReference):
            return question_of(party, market)
        sell_to = await self._match(work, party, market)
        if isinstance(sell_to, Question):
            return sell_to
        payer = bill_to_party(order, party) if market.customers.bill_to == "customer_when_different" else None
        bill_to = await self._match(work, payer, market) if payer else None
        if isinstance(bill_to, Question):
            return bill_to
        return References(sell_to, bill_to, items, await connector.find_location(market, correlation_id))

    async def _ordering_party(self, order: Order, market: Market, correlation_id: str) -> Party | MissingReference:
        customer_id = order.customer.id
        if customer_id is None and market.customers.guest == "account":
            return Party(key="guest", guest=True, name="guest")
        if customer_id is None:
            return guest_party(order)
        known = await known_customer(self.id_map, market, customer_id)
        asks_payer = market.customers.bill_to == "customer_when_different"
        if known is not None and known.marks and not (asks_payer and payer_is_uncertain(order, known.marks)):
            return known_party(customer_id, known, known.marks)
        document = await self.projects[order.project].find(f"customers/{customer_id}", correlation_id)
        if document is None:  # deleted since: the order's own data is all there is
            return guest_party(order)
        try:
            return registered_party(customer_from_document(document, order.project), order)
        except UnmappableError as error:
            return MissingReference(
                "customer_document", customer_id, str(error), "correct the customer in commercetools"
            )

    async def _match(self, work: Work, party: Party, market: Market) -> Match:
        connector = self.connectors[market.back_end]
        return await match_customer(party, market, connector, self.id_map, work.trail, work.envelope.correlation_id)

    async def _items(
        self, market: Market, order: Order, connector: Connector, correlation_id: str
    ) -> Mapping[str, ItemRecord] | Question:
        """Find every item: by the market map, by the SKU as item number, by what a person decided before."""
        lines = [line for line in order.lines if line.kind in {"item", "gift"}]
        nameless = next((line for line in lines if not line.sku), None)
        if nameless is not None:
            return _no_sku(nameless.label, order, market)
        skus = dict.fromkeys(str(line.sku) for line in lines)
        targets = {sku: market.items.get(sku, ItemTarget(item=sku)) for sku in skus}
        found = dict(await connector.find_items(market, targets, correlation_id))
        decided = {sku: await self._decided(market, sku) for sku in skus if sku not in found}
        found |= await connector.find_items(
            market, {sku: target for sku, target in decided.items() if target}, correlation_id
        )
        missing = [sku for sku in skus if sku not in found]
        if missing:
            return _unknown_items(missing, order, market)
        blocked = next((item for item in found.values() if item.blocked), None)
        return _item_blocked(blocked, market) if blocked else found

    async def _decided(self, market: Market, sku: str) -> ItemTarget | None:
        pair = await self.id_map.by_commercetools_id(market.name, ITEM, sku)
        if pair is None:
            return None
        return ItemTarget(item=pair.dynamics_number, variant=pair.details.get("variant"))


def _no_market(project: str, document: Document) -> Question:
    store = (document.get("store") or {}).get("key") or "no store"
    return Question(
        scope=project,
        kind="market",
        key=store,
        text=f"no market serves project {project}, {store}, country {document.get('country')}",
        commercetools={"orderNumber": document.get("orderNumber"), "store": store, "country": document.get("country")},
        hint="add a market to the market map, then resolve with --note",
    )


def _unmappable(error: UnmappableError, document: Document, market: Market) -> Question:
    return Question(
        scope=market.name,
        kind="order_document",
        key=str(document["id"]),
        text=str(error),
        commercetools={"orderNumber": document.get("orderNumber"), "version": document["version"]},
        hint="the order's own amounts contradict each other: correct it in commercetools, then resolve with --note",
    )


def _no_sku(label: str, order: Order, market: Market) -> Question:
    return Question(
        scope=market.name,
        kind="item_without_sku",
        key=order.id,
        text=f"{label} has no SKU",
        commercetools={"orderNumber": order.number},
        hint="give the variant an SKU in commercetools",
    )


def _unknown_items(missing: list[str], order: Order, market: Market) -> Question:
    return Question(
        scope=market.name,
        kind=ITEM,
        key=missing[0],
        text=f"no item for SKU {', '.join(missing)}",
        commercetools={"sku": missing[0], "orderNumber": order.number, "all": missing},
        hint="resolve with --item NUMBER [--variant CODE], or create the item and resolve with --note",
    )


def _item_blocked(item: ItemRecord, market: Market) -> Question:
    return Question(
        scope=market.name,
        kind="item_blocked",
        key=item.number,
        text=f"item {item.number} is blocked in the back-end",
        dynamics={"number": item.number},
        hint="unblock it there, then resolve with --note",
    )
