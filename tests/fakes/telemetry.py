"""Telemetry in a list."""

from __future__ import annotations

from typing import Any


class ListTelemetry:
    """Keeps every event and metric with its dimensions."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.metrics: list[tuple[str, float, dict[str, Any]]] = []

    def event(self, name: str, **dimensions: str | float) -> None:
        self.events.append((name, dimensions))

    def metric(self, name: str, value: float, **dimensions: str | float) -> None:
        self.metrics.append((name, value, dimensions))
