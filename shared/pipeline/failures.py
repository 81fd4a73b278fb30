"""Permanent failures, remembered by the queue's sequence number.

The host abandons a failed message at once and the broker hands it out again until the maximum delivery count. The
redeliveries carry the same sequence number and fail here without calling anyone; a resubmitted copy has a new one
and runs afresh. Message ids are no use for this: the portal re-sends under the same id.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from shared.errors import ServiceError
from shared.pipeline.envelope import Envelope
from shared.pipeline.outcome import DeadLetter
from shared.state.protocols import FailureStore
from shared.state.records import Failure

REMEMBERED = 10_000  # failures kept in memory per process; older ones are read from the store


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the trigger hands it over."""

    queue: str
    body: bytes
    message_id: str
    sequence_number: int
    delivery_count: int = 1


class MessageFailed(Exception):
    """Raised to the host so that it abandons the message."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(
            f"{failure.flow} {failure.entity_id or '(no entity)'}: {failure.reason}: {failure.detail} "
            f"[queue {failure.queue}, sequence number {failure.sequence_number}, correlation {failure.correlation_id}]"
        )


class FailureMemory:
    """The store behind a small cache."""

    def __init__(self, store: FailureStore) -> None:
        self._store = store
        self._recent: OrderedDict[tuple[str, int], Failure] = OrderedDict()

    async def refuse_known(self, incoming: Incoming) -> None:
        """Raise MessageFailed when exactly this delivery failed before."""
        failure = self._recent.get((incoming.queue, incoming.sequence_number))
        if failure is None and incoming.delivery_count > 1:
            failure = await self._ask_store(incoming)
        if failure is not None:
            raise MessageFailed(failure)

    async def remember(self, failure: Failure) -> None:
        """Keep it. A store that is down costs only speed: the cache still refuses the redeliveries."""
        self._keep(failure)
        try:
            await self._store.put(failure)
        except ServiceError:
            return

    async def _ask_store(self, incoming: Incoming) -> Failure | None:
        try:
            failure = await self._store.get(incoming.queue, incoming.message_id, incoming.sequence_number)
        except ServiceError:
            return None
        if failure is not None:
            self._keep(failure)
        return failure

    def _keep(self, failure: Failure) -> None:
        self._recent[failure.queue, failure.sequence_number] = failure
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)


def failure_of(incoming: Incoming, flow: str, envelope: Envelope | None, dead: DeadLetter, now: datetime) -> Failure:
    """The record of a message that cannot proceed."""
    return Failure(
        queue=incoming.queue,
        message_id=incoming.message_id,
        sequence_number=incoming.sequence_number,
        flow=flow,
        entity_id=envelope.entity_id if envelope else "",
        reason=dead.reason,
        detail=dead.detail,
        correlation_id=envelope.correlation_id if envelope else "",
        failed_at=now,
    )
