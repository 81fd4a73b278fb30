"""A person decides whose values count where both sides have changed a customer: the agreement is put so that they do.

Nothing is written to either side here. The agreement says afterwards that both sides had the losing value and that the
winning side has changed it; the next run of the flow carries that change over like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import NotFound
from shared.flows.customer_agreement import read_agreement, snapshot_of
from shared.flows.customer_loading import CustomerLoader
from shared.flows.customer_plan import Shop
from shared.flows.customer_questions import FIELDS
from shared.flows.customer_writing import Reading, read_together
from shared.flows.questions import question_of
from shared.mapping.customer_merge import Agreement, print_of
from shared.markets import ANY_PROJECT, Market
from shared.model.back_end import MissingReference
from shared.state.protocols import SnapshotStore
from shared.state.records import IdPair, Question

Taken = Literal["commercetools", "dynamics"]
SERVICE = "customers"


@dataclass(frozen=True, slots=True)
class Decider:
    """Reads both sides and keeps the decision in the snapshot."""

    loader: CustomerLoader
    snapshots: SnapshotStore

    async def take(
        self, question: Question, market: Market, side: Taken, now: datetime, correlation_id: str
    ) -> Sequence[str]:
        """Let a side win every field that is undecided now; returns their names, none when nothing differs any more.

        Raises NotFound when either side has no such customer any more.
        """
        customer_id = question.key.removesuffix(FIELDS)
        pair = await self._pair(market, customer_id)
        agreed = await read_agreement(self.snapshots, market, pair.entity, customer_id)
        reading = await self._reading(market, pair, agreed, correlation_id)
        names = [decision.name for decision in reading.merged.undecided]
        if names:
            agreement = decided(agreed or Agreement({}, {}, customer_id), reading, names, side)
            document = reading.shop.document
            await self.snapshots.put(snapshot_of(agreement, market, pair.entity, document, now))
        return names

    async def _pair(self, market: Market, customer_id: str) -> IdPair:
        for entity in self.loader.entities:
            pair = await self.loader.id_map.by_commercetools_id(market.name, entity, customer_id)
            if pair is not None:
                return pair
        text = f"market {market.name} has no pair for it any more: resolve with --note"
        raise NotFound(SERVICE, f"decide on customer {customer_id}", text)

    async def _reading(self, market: Market, pair: IdPair, agreed: Agreement | None, correlation_id: str) -> Reading:
        entity, client = self.loader.entities[pair.entity], self.loader.client(self._project(market))
        document = await entity.read(client, pair.commercetools_id, correlation_id)
        action = f"decide on customer {pair.commercetools_id}"
        if document is None:
            raise NotFound(SERVICE, action, "it was deleted in commercetools: resolve with --note")
        sync = self.loader.sync(market)
        state = await sync.read_customer(market, pair.dynamics_id, correlation_id)
        shop = Shop(entity, client, pair.commercetools_id, document)
        reading = read_together(shop, state, agreed, market, sync)
        if isinstance(reading, MissingReference):
            raise NotFound(SERVICE, action, f"{question_of(reading, market).text}: put that right first")
        return reading

    def _project(self, market: Market) -> str:
        """The map allows `*` only where there is one project."""
        return next(iter(self.loader.projects)) if market.project == ANY_PROJECT else market.project


def decided(agreed: Agreement, reading: Reading, names: Sequence[str], side: Taken) -> Agreement:
    """Return the agreement in which the other side's present values were agreed. Pure."""
    losing = reading.state.fields if side == "commercetools" else reading.ours
    prints = {name: print_of(name, losing[name], agreed.salt) for name in names}
    return Agreement(
        {**agreed.commercetools, **prints},
        {**agreed.dynamics, **prints},
        agreed.salt,
        {**agreed.decided, **dict.fromkeys(names, side)},
    )
