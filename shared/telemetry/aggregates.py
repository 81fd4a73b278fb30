"""Adding up measurements between two exports: one point for each metric and set of dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shared.telemetry.items import Measurement
from shared.telemetry.names import METRIC_OF

MAX_SERIES = 2_000  # different sets of dimensions between two exports; more are not counted

type _Key = tuple[str, tuple[tuple[str, str], ...]]


class Aggregates:
    """Not safe for threads: whoever shares it holds a lock."""

    def __init__(self, max_series: int = MAX_SERIES) -> None:
        self._max_series = max_series
        self._series: dict[_Key, Measurement] = {}

    def add(self, item: Measurement) -> bool:
        """Count a measurement in. False when there are too many series already."""
        key = (item.name, _ordered(item.properties))
        before = self._series.get(key)
        if before is None and len(self._series) >= self._max_series:
            return False
        self._series[key] = item if before is None or _is_gauge(item.name) else _sum(before, item)
        return True

    def take(self) -> list[Measurement]:
        """Return what came since the last time, and begin again: exported values are differences, never totals."""
        taken = list(self._series.values())
        self._series.clear()
        return taken


def _ordered(properties: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(properties.items()))


def _is_gauge(name: str) -> bool:
    """Tell whether the last value counts, not the sum."""
    return name in METRIC_OF and METRIC_OF[name].kind == "gauge"


def _sum(before: Measurement, item: Measurement) -> Measurement:
    return replace(
        item,
        count=before.count + item.count,
        total=before.total + item.total,
        least=min(before.least, item.least),
        most=max(before.most, item.most),
    )
