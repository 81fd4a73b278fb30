"""One queue by the rules of Service Bus, driving the road."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import Any

from shared.errors import ServiceError
from shared.pipeline.envelope import Envelope, parse_envelope
from shared.pipeline.failures import Incoming, MessageFailed
from shared.pipeline.flow import Flow
from shared.pipeline.outcome import Done, NoChange, Outcome, RetryAt, Superseded
from shared.pipeline.process import process
from tests.fakes.road import Bench, incoming

MAX_DELIVERIES = 10
MAX_TURNS = 5_000


@dataclass
class Broker:
    """A queue by Service Bus' rules: redelivers what was abandoned, dead-letters after ten deliveries.

    `crashes` are the turns in which the worker dies after the road returned and before the message is completed.
    `take_in` accepts what others have sent to the queue; `step` delivers one message.
    """

    bench: Bench
    flow: Flow[Any, Any, Any]
    crashes: frozenset[int]
    waiting: deque[Incoming] = field(default_factory=deque)
    ends: Counter[str] = field(default_factory=Counter)
    extra_copies: int = 0
    accepted: int = 0
    taken: int = 0
    queue: str = "orders"
    most_turns: int = MAX_TURNS
    _turn: int = 0

    def accept(self, body: Envelope) -> None:
        self.accepted += 1
        self._enqueue(body)

    def _enqueue(self, body: Envelope) -> None:
        self.taken += 1
        message = incoming(body, sequence=self.taken, message=f"m-{self.taken}")
        self.waiting.append(replace(message, queue=self.queue))

    def take_in(self) -> int:
        """Accept what was sent to the queue since; returns how many messages there were."""
        sent = self.bench.sender.sent.pop(self.queue, [])
        for message in sent:
            self.accept(parse_envelope(message.body))
        return len(sent)

    async def run(self) -> None:
        while self.waiting:
            await self.step()

    async def step(self) -> None:
        self._turn += 1
        assert self._turn < self.most_turns
        await self._deliver(self.waiting.popleft())

    async def _deliver(self, message: Incoming) -> None:
        try:
            outcome = await process(self.bench.road, self.flow, message)
        except MessageFailed as failed:
            in_review = failed.failure.reason.startswith("NeedsReview")
            self._abandon(message, "in review" if in_review else "dead-lettered")
            return
        except (ServiceError, RuntimeError):
            self._abandon(message, "dead-lettered")
            return
        self._take_scheduled()
        if self._turn in self.crashes:
            self.extra_copies += isinstance(outcome, RetryAt)
            self._abandon(message, "dead-lettered")
        else:
            self.ends[_name(outcome)] += 1

    def _abandon(self, message: Incoming, end: str) -> None:
        """Back to the front, as the broker does, until the delivery count is used up."""
        if message.delivery_count >= MAX_DELIVERIES:
            self.ends[end] += 1
        else:
            self.waiting.appendleft(replace(message, delivery_count=message.delivery_count + 1))

    def _take_scheduled(self) -> None:
        for copy in self.bench.sender.sent.pop(self.queue, []):
            if copy.scheduled_at is not None:
                self.bench.clock.move_to(copy.scheduled_at)
            self._enqueue(parse_envelope(copy.body))


def _name(outcome: Outcome) -> str:
    match outcome:
        case Done() | NoChange():
            return "done"
        case Superseded():
            return "superseded"
        case _:
            return "passed on"
