"""A dead letter as a value, and what is sent in its place when it gets another chance. No I/O."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class DeadLetterMessage:
    """A message as it lies in a dead-letter queue. `reason` and `description` are the broker's, not the flow's."""

    queue: str
    sequence_number: int
    message_id: str
    session_id: str | None
    correlation_id: str | None
    enqueued_at: datetime | None
    delivery_count: int
    reason: str
    description: str
    body: bytes
    properties: Mapping[str, Any]
    content_type: str | None = None

    @property
    def text(self) -> str:
        """The body for people; bytes that are no UTF-8 are shown as such."""
        return self.body.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Copy:
    """What is sent in place of a dead letter."""

    body: bytes
    session_id: str | None
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """A dead letter that was sent again; `message_id` is the copy's."""

    original: DeadLetterMessage
    message_id: str


type Wanted = Callable[[DeadLetterMessage], bool] | Collection[int | str]
type Edit = Callable[[DeadLetterMessage], Copy]


class DeadLetters(Protocol):
    """The dead-letter queues of the namespace.

    `wanted` is a predicate, or sequence numbers (of the dead-letter queue) and message ids. `settled` is awaited after
    each message, so that whoever keeps books loses none of them when a later message fails.
    Raises Transient when the namespace cannot be reached, Permanent when it refuses.
    """

    async def list_messages(self, queue: str) -> list[DeadLetterMessage]:
        """Every dead letter of a queue, oldest first, without locking any."""

    async def resubmit(
        self,
        queue: str,
        wanted: Wanted,
        *,
        edit: Edit | None = None,
        settled: Callable[[Resubmitted], Awaitable[None]] | None = None,
    ) -> list[Resubmitted]:
        """Send a copy of each to the queue, then remove the original. What another reader holds locked is left out."""

    async def discard(
        self,
        queue: str,
        wanted: Wanted,
        *,
        settled: Callable[[DeadLetterMessage], Awaitable[None]] | None = None,
    ) -> list[DeadLetterMessage]:
        """Remove without sending."""


def is_wanted(message: DeadLetterMessage, wanted: Wanted) -> bool:
    """Tell whether a message is meant."""
    if callable(wanted):
        return wanted(message)
    return message.sequence_number in wanted or message.message_id in wanted


def plain_copy(message: DeadLetterMessage) -> Copy:
    """Keep body, session and properties; what the broker added on dead-lettering goes, attempts count from 1 again."""
    kept = {name: value for name, value in message.properties.items() if not name.startswith("DeadLetter")}
    return Copy(_first_attempt(message.body), message.session_id, kept)


def with_body(message: DeadLetterMessage, body: bytes, session_id: str | None, properties: Mapping[str, Any]) -> Copy:
    """Copy with another body; `properties` are laid over the kept ones."""
    copy = plain_copy(replace(message, body=body))
    return replace(copy, session_id=session_id, properties={**copy.properties, **properties})


def _first_attempt(body: bytes) -> bytes:
    """Reset the envelope's attempt; any other body stays as it is, to the byte."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if not isinstance(document, dict) or document.get("attempt", 1) == 1:
        return body
    return json.dumps({**document, "attempt": 1}, separators=(",", ":")).encode()
