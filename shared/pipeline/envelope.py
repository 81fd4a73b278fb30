"""What travels on a queue: a key and its cause, never trusted data."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.messaging.sender import OutgoingMessage
from shared.telemetry.operation import trace_parent

SCHEMA = 1
MAX_SESSION_ID = 128  # Service Bus limit, characters

FlowName = Literal["orders", "customers", "products", "prices", "inventory", "fulfilment", "returns", "payments"]


class MalformedEnvelope(ValueError):
    """The body is no envelope; the text says which field and why."""


class Cause(BaseModel):
    """Why the entity should be looked at: a commercetools message, a sweep, a person."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    type: str
    id: str
    sequence_number: int | None = None
    erasure: bool = False  # the deleted resource's personal data must go, too


class Envelope(BaseModel):
    """A message says "look", not "do". Unknown fields and older schemas are accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")
    flow: FlowName
    project: str = Field(min_length=1)
    entity_type: str = Field(min_length=1)
    entity_id: str = Field(min_length=1, max_length=100)
    market: str = ""  # for what a back-end told us: commercetools' messages leave it to the flow
    cause: Cause
    correlation_id: str
    attempt: int = Field(default=1, ge=1)
    accepted_at: AwareDatetime

    @property
    def session_id(self) -> str:
        """One entity is handled by one worker at a time."""
        return f"{self.flow}:{self.entity_id}"[:MAX_SESSION_ID]

    @property
    def claim_key(self) -> str:
        """The idempotency key of the entity this envelope is about."""
        return f"{self.flow}:{self.project}:{self.entity_id}"

    @property
    def payload_hash(self) -> str:
        """Equal for every copy of one cause: duplicates, retries and redeliveries."""
        text = "\n".join((self.claim_key, self.cause.source, self.cause.type, self.cause.id))
        return hashlib.sha256(text.encode()).hexdigest()

    def next_attempt(self) -> Envelope:
        """The copy that a retry sends."""
        return self.model_copy(update={"attempt": self.attempt + 1})

    def to_message(self, scheduled_at: datetime | None = None) -> OutgoingMessage:
        """The Service Bus message of this envelope, under a new message id."""
        return OutgoingMessage(
            body=self.model_dump_json(by_alias=True),
            message_id=str(uuid.uuid4()),
            session_id=self.session_id,
            correlation_id=self.correlation_id,
            scheduled_at=scheduled_at,
            properties={
                "flow": self.flow,
                "entity_id": self.entity_id,
                "Diagnostic-Id": trace_parent(self.correlation_id),  # the host's own items join the operation
            },
        )


def parse_envelope(body: bytes | str) -> Envelope:
    """Decode a queue message. Raises MalformedEnvelope naming each wrong field."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(_problem(item) for item in error.errors(include_url=False, include_input=False))
        raise MalformedEnvelope(f"not an envelope: {problems}") from error


def _problem(item: Any) -> str:
    return f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
