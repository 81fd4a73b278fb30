"""Operations: all that one message causes, under one id that is made of its correlation id."""

from __future__ import annotations

import hashlib
import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field

_HEX = re.compile(r"[0-9a-f]{32}")
_NOTHING = "0" * 32  # is no valid trace id


def new_span_id() -> str:
    """Return 16 random hexadecimal digits, not all zero."""
    return f"{secrets.randbits(64) | 1:016x}"


@dataclass(slots=True)
class Operation:
    """The handling of one message. Dimensions that become known on the way are added."""

    name: str
    correlation_id: str
    dimensions: dict[str, str | float] = field(default_factory=dict)
    success: bool = True
    span_id: str = field(default_factory=new_span_id)

    @property
    def id(self) -> str:
        """The operation id of Application Insights."""
        return operation_id(self.correlation_id)

    def add(self, **dimensions: str | float) -> None:
        """Say more about it."""
        self.dimensions.update(dimensions)


current: ContextVar[Operation | None] = ContextVar("current_operation", default=None)


def operation_id(correlation_id: str) -> str:
    """Make a W3C trace id of any text: a UUID or trace id is kept, all else is hashed. The same text, the same id."""
    plain = correlation_id.replace("-", "").lower()
    if _HEX.fullmatch(plain) and plain != _NOTHING:
        return plain
    return hashlib.sha256(correlation_id.encode()).hexdigest()[:32]


def trace_parent(correlation_id: str) -> str:
    """The `traceparent` under which the Functions host continues the operation, as Service Bus' Diagnostic-Id."""
    running = current.get()
    operation = operation_id(correlation_id)
    parent = running.span_id if running is not None and running.id == operation else new_span_id()
    return f"00-{operation}-{parent}-01"
