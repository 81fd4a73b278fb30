"""Bringing a customer in step that both sides have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.dynamics.customer_sync import SynchronisesCustomers
from shared.errors import Conflict
from shared.flows.customer_plan import StepResult, Target
from shared.flows.customer_questions import belongs_to_another, conflict
from shared.flows.customer_shop import Action
from shared.flows.customer_writing import (
    Reading,
    Stores,
    actions_of,
    keep_agreement,
    read_again,
    read_together,
    told_back_end,
)
from shared.flows.questions import question_of
from shared.mapping.customer_merge import Agreement
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CustomerState
from shared.pipeline.flow import Work
from shared.state.records import IdPair, Question

ROUNDS = 3  # of reading again and merging again, when others are faster


@dataclass(slots=True)
class Progress:
    """What is agreed so far: a round that meets a conflict half-way has told the back-end something already."""

    agreed: Agreement | None


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Merge, and tell each side what it lacks. Implements `Step`."""

    reading: Reading
    target: Target
    sync: SynchronisesCustomers
    stores: Stores

    @property
    def market(self) -> Market:
        """See `Step.market`."""
        return self.target.market

    def difference(self) -> Mapping[str, Any]:
        """See `Step.difference`."""
        merged = self.reading.merged
        return {
            "to_commercetools": dict(merged.to_commercetools),
            "to_dynamics": dict(merged.to_dynamics),
            "undecided": [decision.name for decision in merged.undecided],
        }

    async def run(self, work: Work) -> StepResult:
        """See `Step.run`. When somebody else is faster, both sides are read and merged again."""
        taken = await self._pair()
        if taken is not None:
            return _asked(taken)
        reading, progress = self.reading, Progress(self.target.agreed)
        for _ in range(ROUNDS):
            try:
                return await self._write(work, reading, progress)
            except Conflict as error:
                work.trail.note("changed meanwhile", f"read and merged again: {error.message}")
                again = await self._read_again(work, reading, progress)
                if isinstance(again, MissingReference):
                    return _asked(question_of(again, self.market))
                reading = again
        number = reading.state.number
        raise Conflict("customers", f"customer {number}", f"changed by others {ROUNDS} times in a row")

    async def _pair(self) -> Question | None:
        """Keep the pair before anything is written, so that two customers never write into one."""
        shop, state = self.reading.shop, self.reading.state
        pair = self.target.pair or IdPair(self.market.name, shop.entity.name, shop.id, state.id)
        try:
            await self.stores.id_map.put(replace(pair, dynamics_number=state.number))
        except Conflict as error:
            return belongs_to_another(state, shop.id, error.message, self.market)
        return None

    async def _read_again(self, work: Work, reading: Reading, progress: Progress) -> Reading | MissingReference:
        trace = work.envelope.correlation_id
        shop = await read_again(reading.shop, reading.shop.client, trace)
        state = await self.sync.read_customer(self.market, reading.state.id, trace)
        return read_together(shop, state, progress.agreed, self.market, self.sync)

    async def _write(self, work: Work, reading: Reading, progress: Progress) -> StepResult:
        trace, merged = work.envelope.correlation_id, reading.merged
        actions = actions_of(reading, self.market)
        if isinstance(actions, MissingReference):
            return _asked(question_of(actions, self.market))
        after, document = reading.state, reading.shop.document
        if merged.to_dynamics:
            after = await self.sync.change_customer(self.market, after, merged.to_dynamics, trace)
            _note_back_end(work, reading, after)
            progress.agreed = told_back_end(progress.agreed, reading, after)
        if actions:
            document = await reading.shop.entity.update(reading.shop.client, document, actions, trace)
            _note_commercetools(work, reading, actions)
        _note_decisions(work, reading)
        await keep_agreement(work, self.stores, reading, document, after, self.target.agreed, self.market, self.sync)
        return self._result(reading, wrote=bool(actions or merged.to_dynamics))

    def _result(self, reading: Reading, *, wrote: bool) -> StepResult:
        merged, number = reading.merged, reading.state.number
        question = None
        if merged.undecided:
            question = conflict(merged.undecided, reading.shop.id, number, self.market)
        sides = (("commercetools", merged.to_commercetools), ("the back-end", merged.to_dynamics))
        told = ", ".join(f"{', '.join(fields)} to {side}" for side, fields in sides if fields)
        why = (
            f"customer {number}: {told or 'number kept in commercetools'}" if wrote else f"customer {number} is in step"
        )
        return StepResult(why, changed=wrote, question=question)


def _asked(question: Question) -> StepResult:
    return StepResult(question.text, changed=False, question=question)


def _note_back_end(work: Work, reading: Reading, after: CustomerState) -> None:
    names = reading.merged.to_dynamics
    before = {name: reading.state.fields[name] for name in names}
    work.trail.note(
        "back-end changed", reading.state.number, before=before, after={name: after.fields[name] for name in names}
    )


def _note_commercetools(work: Work, reading: Reading, actions: Sequence[Action]) -> None:
    names = reading.merged.to_commercetools
    what = ", ".join(str(action["action"]) for action in actions)
    before = {name: reading.ours[name] for name in names}
    work.trail.note("commercetools changed", what, before=before, after=dict(names))


def _note_decisions(work: Work, reading: Reading) -> None:
    """Say who won a field against a value of the other side, with both values."""
    for decision in reading.merged.decisions:
        if decision.conflict or decision.why.endswith("put back"):
            both = {"commercetools": decision.commercetools, "dynamics": decision.dynamics}
            step = "conflict" if decision.conflict else "put back"
            work.trail.note(step, f"{decision.name}: {decision.why}", before={decision.name: both})
