"""The one seam: what the product says of itself, as values that any exporter can send."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from shared.telemetry.cleaning import clean, path_template
from shared.telemetry.items import Dependency, Event, Item, Measurement, Place, Request
from shared.telemetry.names import CORRELATION
from shared.telemetry.operation import Operation, current, new_span_id, operation_id

if TYPE_CHECKING:
    from shared.http import Call  # importing it brings httpx along, which indexing does not need

LOGGER = logging.getLogger("ctd365")

type Dimensions = Mapping[str, str | float]


class Telemetry(Protocol):
    """Names and dimensions are those of `names.py`. Dimensions never carry personal data or secrets."""

    def event(self, name: str, /, **dimensions: str | float) -> None:
        """Something happened."""

    def metric(self, name: str, value: float, /, **dimensions: str | float) -> None:
        """Something was measured."""

    def operation(
        self, name: str, correlation_id: str, /, **dimensions: str | float
    ) -> AbstractContextManager[Operation]:
        """Handle one message: what happens inside belongs to it, HTTP calls included."""

    def call(self, call: Call) -> None:
        """Another system was called."""

    def close(self) -> None:
        """Send what waits; bounded in time."""


class Recorder:
    """Makes items and hands them to `put`, which neither waits nor raises."""

    def __init__(self, put: Callable[[Item], None], close: Callable[[], None] = lambda: None) -> None:
        self._put = put
        self._close = close

    def event(self, name: str, /, **dimensions: str | float) -> None:
        """See `Telemetry.event`."""
        running = current.get()
        self._put(Event(name, _place(running), time.time(), _properties(running, dimensions)))

    def metric(self, name: str, value: float, /, **dimensions: str | float) -> None:
        """See `Telemetry.metric`."""
        self._put(Measurement(name, time.time(), 1, value, value, value, _properties(None, dimensions)))

    @contextmanager
    def operation(self, name: str, correlation_id: str, /, **dimensions: str | float) -> Iterator[Operation]:
        """See `Telemetry.operation`. An exception makes a failure of it."""
        operation = Operation(name, correlation_id, dict(dimensions))
        token = current.set(operation)
        at, begun = time.time(), time.perf_counter()
        try:
            yield operation
        except BaseException:
            operation.success = False
            raise
        finally:
            current.reset(token)
            self._put(_request(operation, at, time.perf_counter() - begun))

    def call(self, call: Call) -> None:
        """See `Telemetry.call`. Counts the call, and the answer 429."""
        self._put(_dependency(call, current.get()))
        self.metric("calls", 1, system=call.service, status=str(call.status))
        if call.status == 429:
            self.metric("throttled", 1, system=call.service)

    def close(self) -> None:
        """See `Telemetry.close`."""
        self._close()


class LogTelemetry(Recorder):
    """Writes to the standard logger: events at INFO, all else at DEBUG. What runs where there is no exporter."""

    def __init__(self) -> None:
        super().__init__(log_item)


def log_item(item: Item) -> None:
    """Write one item to the product's logger."""
    match item:
        case Event(name=name):
            LOGGER.info("%s %s", name, _text(item.properties))
        case Measurement(name=name, total=total):
            LOGGER.debug("%s=%s %s", name, total, _text(item.properties))
        case Request(name=name, seconds=seconds, success=success):
            LOGGER.debug("%s took %.3f s, success %s %s", name, seconds, success, _text(item.properties))
        case Dependency(method=method, url=url, status=status):
            LOGGER.debug("%s %s: %s %s", method, url, status, _text(item.properties))


def _place(running: Operation | None) -> Place:
    return Place() if running is None else Place(running.id, running.span_id)


def _properties(running: Operation | None, dimensions: Dimensions) -> dict[str, str]:
    cleaned = {name: clean(value) for name, value in dimensions.items() if value != ""}
    return cleaned if running is None else {**cleaned, CORRELATION: clean(running.correlation_id)}


def _request(operation: Operation, at: float, seconds: float) -> Request:
    properties = _properties(operation, operation.dimensions)
    place = Place(operation.id)
    return Request(operation.name, place, operation.span_id, at, seconds, operation.success, properties)


def _dependency(call: Call, running: Operation | None) -> Dependency:
    """The call's own header decides where it belongs, so that a sweep's calls are found by the sweep's id."""
    place, properties = _place(running), _properties(running, {"system": call.service, "method": call.method})
    if call.correlation_id and (running is None or running.correlation_id != call.correlation_id):
        place = Place(operation_id(call.correlation_id))
        properties[CORRELATION] = clean(call.correlation_id)
    return Dependency(
        method=call.method,
        url=f"{call.origin}{path_template(call.path)}",
        status=call.status,
        place=place,
        span_id=new_span_id(),
        at=call.at,
        seconds=call.seconds,
        success=0 < call.status < 400,
        properties=properties,
    )


def _text(properties: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in properties.items())
