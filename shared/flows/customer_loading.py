"""Loading for the customers flow: who it is, on which sides, and what was agreed last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.commercetools.client import CommercetoolsClient, Document
from shared.dynamics.connector import Connector
from shared.dynamics.customer_sync import SynchronisesCustomers
from shared.errors import NotFound, Permanent
from shared.flows.customer_agreement import read_agreement
from shared.flows.customer_plan import FLOW, Gone, Known, LoadedCustomer, Newcomer, Shop, Target
from shared.flows.customer_questions import gone_in_back_end, several_in_commercetools, taken
from shared.flows.customer_shop import ShopEntity
from shared.flows.matching import find_match
from shared.mapping.commercetools.errors import UnmappableError
from shared.markets import ANY_PROJECT, Market, MarketMap
from shared.model.customer_fields import CustomerState
from shared.pipeline.envelope import Envelope
from shared.pipeline.flow import Trail, Work
from shared.pipeline.notices import DYNAMICS_PREFIX
from shared.pipeline.outcome import DeadLetter, NeedsReview, NoChange, Outcome
from shared.state.protocols import IdMap, SnapshotStore
from shared.state.records import IdPair, Question

COMPANIES = frozenset({"company", "organization", "account"})  # kinds of the back-ends that are no person


@dataclass(frozen=True, slots=True)
class CustomerLoader:
    """Reads; never writes."""

    markets: MarketMap
    projects: Mapping[str, CommercetoolsClient]
    connectors: Mapping[str, Connector]
    id_map: IdMap
    snapshots: SnapshotStore
    entities: Mapping[str, ShopEntity]

    async def load(self, work: Work) -> LoadedCustomer | Outcome:
        """Find both sides, whichever of them the message came from."""
        envelope = work.envelope
        if envelope.entity_id.startswith(DYNAMICS_PREFIX):
            return await self._from_back_end(work)
        entity = self.entities[envelope.entity_type]
        client = self.client(envelope.project)
        document = await entity.read(client, envelope.entity_id, envelope.correlation_id)
        if document is None:
            return await self._gone(envelope, entity)
        return await self._known(work, Shop(entity, client, envelope.entity_id, document))

    def client(self, project: str) -> CommercetoolsClient:
        """Return a project's client. Raises Permanent when the map does not know it any more."""
        client = self.projects.get(project)
        if client is None:
            raise Permanent("market map", f"project {project}", "no such project", code="UnknownProject")
        return client

    def sync(self, market: Market) -> SynchronisesCustomers:
        """Return the connector of a market."""
        connector = self.connectors[market.back_end]
        if not isinstance(connector, SynchronisesCustomers):
            raise Permanent(market.back_end, "customers", "this back-end cannot keep customers in step", code="NoSync")
        return connector

    async def _known(self, work: Work, shop: Shop) -> Known | Outcome:
        markets = await self._markets_of(work.envelope.project, shop)
        if not markets:
            return NoChange("no market with the flow customers serves this customer")
        work.trail.market = markets[0][0].name
        targets: list[Target] = []
        for market, pair in markets:
            try:
                target = await self._target(work, shop, market, pair)
            except UnmappableError as error:
                return DeadLetter("Unmappable", str(error))
            if isinstance(target, Question):
                return NeedsReview(target)
            if target is not None:
                targets.append(target)
        if not targets:
            return NoChange("no customer in the back-end yet: the first order makes one")
        return Known(shop, tuple(targets))

    async def _target(self, work: Work, shop: Shop, market: Market, pair: IdPair | None) -> Target | Question | None:
        """Read the customer in one market; None when it is none there and shall be none."""
        trace = work.envelope.correlation_id
        if pair is None:
            party = shop.entity.party(shop.document, work.envelope.project)
            connector = self.connectors[market.back_end]
            found = await find_match(party, market, connector, self.id_map, work.trail, trace)
            if isinstance(found, Question):
                return found
            if found is None:
                return Target(market, None) if market.customers.sync.create_in_back_end == "always" else None
            pair = IdPair(market.name, shop.entity.name, shop.id, found.id, found.number, found.marks)
        agreed = await read_agreement(self.snapshots, market, shop.entity.name, shop.id)
        try:
            state = await self.sync(market).read_customer(market, pair.dynamics_id, trace)
        except NotFound:
            return gone_in_back_end(pair, market)
        work.trail.dynamics_id, work.trail.document_number = state.id, state.number
        return Target(market, state, agreed, pair)

    async def _markets_of(self, project: str, shop: Shop) -> list[tuple[Market, IdPair | None]]:
        """List the markets that serve the customer, and others where it is known; one for each company."""
        found: dict[tuple[str, str], tuple[Market, IdPair | None]] = {}
        homes = self._homes(project, shop)
        for market in (*homes, *(other for other in self._candidates(project) if other not in homes)):
            company = _company(market)
            pair = await self.id_map.by_commercetools_id(market.name, shop.entity.name, shop.id)
            if (pair is not None or market in homes) and company not in found:
                found[company] = (market, pair)
        return list(found.values())

    def _homes(self, project: str, shop: Shop) -> list[Market]:
        """List the markets of the customer's stores, in which the flow runs."""
        stores, country = shop.entity.places(shop.document)
        keys: Sequence[str | None] = stores or (None,)
        served = [self.markets.market_of(project, store, country) for store in keys]
        return [market for market in self._candidates(project) if market in served]

    def _lives_in(self, market: Market, shop: Shop, work: Work) -> bool:
        """Tell whether a customer's business lands in this company: elsewhere the same number is somebody else's."""
        homes = self._homes(work.envelope.project, shop)
        return any(_company(home) == _company(market) for home in homes)

    def _candidates(self, project: str) -> list[Market]:
        """Markets of a project in which the flow runs."""
        return [
            market
            for market in self.markets.markets
            if market.project in (project, ANY_PROJECT) and market.mode(FLOW) != "off"
        ]

    async def _gone(self, envelope: Envelope, entity: ShopEntity) -> Gone:
        pairs: list[tuple[Market, IdPair]] = []
        for market in self.markets.markets:  # what an earlier time has left is erased where the flow is off, too
            if market.project not in (envelope.project, ANY_PROJECT):
                continue
            pair = await self.id_map.by_commercetools_id(market.name, entity.name, envelope.entity_id)
            if pair is not None:
                pairs.append((market, pair))
        return Gone(entity, envelope.entity_id, tuple(pairs), envelope.cause.erasure)

    async def _from_back_end(self, work: Work) -> LoadedCustomer | Outcome:
        envelope = work.envelope
        market = self.markets.by_name.get(envelope.market)
        if market is None:
            raise Permanent("market map", f"market {envelope.market}", "no such market", code="UnknownMarket")
        work.trail.market = market.name
        if market.mode(FLOW) == "off":
            return NoChange(f"the customers flow is off in market {market.name}")
        dynamics_id = envelope.entity_id.removeprefix(DYNAMICS_PREFIX)
        for entity in self.entities.values():
            pair = await self.id_map.by_dynamics_id(market.name, entity.name, dynamics_id)
            if pair is not None:
                return await self._paired(work, entity, pair)
        try:
            state = await self.sync(market).read_customer(market, dynamics_id, envelope.correlation_id)
        except NotFound:
            return NoChange("the customer is gone, and commercetools never knew it")
        work.trail.dynamics_id, work.trail.document_number = state.id, state.number
        return await self._newcomer(work, market, state)

    async def _paired(self, work: Work, entity: ShopEntity, pair: IdPair) -> LoadedCustomer | Outcome:
        client = self.client(work.envelope.project)
        document = await entity.read(client, pair.commercetools_id, work.envelope.correlation_id)
        if document is None:
            return NoChange("commercetools' customer was deleted: nothing is kept in step any more")
        return await self._known(work, Shop(entity, client, pair.commercetools_id, document))

    async def _newcomer(self, work: Work, market: Market, state: CustomerState) -> LoadedCustomer | Outcome:
        client = self.client(work.envelope.project)
        for entity in self.entities.values():
            how, looking_alike = await entity.find(client, state, market, work.envelope.correlation_id)
            found = [one for one in looking_alike if self._lives_in(market, Shop(entity, client, one["id"], one), work)]
            if len(found) > 1:
                return NeedsReview(several_in_commercetools(how, state, found, market))
            if found:
                shop = Shop(entity, client, found[0]["id"], found[0])
                doubt = await self._doubt(work, shop, market, state) if how != "number" else None
                if doubt is not None:
                    return NeedsReview(doubt)
                work.trail.note("customer matched", f"{how}: {shop.id}")
                return await self._attached(work, shop, market, state)
        is_unit = market.customers.sync.companies == "business_unit" and state.kind.casefold() in COMPANIES
        return Newcomer(self.entities["business-unit" if is_unit else "customer"], client, market, state)

    async def _doubt(self, work: Work, shop: Shop, market: Market, state: CustomerState) -> Question | None:
        """A match by what is no number must hold from the other side, too: an e-mail may be that of two customers."""
        party, connector = shop.entity.party(shop.document, work.envelope.project), self.connectors[market.back_end]
        trace = work.envelope.correlation_id
        found = await find_match(party, market, connector, self.id_map, Trail(), trace)
        if isinstance(found, Question):
            return found
        return taken(state, shop.id, found.number, market) if found and found.id != state.id else None

    async def _attached(self, work: Work, shop: Shop, market: Market, state: CustomerState) -> Known | Outcome:
        document: Document | None = await shop.entity.read(shop.client, shop.id, work.envelope.correlation_id)
        if document is None:
            return NoChange("commercetools' customer was deleted meanwhile")
        pair = IdPair(market.name, shop.entity.name, shop.id, state.id, state.number)
        agreed = await read_agreement(self.snapshots, market, shop.entity.name, shop.id)
        whole = Shop(shop.entity, shop.client, shop.id, document)
        return Known(whole, (Target(market, state, agreed, pair),))


def _company(market: Market) -> tuple[str, str]:
    return market.back_end, market.company.casefold()
