"""The indexed functions: raw bindings of the runtime, read into value objects."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from local.host.errors import HostError
from local.host.settings import Settings

_OUTPUTS = {"http"}


@dataclass(frozen=True)
class HttpTrigger:
    """A function that answers requests."""

    function: str
    argument: str
    route: str
    methods: frozenset[str]
    auth_level: str


@dataclass(frozen=True)
class TimerTrigger:
    """A function that runs on a schedule."""

    function: str
    argument: str
    schedule: str
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True)
class QueueTrigger:
    """A function that receives the messages of a Service Bus queue, one at a time."""

    function: str
    argument: str
    queue: str
    connection_string: str
    sessions: bool


Trigger = HttpTrigger | TimerTrigger | QueueTrigger


def read_trigger(function: str, raw_bindings: Iterable[str], settings: Settings) -> Trigger:
    """Return the trigger of a function; a binding that the host cannot serve is an error."""
    bindings: list[dict[str, Any]] = [json.loads(raw) for raw in raw_bindings]
    triggers = [binding for binding in bindings if str(binding["type"]).endswith("Trigger")]
    others = {str(binding["type"]) for binding in bindings if binding not in triggers} - _OUTPUTS
    if others:
        raise HostError(f"function {function}: the local host has no {min(others)} binding; use a client instead.")
    if len(triggers) != 1:
        raise HostError(f"function {function}: has {len(triggers)} triggers; give it exactly one.")
    reader = _READERS.get(triggers[0]["type"])
    if reader is None:
        raise HostError(f"function {function}: the local host has no {triggers[0]['type']}; disable the function.")
    return reader(function, triggers[0], settings)


def _read_http(function: str, binding: dict[str, Any], settings: Settings) -> HttpTrigger:
    return HttpTrigger(
        function=function,
        argument=binding["name"],
        route=settings.resolve(binding.get("route") or function, function).strip("/"),
        methods=frozenset(str(method).upper() for method in binding.get("methods") or ()),
        auth_level=str(binding.get("authLevel", "FUNCTION")).lower(),
    )


def _read_timer(function: str, binding: dict[str, Any], settings: Settings) -> TimerTrigger:
    return TimerTrigger(
        function=function,
        argument=binding["name"],
        schedule=settings.resolve(binding["schedule"], function),
        run_on_startup=bool(binding.get("runOnStartup", False)),
        use_monitor=bool(binding.get("useMonitor", True)),
    )


def _read_queue(function: str, binding: dict[str, Any], settings: Settings) -> QueueTrigger:
    if "queueName" not in binding or str(binding.get("cardinality", "one")).lower() != "one":
        raise HostError(
            f"function {function}: the local host serves queues with cardinality one only; "
            "use a queue trigger without batches or disable the function."
        )
    return QueueTrigger(
        function=function,
        argument=binding["name"],
        queue=settings.resolve(binding["queueName"], function),
        connection_string=settings.connection(str(binding.get("connection") or ""), function),
        sessions=bool(binding.get("isSessionsEnabled", False)),
    )


_READERS: dict[str, Callable[[str, dict[str, Any], Settings], Trigger]] = {
    "httpTrigger": _read_http,
    "timerTrigger": _read_timer,
    "serviceBusTrigger": _read_queue,
}
