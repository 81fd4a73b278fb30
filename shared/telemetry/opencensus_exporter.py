"""Exporter 1, the default: the wire forms and the transport of opencensus-ext-azure, which the customer requires.

Its own handlers and exporters are left aside: each brings a queue and a thread of its own, the metrics exporter sends
totals again and again, and on Python 3.13 the log handler breaks every log call (it throws away the handler's lock,
upstream issue 1249).
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.credentials import TokenCredential
from opencensus.ext.azure.common import Options, protocol, utils
from opencensus.ext.azure.common.transport import TransportMixin, TransportStatusCode
from opencensus.ext.azure.common.version import __version__

from shared.telemetry.items import Dependency, Event, Item, Measurement, Message, Place, Request
from shared.telemetry.names import ROLE

TIMEOUT_SECONDS = 10.0
NO_OPERATION = Place("0" * 32, "0" * 16)


class OpenCensusExporter(TransportMixin):  # type: ignore[misc]  # the package has no types
    """Sends batches. Used by one thread."""

    def __init__(self, connection_string: str, credential: TokenCredential | None = None) -> None:
        self.options = Options(connection_string=connection_string, credential=credential, timeout=TIMEOUT_SECONDS)
        utils.validate_instrumentation_key(self.options.instrumentation_key)
        self.storage = None  # nothing is kept on disk
        self._consecutive_redirects = 0

    def export(self, items: Sequence[Item]) -> bool:
        """Send one batch. False when trying again makes sense; the package logs what went wrong."""
        envelopes = [envelope_of(item, self.options.instrumentation_key) for item in items]
        return self._transmit(envelopes) is not TransportStatusCode.RETRY


def envelope_of(item: Item, instrumentation_key: str) -> protocol.Envelope:
    """Give an item its wire form."""
    kind, data = _data_of(item)
    tags = {
        "ai.cloud.role": ROLE,
        "ai.cloud.roleInstance": platform.node(),
        "ai.internal.sdkVersion": f"oc{__version__}",
        **_tags_of(item),
    }
    return protocol.Envelope(
        iKey=instrumentation_key,
        name=f"Microsoft.ApplicationInsights.{kind.removesuffix('Data')}",
        time=datetime.fromtimestamp(item.at, UTC).isoformat().replace("+00:00", "Z"),
        tags=tags,
        data=protocol.Data(baseData=data, baseType=kind),
    )


def _tags_of(item: Item) -> dict[str, str]:
    if isinstance(item, Measurement):
        return {}
    place = item.place if item.place.operation_id else NO_OPERATION
    tags = {"ai.operation.id": place.operation_id}
    if place.parent_id:
        tags["ai.operation.parentId"] = place.parent_id
    if isinstance(item, Request | Dependency):
        tags["ai.operation.name"] = item.name
    return tags


def _data_of(item: Item) -> tuple[str, Any]:
    properties = dict(item.properties)
    match item:
        case Request():
            return "RequestData", protocol.Request(
                id=item.span_id,
                name=item.name,
                duration=_duration(item.seconds),
                responseCode="0",
                success=item.success,
                properties=properties,
            )
        case Dependency():
            return "RemoteDependencyData", _dependency(item, properties)
        case Event():
            return "EventData", protocol.Event(name=item.name, properties=properties)
        case Message(exception=""):
            severity = _severity(item.level)
            return "MessageData", protocol.Message(message=item.text, severityLevel=severity, properties=properties)
        case Message():
            return "ExceptionData", _exception(item, properties)
        case Measurement():
            return "MetricData", protocol.MetricData(metrics=[_point(item)], properties=properties)


def _dependency(item: Dependency, properties: Mapping[str, str]) -> Any:
    target = item.url.partition("://")[2].partition("/")[0]
    return protocol.RemoteDependency(
        id=item.span_id,
        name=item.name,
        type="HTTP",
        target=target,
        data=item.url,
        resultCode=str(item.status),
        duration=_duration(item.seconds),
        success=item.success,
        properties=properties,
    )


def _exception(item: Message, properties: Mapping[str, str]) -> Any:
    thrown = {"id": 1, "outerId": 0, "typeName": item.exception, "message": item.text, "hasFullStack": True}
    return protocol.ExceptionData(
        exceptions=[{**thrown, "stack": item.stack}], severityLevel=_severity(item.level), properties=properties
    )


def _point(item: Measurement) -> Any:
    return protocol.DataPoint(name=item.name, value=item.total, count=item.count, min=item.least, max=item.most)


def _severity(level: int) -> int:
    """From Python's levels to 0 (verbose) … 4 (critical)."""
    return min(4, max(0, level - 1) // logging.DEBUG)


def _duration(seconds: float) -> str:
    """Write days.hours:minutes:seconds, as Application Insights reads it."""
    whole = timedelta(seconds=seconds)
    minutes, rest = divmod(whole.seconds, 60)
    return f"{whole.days}.{minutes // 60:02}:{minutes % 60:02}:{rest:02}.{whole.microseconds:06}"
