"""A message: its sections as the sender wrote them, and the copy of it that a queue holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from .clock import Alarm
from .codec import Opaque, Symbol, Typed, Value, cut, decode, encode, skip, timestamp, uint
from .sessions import Session

BATCH_FORMAT = 0x80013700
"""The message-format of a Service Bus batch: every data section holds one whole encoded message."""

SCHEDULED_TIME = "x-opt-scheduled-enqueue-time"


class Section(IntEnum):
    """Descriptors of the sections of an AMQP message."""

    HEADER = 0x70
    DELIVERY_ANNOTATIONS = 0x71
    MESSAGE_ANNOTATIONS = 0x72
    PROPERTIES = 0x73
    APPLICATION_PROPERTIES = 0x74
    DATA = 0x75
    SEQUENCE = 0x76
    VALUE = 0x77
    FOOTER = 0x78


class State(IntEnum):
    """The message states that Service Bus reports in ``x-opt-message-state``."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2


def split_sections(raw: bytes) -> Iterator[tuple[Section, bytes]]:
    """Yield each section with its encoded value, in whatever order the sender wrote them."""
    position = 0
    while position < len(raw):
        if raw[position] != 0:
            raise ValueError(f"no message section at byte {position}")
        descriptor, value_start = decode(raw, position + 1)
        position = skip(raw, value_start)
        if position > len(raw):
            raise ValueError(f"message section at byte {value_start} runs past the end")
        yield Section(descriptor), raw[value_start:position]


def join_section(section: Section, encoded_value: bytes) -> bytes:
    """Write a section with the one-byte descriptor that the SDK's decoder requires."""
    return b"\x00\x53" + bytes((section,)) + encoded_value


def unbatch(raw: bytes, message_format: int) -> list[bytes]:
    """Answer the messages of a transfer: those in a batch, or the one it is."""
    if message_format != BATCH_FORMAT:
        return [raw]
    return [decode(value)[0] for section, value in split_sections(raw) if section is Section.DATA]


def _field(fields: list[Opaque], index: int) -> Value:
    return decode(fields[index].data)[0] if index < len(fields) else None


@dataclass(frozen=True, slots=True)
class Message:
    """What a sender sent; sections that the broker need not change stay encoded."""

    header: list[Opaque] = field(default_factory=list)
    annotations: Mapping[str, Opaque] = field(default_factory=dict)
    properties: bytes | None = None
    application_properties: bytes | None = None
    body: bytes = b""
    message_id: Value = None
    session_id: str | None = None
    scheduled_for: float | None = None
    time_to_live_seconds: float | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Message:
        """Read an encoded message; raises one of ``codec.MALFORMED`` when it is not one."""
        values: dict[Section, bytes] = {}
        body = b""
        for section, value in split_sections(raw):
            if section >= Section.DATA:
                body += join_section(section, value)
            else:
                values[section] = value
        annotations = _map_of(values.get(Section.MESSAGE_ANNOTATIONS))
        scheduled = annotations.pop(SCHEDULED_TIME, None)
        properties = cut(values.get(Section.PROPERTIES, b"\x45"))
        header = cut(values.get(Section.HEADER, b"\x45"))
        ttl_milliseconds = _field(header, 2)
        return cls(
            header=header,
            annotations=annotations,
            properties=values.get(Section.PROPERTIES),
            application_properties=values.get(Section.APPLICATION_PROPERTIES),
            body=body,
            message_id=_field(properties, 0),
            session_id=_field(properties, 10),
            scheduled_for=decode(scheduled.data)[0] / 1000 if scheduled else None,
            time_to_live_seconds=ttl_milliseconds / 1000 if ttl_milliseconds else None,
        )

    def with_application_properties(self, extra: Mapping[str, str]) -> Message:
        """Answer a copy with more application properties; those of the sender keep their types."""
        merged: dict[str, Value] = dict(_map_of(self.application_properties))
        merged.update(extra)
        return replace(self, application_properties=encode(merged))


def _map_of(encoded: bytes | None) -> dict[str, Opaque]:
    items = cut(encoded) if encoded else []
    return {decode(key.data)[0]: value for key, value in zip(items[::2], items[1::2], strict=True)}


@dataclass(slots=True, eq=False)
class Lock:
    """The right of one receiver to settle one message; in a session it lasts as long as the session's lock."""

    token: uuid.UUID
    stored: Stored
    session: Session | None = None
    expires_at: float = 0.0
    alarm: Alarm | None = None

    @property
    def until(self) -> float:
        """When the lock ends."""
        return self.session.locked_until if self.session else self.expires_at


@dataclass(slots=True, eq=False)
class Stored:
    """A message in a queue with everything the broker adds to it."""

    message: Message
    sequence_number: int
    enqueued_at: float
    state: State = State.ACTIVE
    scheduled_for: float | None = None
    delivery_count: int = 0
    expires_at: float | None = None
    lock: Lock | None = None
    alarm: Alarm | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it may be delivered now."""
        return self.state is State.ACTIVE and self.lock is None

    def encode(self) -> bytes:
        """Encode it for a receiver, with the header and the annotations that Service Bus adds."""
        durable, priority, ttl = [*self.message.header, None, None, None][:3]
        header = [durable, priority, ttl, None, uint(self.delivery_count)]
        sections = [
            join_section(Section.HEADER, encode(header)),
            join_section(Section.MESSAGE_ANNOTATIONS, encode(self._annotations())),
        ]
        if self.message.properties is not None:
            sections.append(join_section(Section.PROPERTIES, self.message.properties))
        if self.message.application_properties is not None:
            sections.append(join_section(Section.APPLICATION_PROPERTIES, self.message.application_properties))
        return b"".join(sections) + self.message.body

    def _annotations(self) -> dict[Symbol, Value]:
        annotations: dict[Symbol, Value] = {Symbol(key): value for key, value in self.message.annotations.items()}
        annotations[Symbol("x-opt-sequence-number")] = Typed("long", self.sequence_number)
        annotations[Symbol("x-opt-enqueued-time")] = timestamp(self.enqueued_at)
        annotations[Symbol("x-opt-message-state")] = Typed("int", self.state)
        if self.scheduled_for is not None:
            annotations[Symbol(SCHEDULED_TIME)] = timestamp(self.scheduled_for)
        if self.lock is not None:
            annotations[Symbol("x-opt-locked-until")] = timestamp(self.lock.until)
        return annotations
