"""Settings (environment, env file, local.settings.json) and host.json."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.host.errors import HostError

_HOST_JSON_OVERRIDE = re.compile(r"AzureFunctionsJobHost(?:__|:)(?P<path>.+)", re.IGNORECASE)
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):([0-5]?\d):([0-5]?\d(?:\.\d{1,7})?)")


@dataclass(frozen=True)
class HostConfig:
    """What host.json says, with the defaults of Azure."""

    route_prefix: str = "api"
    max_concurrent_calls: int = 16
    max_concurrent_sessions: int = 8
    session_idle_timeout: float = 60.0
    max_auto_lock_renewal_duration: float = 300.0


class Settings:
    """App settings by name, and `%NAME%` in bindings replaced by them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def get(self, name: str) -> str | None:
        """Return the setting, or None where it is missing or empty."""
        return self._values.get(name) or None

    def resolve(self, text: str, function: str) -> str:
        """Replace every `%NAME%` of a binding."""
        return re.sub(r"%([^%\s]+)%", lambda match: self._require(match[1], function), text)

    def connection(self, name: str, function: str) -> str:
        """Return the Service Bus connection string that a binding names."""
        prefix = name or "AzureWebJobsServiceBus"
        value = self.get(prefix) or self.get(f"AzureWebJobs{prefix}")
        if value:
            return value
        if self.get(f"{prefix}__fullyQualifiedNamespace"):
            raise HostError(
                f"function {function}: connection {prefix} is identity-based, which works in Azure only; "
                f"set {prefix} to a connection string."
            )
        raise HostError(_missing(function, prefix))

    def is_disabled(self, function: str) -> bool:
        """Tell whether `AzureWebJobs.<function>.Disabled` is on."""
        names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
        return any((self.get(name) or "").lower() in {"1", "true"} for name in names)

    def _require(self, name: str, function: str) -> str:
        value = self.get(name)
        if value is None:
            raise HostError(_missing(function, name))
        return value


def _missing(function: str, setting: str) -> str:
    return (
        f"function {function}: setting {setting} is missing or empty; set it in the environment, "
        "in the file given by --env-file or under Values in local.settings.json."
    )


def load_settings(app: Path, env_file: Path | None) -> Settings:
    """Merge the three sources into the environment, as the host does for its worker, and return them."""
    merged = _string_values(app / "local.settings.json", _read_json(app / "local.settings.json").get("Values", {}))
    merged.update(os.environ)
    if env_file is not None:
        if not env_file.is_file():
            raise HostError(f"{env_file}: no such file; --env-file names a JSON object of settings.")
        merged.update(_string_values(env_file, _read_json(env_file)))
    os.environ.update(merged)
    return Settings(merged)


def load_host_config(app: Path, environment: Mapping[str, str]) -> HostConfig:
    """Read host.json; settings such as `AzureFunctionsJobHost__extensions__http__routePrefix` override it."""
    path = app / "host.json"
    if not path.is_file():
        raise HostError(f"{path}: no such file; a function app needs a host.json, at least {{}} with its version.")
    document = _lower_keys(_read_json(path))
    for name, value in environment.items():
        override = _HOST_JSON_OVERRIDE.fullmatch(name)
        if override:
            _put(document, re.split(r"__|:", override["path"].lower()), value)
    extensions = document.get("extensions", {})
    return _host_config(path, extensions.get("http", {}), extensions.get("servicebus", {}))


def _host_config(path: Path, http: dict[str, Any], bus: dict[str, Any]) -> HostConfig:
    default = HostConfig()
    return HostConfig(
        route_prefix=str(http.get("routeprefix", default.route_prefix)).strip("/"),
        max_concurrent_calls=_count(path, bus, "maxConcurrentCalls", default.max_concurrent_calls),
        max_concurrent_sessions=_count(path, bus, "maxConcurrentSessions", default.max_concurrent_sessions),
        session_idle_timeout=_seconds(path, bus, "sessionIdleTimeout", default.session_idle_timeout),
        max_auto_lock_renewal_duration=_seconds(
            path, bus, "maxAutoLockRenewalDuration", default.max_auto_lock_renewal_duration
        ),
    )


def _count(path: Path, section: dict[str, Any], name: str, default: int) -> int:
    value = section.get(name.lower(), default)
    try:
        count = int(value)
    except (TypeError, ValueError):
        count = 0
    if count < 1:
        raise HostError(f"{path}: extensions.serviceBus.{name} is {value!r}; give a whole number of at least 1.")
    return count


def _seconds(path: Path, section: dict[str, Any], name: str, default: float) -> float:
    value = section.get(name.lower())
    if value is None:
        return default
    match = _TIME_SPAN.fullmatch(str(value))
    if match is None:
        raise HostError(f"{path}: extensions.serviceBus.{name} is {value!r}; give a time span such as 00:01:00.")
    days, hours, minutes, seconds = match.groups(default="0")
    return ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)


def _put(document: dict[str, Any], path: list[str], value: str) -> None:
    for key in path[:-1]:
        document = document.setdefault(key, {})
    document[path[-1]] = value


def _lower_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).lower(): _lower_keys(item) for key, item in value.items()}
    return value


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise HostError(f"{path}:{error.lineno}: not JSON ({error.msg}); correct the file.") from error
    if not isinstance(document, dict):
        raise HostError(f"{path}: holds no JSON object; correct the file.")
    return document


def _string_values(path: Path, values: dict[str, Any]) -> dict[str, str]:
    wrong = [name for name, value in values.items() if not isinstance(value, str)]
    if wrong:
        raise HostError(f"{path}: setting {wrong[0]} is not a string; put its value in quotes.")
    return dict(values)
