"""What the product needs of a message sender. `service_bus.py` is the real one, `memory.py` the one for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to send. `scheduled_at` (aware UTC) delays it."""

    body: str
    message_id: str
    session_id: str | None = None
    correlation_id: str | None = None
    scheduled_at: datetime | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


class Sender(Protocol):
    """Raises Transient when the namespace cannot be reached: whoever called must try again, duplicates are harmless."""

    async def send(self, queue: str, messages: Sequence[OutgoingMessage]) -> None:
        """Send all messages of one queue, as one batch where they fit into one."""

    async def close(self) -> None:
        """Release connections."""
