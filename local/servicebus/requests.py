"""Requests and answers of the ``$cbs`` and ``$management`` nodes: ordinary messages with agreed properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .codec import Typed, Value, decode, encode
from .message import Section, join_section, split_sections


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks of a node."""

    message_id: Value
    properties: Mapping[str, Value]
    body: Value

    @classmethod
    def parse(cls, raw: bytes) -> Request:
        """Read a request message."""
        values = {section: decode(value)[0] for section, value in split_sections(raw)}
        properties = values.get(Section.PROPERTIES) or [None]
        return cls(
            message_id=properties[0],
            properties=values.get(Section.APPLICATION_PROPERTIES) or {},
            body=values.get(Section.VALUE),
        )

    @property
    def operation(self) -> str:
        """The name of the operation without its vendor prefix."""
        return str(self.properties.get("operation", "")).removeprefix("com.microsoft:")

    def answer(self, properties: Mapping[str, Value], body: Value = None) -> bytes:
        """Encode the answer; the correlation id is the request's message id, of the same type."""
        message_id = self.message_id
        correlation_id = Typed("ulong", message_id) if isinstance(message_id, int) else message_id
        return b"".join(
            (
                join_section(Section.PROPERTIES, encode([None] * 5 + [correlation_id])),
                join_section(Section.APPLICATION_PROPERTIES, encode(dict(properties))),
                join_section(Section.VALUE, encode(body)),
            )
        )
