"""The values that the orders flow hands from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.commercetools.client import Document
from shared.markets import Market
from shared.model.back_end import CustomerDraft, OrderDraft, References
from shared.model.order import Order
from shared.pipeline.flow import Mode
from shared.state.records import IdPair, Snapshot

ORDER = "order"
ITEM = "item"


@dataclass(frozen=True, slots=True)
class LoadedOrder:
    """Both sides as they are now. `pair` is set when the back-end's order was confirmed by an earlier run.

    `exported` is set when the order has changed since: what it was when both sides were last in step.
    """

    market: Market
    document: Document
    order: Order
    references: References
    pair: IdPair | None
    exported: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """The sales order to be written."""

    loaded: LoadedOrder
    draft: OrderDraft
    mode: Mode

    def difference(self) -> Mapping[str, Any]:
        """See `Planned.difference`."""
        references = self.loaded.references
        parties = {"sell_to": references.sell_to, "bill_to": references.bill_to}
        return {**self.draft.payload, **{role: _shown(party) for role, party in parties.items() if party}}


def _shown(party: Any) -> Any:
    return {"to be created": dict(party.payload)} if isinstance(party, CustomerDraft) else party.number
