"""Application Insights: an exporter, chosen by a setting, behind the seam. Imports only the one that was chosen."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal

from azure.core.credentials import TokenCredential

from shared.telemetry.logs import attach_handler
from shared.telemetry.pump import Export, Pump
from shared.telemetry.seam import Recorder

type ExporterName = Literal["opencensus", "opentelemetry"]

# What the packages would say of themselves, in items of their own and to other addresses. Read when they are imported.
OWN_STATISTICS = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
)


def attach(connection_string: str, exporter: ExporterName, identity: str | None = None) -> Recorder:
    """Send telemetry to Application Insights, the product's log records included, until it is closed.

    `identity` is the client id of the managed identity that signs in where local authentication is off.
    """
    for name in OWN_STATISTICS:
        os.environ.setdefault(name, "true")
    credential = _credential(identity) if identity else None
    pump = Pump(EXPORTERS[exporter](connection_string, credential))
    detach = attach_handler(pump.put)

    def close() -> None:
        detach()
        pump.close()

    return Recorder(pump.put, close)


def _credential(identity: str) -> TokenCredential:
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415  # 190 ms

    return ManagedIdentityCredential(client_id=identity)


def _opencensus(connection_string: str, credential: TokenCredential | None) -> Export:
    from shared.telemetry.opencensus_exporter import OpenCensusExporter  # noqa: PLC0415  # 220 ms

    return OpenCensusExporter(connection_string, credential).export


def _opentelemetry(connection_string: str, credential: TokenCredential | None) -> Export:
    from shared.telemetry.opentelemetry_exporter import OpenTelemetryExporter  # noqa: PLC0415  # 310 ms

    return OpenTelemetryExporter(connection_string, credential).export


EXPORTERS: dict[ExporterName, Callable[[str, TokenCredential | None], Export]] = {
    "opencensus": _opencensus,
    "opentelemetry": _opentelemetry,
}
