"""What a flow is: four plain steps that the road drives. A flow never touches queues, retries, audit or telemetry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from shared.pipeline.envelope import Envelope
from shared.pipeline.outcome import OUTCOMES, Done, Outcome

Mode = Literal["on", "shadow", "off"]


@dataclass(frozen=True, slots=True)
class Note:
    """One step that matters, for the audit."""

    step: str
    why: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    document_number: str = ""


@dataclass(slots=True)
class Trail:
    """What a run did, in order; kept whatever the outcome, so a half-done run leaves its traces too."""

    market: str = ""
    document_number: str = ""
    dynamics_id: str = ""
    notes: list[Note] = field(default_factory=list)

    def note(
        self, step: str, why: str, *, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
    ) -> None:
        """Add one step, under the number known at that moment: so both sides' numbers find the story."""
        self.notes.append(Note(step, why, before or {}, after or {}, self.document_number))


@dataclass(frozen=True, slots=True)
class Work:
    """One run of a flow. `fresh` is False when an earlier run may have written: look up before writing."""

    envelope: Envelope
    fresh: bool
    now: datetime
    trail: Trail


class Planned(Protocol):
    """What `plan` returns: the whole difference, ready to be written or, in shadow mode, only shown."""

    @property
    def mode(self) -> Mode:
        """The flow's mode in this market."""

    def difference(self) -> Mapping[str, Any]:
        """What would be written, for the shadow audit."""


class Flow[Loaded, Plan: Planned, Written](Protocol):
    """Each step returns its value, or an outcome that ends the run. Steps raise only `shared.errors.ServiceError`."""

    @property
    def name(self) -> str:
        """The flow's name, which is also its queue."""

    async def load(self, work: Work) -> Loaded | Outcome:
        """Fetch both sides and the snapshot, and resolve every reference."""

    def plan(self, work: Work, loaded: Loaded) -> Plan | Outcome:
        """Map and compare. Pure: no I/O, no clock."""

    async def write(self, work: Work, plan: Plan) -> Written | Outcome:
        """Write the difference and verify what the other side made of it."""

    async def record(self, work: Work, plan: Plan, written: Written) -> Outcome:
        """Write back ids, keep the id map and the snapshot."""


async def travel[Loaded, Plan: Planned, Written](flow: Flow[Loaded, Plan, Written], work: Work) -> Outcome:
    """Drive the four steps; stops at the first outcome. Shadow mode does all but the write."""
    loaded = await flow.load(work)
    if isinstance(loaded, OUTCOMES):
        return loaded
    plan = flow.plan(work, loaded)
    if isinstance(plan, OUTCOMES):
        return plan
    if plan.mode == "shadow":
        work.trail.note("shadow", "mode is shadow: nothing was written", after=plan.difference())
        return Done("shadow: the difference is in the audit")
    written = await flow.write(work, plan)
    if isinstance(written, OUTCOMES):
        return written
    return await flow.record(work, plan, written)
