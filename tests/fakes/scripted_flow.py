"""A flow whose every run follows a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.pipeline.flow import Mode, Work
from shared.pipeline.outcome import Done, Outcome

type Step = Outcome | Exception


@dataclass(frozen=True, slots=True)
class ScriptedPlan:
    """A plan that only has a mode and a difference."""

    mode: Mode = "on"
    content: Mapping[str, Any] = field(default_factory=lambda: {"quantity": 1})

    def difference(self) -> Mapping[str, Any]:
        return self.content


class ScriptedFlow:
    """Takes the next entry of `script` for each run: an exception is raised while writing, an outcome is returned.

    An empty script means `Done`. `works` and `steps` tell what ran.
    """

    name = "orders"

    def __init__(self, script: Sequence[Step] = (), plan: ScriptedPlan | None = None) -> None:
        self.script = list(script)
        self.works: list[Work] = []
        self.steps: list[str] = []
        self._plan = plan or ScriptedPlan()

    async def load(self, work: Work) -> str:
        self.works.append(work)
        self.steps.append("load")
        return work.envelope.entity_id

    def plan(self, work: Work, loaded: str) -> ScriptedPlan:
        self.steps.append("plan")
        return self._plan

    async def write(self, work: Work, plan: ScriptedPlan) -> Outcome | str:
        self.steps.append("write")
        work.trail.note("written", "a document was written", after=plan.content)
        step: Step = self.script.pop(0) if self.script else Done("written", {"number": "S-1"})
        if isinstance(step, Exception):
            raise step
        return "written" if isinstance(step, Done) else step

    async def record(self, work: Work, plan: ScriptedPlan, written: Any) -> Outcome:
        self.steps.append("record")
        return Done("written", {"number": "S-1"})
