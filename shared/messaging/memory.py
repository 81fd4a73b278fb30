"""A sender that keeps what it is given: for tests and for `preview`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import Transient
from shared.messaging.sender import OutgoingMessage


class MemorySender:
    """Remembers messages by queue; `down` makes it refuse as an unreachable namespace would."""

    def __init__(self) -> None:
        self.sent: dict[str, list[OutgoingMessage]] = {}
        self.batches = 0
        self.down = False

    async def send(self, queue: str, messages: Sequence[OutgoingMessage]) -> None:
        """See `Sender.send`."""
        if self.down:
            raise Transient("service bus", f"send to {queue}", "the namespace cannot be reached")
        self.batches += 1
        self.sent.setdefault(queue, []).extend(messages)

    async def close(self) -> None:
        """Nothing to release."""
