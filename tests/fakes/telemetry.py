"""Telemetry in a list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shared.http import Call
from shared.telemetry.operation import Operation, current


class ListTelemetry:
    """Keeps every event, metric, operation and call with its dimensions."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.metrics: list[tuple[str, float, dict[str, Any]]] = []
        self.operations: list[Operation] = []
        self.calls: list[Call] = []

    def event(self, name: str, /, **dimensions: str | float) -> None:
        self.events.append((name, dimensions))

    def metric(self, name: str, value: float, /, **dimensions: str | float) -> None:
        self.metrics.append((name, value, dimensions))

    @contextmanager
    def operation(self, name: str, correlation_id: str, /, **dimensions: str | float) -> Iterator[Operation]:
        operation = Operation(name, correlation_id, dict(dimensions))
        self.operations.append(operation)
        token = current.set(operation)
        try:
            yield operation
        finally:
            current.reset(token)

    def call(self, call: Call) -> None:
        self.calls.append(call)

    def close(self) -> None:
        """Nothing waits."""
