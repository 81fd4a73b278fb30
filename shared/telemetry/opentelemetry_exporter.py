"""Exporter 2: the Azure Monitor exporters of azure-monitor-opentelemetry.

They are given finished spans, records and points. No global provider, no automatic instrumentation and no sampler is
set up: the distribution's own set-up samples five requests a second and records URLs with their queries.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

from azure.core.credentials import TokenCredential
from azure.monitor.opentelemetry.exporter import (
    AzureMonitorLogExporter,
    AzureMonitorMetricExporter,
    AzureMonitorTraceExporter,
)
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from shared.telemetry.items import Dependency, Event, Item, Measurement, Message, Request
from shared.telemetry.names import ROLE

TIMEOUT_SECONDS = 10.0
EVENT_NAME = "microsoft.custom_event.name"
RESOURCE = Resource({"service.name": ROLE, "service.instance.id": platform.node()})
SCOPE = InstrumentationScope(ROLE)
SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class OpenTelemetryExporter:
    """Sends batches. Used by one thread."""

    def __init__(self, connection_string: str, credential: TokenCredential | None = None) -> None:
        options: dict[str, Any] = {
            "connection_string": connection_string,
            "credential": credential,
            "disable_offline_storage": True,  # nothing is kept on disk
            "retry_total": 0,  # the pump tries again
            "timeout": TIMEOUT_SECONDS,
        }
        self._spans = AzureMonitorTraceExporter(**options)
        self._records = AzureMonitorLogExporter(**options)
        self._metrics = AzureMonitorMetricExporter(**options)

    def export(self, items: Sequence[Item]) -> bool:
        """Send one batch, a request for each kind in it. False when none of it arrived."""
        sent: list[bool] = []
        if spans := [span_of(item) for item in items if isinstance(item, Request | Dependency)]:
            sent.append(self._spans.export(spans) is SpanExportResult.SUCCESS)
        if records := [record_of(item) for item in items if isinstance(item, Event | Message)]:
            sent.append(self._records.export(records) is LogRecordExportResult.SUCCESS)
        if points := [metric_of(item) for item in items if isinstance(item, Measurement)]:
            sent.append(self._metrics.export(_metrics_data(points)) is MetricExportResult.SUCCESS)
        # A batch of which a part arrived is not repeated: nothing is sent twice.
        return any(sent) or not sent


def span_of(item: Request | Dependency) -> ReadableSpan:
    """Give a request or a dependency its form as a span."""
    attributes: dict[str, Any] = dict(item.properties)
    if isinstance(item, Dependency):
        attributes |= {"http.request.method": item.method, "url.full": item.url}
        attributes |= {"http.response.status_code": item.status}
    start = _nanoseconds(item.at)
    return ReadableSpan(
        name=item.name,
        context=_context(item.place.operation_id, item.span_id),
        parent=_context(item.place.operation_id, item.place.parent_id) if item.place.parent_id else None,
        resource=RESOURCE,
        attributes=attributes,
        kind=SpanKind.SERVER if isinstance(item, Request) else SpanKind.CLIENT,
        status=Status(StatusCode.OK if item.success else StatusCode.ERROR),
        start_time=start,
        end_time=start + _nanoseconds(item.seconds),
    )


def record_of(item: Event | Message) -> ReadableLogRecord:
    """Give an event or a log record its form as a log record."""
    attributes: dict[str, Any] = dict(item.properties)
    severity = SeverityNumber.INFO
    if isinstance(item, Event):
        attributes[EVENT_NAME] = item.name
    else:
        severity = _severity(item.level)
    if isinstance(item, Message) and item.exception:
        attributes |= {"exception.type": item.exception, "exception.stacktrace": item.stack}
    record = LogRecord(
        timestamp=_nanoseconds(item.at),
        observed_timestamp=_nanoseconds(item.at),
        trace_id=_number(item.place.operation_id),
        span_id=_number(item.place.parent_id),
        trace_flags=SAMPLED,
        severity_number=severity,
        body=item.name if isinstance(item, Event) else item.text,
        attributes=attributes,
    )
    return ReadableLogRecord(record, RESOURCE)


def metric_of(item: Measurement) -> Metric:
    """Give a sum of measurements its form as one point."""
    at = _nanoseconds(item.at)
    point = HistogramDataPoint(
        attributes=dict(item.properties),
        start_time_unix_nano=at,
        time_unix_nano=at,
        count=item.count,
        sum=item.total,
        bucket_counts=[],
        explicit_bounds=[],
        min=item.least,
        max=item.most,
    )
    return Metric(item.name, None, None, Histogram([point], AggregationTemporality.DELTA))


def _metrics_data(points: list[Metric]) -> MetricsData:
    return MetricsData([ResourceMetrics(RESOURCE, [ScopeMetrics(SCOPE, points, "")], "")])


def _context(operation_id: str, span_id: str) -> SpanContext:
    return SpanContext(_number(operation_id), _number(span_id), is_remote=False, trace_flags=SAMPLED)


def _number(hexadecimal: str) -> int:
    return int(hexadecimal or "0", 16)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)


def _severity(level: int) -> SeverityNumber:
    """From Python's levels (10, 20, …) to OpenTelemetry's (5, 9, …)."""
    return SeverityNumber(min(21, max(1, level // 10 * 4 + 1)))
