"""What is sent to Application Insights, before an exporter gives it its wire form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item belongs: an operation, and the span in it that caused the item. Empty outside of any."""

    operation_id: str = ""
    parent_id: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A message was handled. `at` is the start in seconds since 1970, `seconds` the duration."""

    name: str
    place: Place
    span_id: str
    at: float
    seconds: float
    success: bool
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another system was called. `url` is a template: no query, no ids. `status` is 0 without an answer."""

    method: str
    url: str
    status: int
    place: Place
    span_id: str
    at: float
    seconds: float
    success: bool
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The method and the path's template."""
        return f"{self.method} /{self.url.partition('://')[2].partition('/')[2]}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened."""

    name: str
    place: Place
    at: float
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A log record. `level` is logging's; `exception` is the type's name, or empty."""

    text: str
    level: int
    place: Place
    at: float
    exception: str = ""
    stack: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measurement:
    """`count` values of one metric with the same dimensions; a single one has count 1."""

    name: str
    at: float
    count: int
    total: float
    least: float
    most: float
    properties: Mapping[str, str] = field(default_factory=dict)


type Item = Request | Dependency | Event | Message | Measurement
