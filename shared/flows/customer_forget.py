"""A customer was deleted in commercetools: nothing is kept in step any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.dynamics.customer_sync import SynchronisesCustomers
from shared.errors import NotFound
from shared.flows.customer_plan import Gone, StepResult
from shared.flows.customer_writing import Stores
from shared.markets import Market
from shared.model.customer_fields import CustomerState
from shared.pipeline.flow import Work
from shared.state.records import IdPair


@dataclass(frozen=True, slots=True)
class Forget:
    """Block the customer where the market wants that, and forget the agreement. Implements `Step`."""

    gone: Gone
    market: Market
    pair: IdPair
    sync: SynchronisesCustomers
    stores: Stores

    def difference(self) -> Mapping[str, Any]:
        """See `Step.difference`."""
        return {"deleted": self.pair.dynamics_number, "block": self._blocks}

    @property
    def _blocks(self) -> bool:
        return self.market.customers.sync.when_deleted == "block"

    async def run(self, work: Work) -> StepResult:
        """See `Step.run`."""
        number = self.pair.dynamics_number
        work.trail.dynamics_id, work.trail.document_number = self.pair.dynamics_id, number
        blocked = self._blocks and await self._block(work)
        await self.stores.snapshots.remove(self.market.name, self.gone.entity.name, self.gone.id)
        why = f"customer {number} was deleted in commercetools; " + (
            "blocked in the back-end" if blocked else "kept there"
        )
        return StepResult(why, changed=True)

    async def _block(self, work: Work) -> bool:
        trace = work.envelope.correlation_id
        state = await self._state(trace)
        if state is None or state.fields.get("blocked") is not False:
            return False
        await self.sync.change_customer(self.market, state, {"blocked": True}, trace)
        work.trail.note("back-end changed", state.number, before={"blocked": False}, after={"blocked": True})
        return True

    async def _state(self, trace: str) -> CustomerState | None:
        try:
            return await self.sync.read_customer(self.market, self.pair.dynamics_id, trace)
        except NotFound:
            return None
