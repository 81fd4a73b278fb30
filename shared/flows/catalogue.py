"""Products, prices and inventory on the one road: a message says "look at this market", and the bulk run looks.

Timers run the same bulk run without a message. Whoever comes while a run is going waits for its end and looks again:
what changed may lie behind the page that the run is at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from shared.errors import Permanent
from shared.markets import Market, MarketMap
from shared.pipeline.bulk import BulkResult
from shared.pipeline.envelope import FlowName
from shared.pipeline.flow import Mode, Work
from shared.pipeline.outcome import Done, NoChange, Outcome, RetryAt

AGAIN = timedelta(seconds=20)
MARKET = "market"  # the entity type of a message that asks for a run
FULL = "full"  # the type of a cause that asks to compare everything

type Run = Callable[[Market, bool], Awaitable[BulkResult]]


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """A run that is due. Shadow mode is the run's own affair: it compares, and shows every difference."""

    market: Market
    full: bool
    mode: Mode = "on"

    def difference(self) -> Mapping[str, Any]:
        """See `Planned.difference`."""
        return {"market": self.market.name, "full": self.full}


@dataclass(frozen=True, slots=True)
class CatalogueFlow:
    """Implements `Flow` for one of the three. `run` is the bulk run of a market, everything or what changed."""

    name: FlowName
    markets: MarketMap
    run: Run

    async def load(self, work: Work) -> BulkPlan | Outcome:
        """See `Flow.load`."""
        market = self.markets.by_name.get(work.envelope.entity_id)
        if market is None:
            raise Permanent("market map", f"market {work.envelope.entity_id}", "no such market", code="UnknownMarket")
        work.trail.market = market.name
        if market.mode(self.name) == "off":
            return NoChange(f"the {self.name} flow is off in market {market.name}")
        return BulkPlan(market, full=work.envelope.cause.type == FULL)

    def plan(self, work: Work, loaded: BulkPlan) -> BulkPlan:
        """See `Flow.plan`."""
        del work
        return loaded

    async def write(self, work: Work, plan: BulkPlan) -> BulkResult | Outcome:
        """See `Flow.write`."""
        result = await self.run(plan.market, plan.full)
        if result.skipped:
            return RetryAt(work.now + AGAIN, "another run is still going", counted=False)
        return result

    async def record(self, work: Work, plan: BulkPlan, written: BulkResult) -> Outcome:
        """See `Flow.record`."""
        why = written.told()
        work.trail.note("bulk run", why, after={"market": plan.market.name, "full": plan.full})
        return Done(why) if written.written or written.asked else NoChange(why)


type CatalogueName = Literal["products", "prices", "inventory"]
CATALOGUE: tuple[CatalogueName, ...] = ("products", "prices", "inventory")
