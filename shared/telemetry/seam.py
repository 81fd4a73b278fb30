"""Events and metrics as log records with dimensions: one call for the product, any exporter behind it."""

from __future__ import annotations

import logging
from typing import Protocol

LOGGER = logging.getLogger("ctd365")


class Telemetry(Protocol):
    """Dimensions carry ids and names, never personal data or secrets."""

    def event(self, name: str, **dimensions: str | float) -> None:
        """Something happened."""

    def metric(self, name: str, value: float, **dimensions: str | float) -> None:
        """Something was measured."""


class LogTelemetry:
    """Writes to the standard logger; the Azure handler of `azure_monitor.py` picks up the dimensions from there."""

    def event(self, name: str, **dimensions: str | float) -> None:
        """See `Telemetry.event`."""
        LOGGER.info("%s %s", name, _text(dimensions), extra={"custom_dimensions": {"event": name, **dimensions}})

    def metric(self, name: str, value: float, **dimensions: str | float) -> None:
        """See `Telemetry.metric`."""
        extra = {"custom_dimensions": {"metric": name, "value": value, **dimensions}}
        LOGGER.info("%s=%s %s", name, value, _text(dimensions), extra=extra)


def _text(dimensions: dict[str, str | float]) -> str:
    return " ".join(f"{name}={value}" for name, value in dimensions.items())
