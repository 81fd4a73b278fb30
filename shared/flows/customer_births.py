"""Making a customer on the side that has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.commercetools.client import Document
from shared.dynamics.customer_sync import SynchronisesCustomers
from shared.errors import NO_ROOM, Throttled
from shared.flows.customer_agreement import snapshot_of
from shared.flows.customer_plan import Newcomer, Shop, StepResult
from shared.flows.customer_writing import Stores, shaped
from shared.flows.one_at_a_time import AGAIN_SECONDS, one_at_a_time
from shared.flows.questions import question_of
from shared.mapping.customer_merge import Agreement, prints_of
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CustomerState, Fields
from shared.pipeline.flow import Work
from shared.state.records import IdPair


@dataclass(frozen=True, slots=True)
class CreateInBackEnd:
    """Commercetools has a customer that the back-end shall have, too. Implements `Step`."""

    shop: Shop
    market: Market
    fields: Fields
    sync: SynchronisesCustomers
    stores: Stores

    def difference(self) -> Mapping[str, Any]:
        """See `Step.difference`."""
        return {"create_in_back_end": dict(self.fields)}

    async def run(self, work: Work) -> StepResult:
        """See `Step.run`. Takes turns with first orders of the same customer."""
        async with one_at_a_time(self.stores.claims, f"customer:{self.market.name}:{self.shop.id}") as fresh:
            if not fresh and await self._made_meanwhile():
                text = "an order has just made this customer: looked at once more"
                raise Throttled("customers", f"customer {self.shop.id}", text, retry_after=AGAIN_SECONDS, code=NO_ROOM)
            state = await self._create(work)
        marks = self.shop.entity.mark(self.shop.document, state.number)
        document, trace = self.shop.document, work.envelope.correlation_id
        if marks:
            document = await self.shop.entity.update(self.shop.client, document, marks, trace)
        await _keep(work, self.stores, self.shop, document, self.fields, state, self.market)
        return StepResult(f"customer {state.number} created in the back-end", changed=True)

    async def _made_meanwhile(self) -> bool:
        name = self.shop.entity.name
        return await self.stores.id_map.by_commercetools_id(self.market.name, name, self.shop.id) is not None

    async def _create(self, work: Work) -> CustomerState:
        wished = self.shop.entity.party(self.shop.document, work.envelope.project).number
        trace = work.envelope.correlation_id
        state = await self.sync.create_customer_of(self.market, self.fields, wished, trace)
        work.trail.dynamics_id, work.trail.document_number = state.id, state.number
        work.trail.note("customer created", state.number, after={"id": state.id, **self.fields})
        await self.stores.id_map.put(_pair(self.shop, state, self.market))
        return state


@dataclass(frozen=True, slots=True)
class CreateInCommercetools:
    """The back-end has a customer that commercetools shall have, too. Implements `Step`."""

    newcomer: Newcomer
    sync: SynchronisesCustomers
    stores: Stores

    @property
    def market(self) -> Market:
        """See `Step.market`."""
        return self.newcomer.market

    def difference(self) -> Mapping[str, Any]:
        """See `Step.difference`."""
        return {"create_in_commercetools": dict(self.newcomer.state.fields)}

    async def run(self, work: Work) -> StepResult:
        """See `Step.run`. What an earlier run has made was found by its number before this was planned."""
        made, state = self.newcomer, self.newcomer.state
        document = await made.entity.create(made.client, state, self.market, work.envelope.correlation_id)
        if isinstance(document, MissingReference):
            question = question_of(document, self.market)
            return StepResult(question.text, changed=False, question=question)
        work.trail.note("customer created in commercetools", document["id"], after={"number": state.number})
        shop = Shop(made.entity, made.client, document["id"], document)
        await self.stores.id_map.put(_pair(shop, state, self.market))
        ours = shaped(shop, self.market, self.sync)
        fields = state.fields if isinstance(ours, MissingReference) else ours
        await _keep(work, self.stores, shop, document, fields, state, self.market)
        return StepResult(f"customer {state.number} created in commercetools", changed=True)


def _pair(shop: Shop, state: CustomerState, market: Market) -> IdPair:
    return IdPair(market.name, shop.entity.name, shop.id, state.id, state.number)


async def _keep(
    work: Work, stores: Stores, shop: Shop, document: Document, ours: Fields, state: CustomerState, market: Market
) -> None:
    agreement = Agreement(prints_of(ours, shop.id), prints_of(state.fields, shop.id), shop.id)
    await stores.snapshots.put(snapshot_of(agreement, market, shop.entity.name, document, work.now))
