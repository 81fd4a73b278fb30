"""The shape of connection strings. Errors name parts that are missing or misplaced, never a value: most are secrets."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

COPY = "copy it again"


def check_service_bus(text: str) -> None:
    """Raise ValueError unless the Service Bus SDK can read it."""
    parts = _parts(text, "Endpoint=sb://NAME.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…")
    _need(parts, "Endpoint")
    if "sharedaccesssignature" not in parts:
        _need(parts, "SharedAccessKeyName", "SharedAccessKey")


def check_tables(text: str) -> None:
    """Raise ValueError unless the Tables SDK can read it."""
    parts = _parts(text, "DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net")
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        return
    if "sharedaccesssignature" in parts:
        _need(parts, "TableEndpoint" if "accountname" not in parts else "AccountName")
    else:
        _need(parts, "AccountName", "AccountKey")


def check_application_insights(text: str) -> None:
    """Raise ValueError unless the exporter can read it."""
    parts = _parts(text, "InstrumentationKey=…;IngestionEndpoint=https://…")
    _need(parts, "InstrumentationKey")
    try:
        UUID(parts["instrumentationkey"])
    except ValueError as error:
        raise ValueError(f"InstrumentationKey is no GUID: {COPY} from the Application Insights resource") from error


def _parts(text: str, form: str) -> Mapping[str, str]:
    """Split into names, in lower case, and values."""
    found: dict[str, str] = {}
    for number, part in enumerate(text.strip().rstrip(";").split(";"), start=1):
        name, separator, value = part.partition("=")
        if not separator or not name.strip() or not value.strip():
            raise ValueError(f"is no connection string: part {number} is not NAME=VALUE; {COPY}, its form is {form}")
        found[name.strip().lower()] = value.strip()
    return found


def _need(parts: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if name.lower() not in parts]
    if missing:
        raise ValueError(f"is no whole connection string: {' and '.join(missing)} missing; {COPY}")
