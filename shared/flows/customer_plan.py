"""What the customers flow loads and plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shared.commercetools.client import CommercetoolsClient, Document
from shared.flows.customer_shop import ShopEntity
from shared.mapping.customer_merge import Agreement
from shared.markets import Market
from shared.model.customer_fields import CustomerState
from shared.pipeline.flow import Mode, Work
from shared.state.records import IdPair, Question

FLOW: Literal["customers"] = "customers"


@dataclass(frozen=True, slots=True)
class Shop:
    """The commercetools side of one customer."""

    entity: ShopEntity
    client: CommercetoolsClient
    id: str
    document: Document


@dataclass(frozen=True, slots=True)
class Target:
    """The customer in one market. Without a state it has to be created there."""

    market: Market
    state: CustomerState | None
    agreed: Agreement | None = None
    pair: IdPair | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A customer of commercetools, and where it is a customer, too."""

    shop: Shop
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A customer of the back-end that commercetools does not know yet."""

    entity: ShopEntity
    client: CommercetoolsClient
    market: Market
    state: CustomerState


@dataclass(frozen=True, slots=True)
class Gone:
    """A customer that was deleted in commercetools, and the pairs that are left."""

    entity: ShopEntity
    id: str
    pairs: tuple[tuple[Market, IdPair], ...]
    erase: bool


type LoadedCustomer = Known | Newcomer | Gone


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step came to; `changed` is False when there was nothing to write."""

    why: str
    changed: bool
    question: Question | None = None


class Step(Protocol):
    """One thing to do, in one market."""

    @property
    def market(self) -> Market:
        """Where."""

    def difference(self) -> Mapping[str, Any]:
        """What would be written."""

    async def run(self, work: Work) -> StepResult:
        """Write it and remember it. Safe to call again after a crash."""


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """Everything to be done. Markets in shadow mode only show what they would do."""

    steps: Sequence[Step]
    erase: Gone | None = None

    @property
    def mode(self) -> Mode:
        """Shadow when every market is; what the connector itself remembers is erased in any mode."""
        return "on" if self.erase or any(step.market.mode(FLOW) == "on" for step in self.steps) else "shadow"

    def difference(self) -> Mapping[str, Any]:
        """See `Planned.difference`."""
        return {step.market.name: step.difference() for step in self.steps}
