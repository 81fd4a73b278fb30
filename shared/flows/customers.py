"""Customers: one customer on both sides, each field by who owns it, and no write that answers a write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.flows.customer_births import CreateInBackEnd, CreateInCommercetools
from shared.flows.customer_forget import Forget
from shared.flows.customer_loading import CustomerLoader
from shared.flows.customer_plan import (
    FLOW,
    CustomerPlan,
    Gone,
    Known,
    LoadedCustomer,
    Newcomer,
    Step,
    StepResult,
    Target,
)
from shared.flows.customer_questions import unknown_in_commercetools
from shared.flows.customer_reconcile import Reconcile
from shared.flows.customer_writing import Stores, read_together, shaped
from shared.flows.erasure import Eraser
from shared.flows.questions import question_of
from shared.model.back_end import MissingReference
from shared.pipeline.envelope import FlowName
from shared.pipeline.flow import Work
from shared.pipeline.outcome import Done, NeedsReview, NoChange, Outcome


@dataclass(frozen=True, slots=True)
class CustomersFlow:
    """Implements `Flow`."""

    loader: CustomerLoader
    stores: Stores
    eraser: Eraser
    name: FlowName = FLOW

    async def load(self, work: Work) -> LoadedCustomer | Outcome:
        """See `Flow.load`."""
        return await self.loader.load(work)

    def plan(self, work: Work, loaded: LoadedCustomer) -> CustomerPlan | Outcome:
        """See `Flow.plan`."""
        del work
        match loaded:
            case Gone():
                return self._forgetting(loaded)
            case Newcomer():
                return self._birth(loaded)
            case Known():
                return self._steps(loaded)

    async def write(self, work: Work, plan: CustomerPlan) -> Sequence[StepResult] | Outcome:
        """See `Flow.write`. A market in shadow mode shows its difference while others write."""
        results: list[StepResult] = []
        for step in plan.steps:
            if step.market.mode(FLOW) == "on":
                results.append(await step.run(work))
            else:
                why = f"market {step.market.name} is in shadow mode: nothing was written"
                work.trail.note("shadow", why, after=step.difference())
        if plan.erase is not None:
            await self.eraser.erase(work, plan.erase)
            results.append(StepResult("personal data erased", changed=True))
        return results

    async def record(self, work: Work, plan: CustomerPlan, written: Sequence[StepResult]) -> Outcome:
        """See `Flow.record`. A question that one market has does not undo what was done in the others."""
        del work, plan
        question = next((result.question for result in written if result.question is not None), None)
        if question is not None:
            return NeedsReview(question)
        why = "; ".join(result.why for result in written)
        return Done(why) if any(result.changed for result in written) else NoChange(why)

    def _forgetting(self, gone: Gone) -> CustomerPlan | Outcome:
        followed = [(market, pair) for market, pair in gone.pairs if market.mode(FLOW) != "off"]
        if not followed and not gone.erase:
            return NoChange("the customer was deleted in commercetools, and no back-end knew it")
        forgetting = [Forget(gone, market, pair, self.loader.sync(market), self.stores) for market, pair in followed]
        return CustomerPlan(forgetting, gone if gone.erase else None)

    def _birth(self, newcomer: Newcomer) -> CustomerPlan | Outcome:
        market, state = newcomer.market, newcomer.state
        match market.customers.sync.create_in_commercetools:
            case "never":
                return NoChange(f"customer {state.number} is none of commercetools', and shall not become one")
            case "review":
                return NeedsReview(unknown_in_commercetools(state, market))
            case "always":
                return CustomerPlan([CreateInCommercetools(newcomer, self.loader.sync(market), self.stores)])

    def _steps(self, known: Known) -> CustomerPlan | Outcome:
        steps: list[Step] = []
        for target in known.targets:
            step = self._step(known, target)
            if isinstance(step, MissingReference):
                return NeedsReview(question_of(step, target.market))
            steps.append(step)
        return CustomerPlan(steps)

    def _step(self, known: Known, target: Target) -> Step | MissingReference:
        sync = self.loader.sync(target.market)
        if target.state is None:
            fields = shaped(known.shop, target.market, sync)
            if isinstance(fields, MissingReference):
                return fields
            return CreateInBackEnd(known.shop, target.market, fields, sync, self.stores)
        reading = read_together(known.shop, target.state, target.agreed, target.market, sync)
        return reading if isinstance(reading, MissingReference) else Reconcile(reading, target, sync, self.stores)
