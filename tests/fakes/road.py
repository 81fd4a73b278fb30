"""The road on in-memory adapters, and messages to send down it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.messaging.memory import MemorySender
from shared.pipeline.backoff import Backoff
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.failures import FailureMemory, Incoming
from shared.pipeline.process import Road
from shared.telemetry.masking import mask_personal_data
from tests.fakes.clock import START, ManualClock
from tests.fakes.shaky_state import ShakyState
from tests.fakes.telemetry import ListTelemetry

LEASE = timedelta(minutes=5)
BACKOFF = Backoff(base=timedelta(seconds=2), ceiling=timedelta(minutes=1), max_attempts=4)


@dataclass
class Bench:
    """Everything a test of the road looks at. `restart` forgets what the process kept in memory."""

    clock: ManualClock = field(default_factory=ManualClock)
    sender: MemorySender = field(default_factory=MemorySender)
    telemetry: ListTelemetry = field(default_factory=ListTelemetry)
    state: ShakyState = field(init=False)
    road: Road = field(init=False)

    def __post_init__(self) -> None:
        self.state = ShakyState(self.clock)
        self.restart()

    def restart(self) -> None:
        self.road = Road(
            state=self.state,
            sender=self.sender,
            telemetry=self.telemetry,
            failures=FailureMemory(self.state.failures),
            backoff=BACKOFF,
            lease=LEASE,
            now=self.clock,
            jitter=lambda: 0.0,
            mask=mask_personal_data,
        )

    async def audit(self, entity_id: str = "order-1") -> list[Any]:
        return [entry async for entry in self.state.audit.by_entity(entity_id)]

    async def outcomes(self, entity_id: str = "order-1") -> list[str]:
        return [entry.outcome for entry in await self.audit(entity_id) if entry.step == "outcome"]


def envelope(cause: str = "message-1", *, entity: str = "order-1", attempt: int = 1) -> Envelope:
    return Envelope(
        flow="orders",
        project="shop",
        entity_type="order",
        entity_id=entity,
        cause=Cause(source="commercetools", type="OrderCreated", id=cause, sequence_number=1),
        correlation_id="shop/1",
        attempt=attempt,
        accepted_at=START,
    )


def incoming(body: Envelope | bytes, *, sequence: int = 1, delivery: int = 1, message: str = "m-1") -> Incoming:
    content = body.model_dump_json(by_alias=True).encode() if isinstance(body, Envelope) else body
    return Incoming("orders", content, message, sequence, delivery)
