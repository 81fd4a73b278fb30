"""Index and invoke functions with the public verbs of `azure_functions_runtime`.

The runtime keeps its state in module globals: one app per process.
"""

import logging
import os
import re
import secrets
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

from local.host.errors import HostError
from local.host.logs import InvocationNames
from local.host.protos import PROTOS, ParameterBinding, StatusResult, TypedData

_TRACE_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_log = logging.getLogger("local.host")


@dataclass(frozen=True)
class Indexed:
    """A function as the runtime indexed it."""

    name: str
    function_id: str
    raw_bindings: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended; `value` is what the function returned, if anything."""

    succeeded: bool
    value: TypedData | None = None


class Worker:
    """One app, indexed once, invoked many times."""

    def __init__(self, names: InvocationNames) -> None:
        self._names = names
        self._ids: dict[str, str] = {}

    async def load(self, app: Path) -> list[Indexed]:
        """Index the app's functions as Azure does."""
        if not (app / "function_app.py").is_file():
            raise HostError(f"{app}: has no function_app.py; give the app's folder with --app.")
        # The app's folder is where Azure runs it, and where its relative paths begin.
        os.chdir(app)
        sys.path.insert(0, str(app))
        runtime.start_threadpool_executor()
        init = SimpleNamespace(capabilities={}, function_app_directory=str(app))
        response = await runtime.worker_init_request(_event(worker_init_request=init))
        if response.result.status != StatusResult.Success:
            problem = response.result.exception
            raise HostError(f"{app}/function_app.py cannot be indexed: {problem.message}\n{problem.stack_trace}")
        metadata = await runtime.functions_metadata_request(_event())
        functions = [
            Indexed(item.name, item.function_id, tuple(item.raw_bindings))
            for item in metadata.function_metadata_results
        ]
        self._ids = {item.name: item.function_id for item in functions}
        return functions

    async def invoke(
        self,
        function: str,
        argument: str,
        value: TypedData,
        metadata: Mapping[str, TypedData] | None = None,
        parent: str | None = None,
    ) -> Outcome:
        """Run a function once; its failure is an outcome and a log entry, never an exception."""
        invocation_id = str(uuid.uuid4())
        started = time.monotonic()
        token = runtime.invocation_id_cv.set(invocation_id)
        try:
            with self._names.naming(invocation_id, function):
                request = self._request(invocation_id, function, argument, value, metadata or {}, parent)
                response = await runtime.invocation_request(_event(invocation_request=request))
                return _outcome(response, function, time.monotonic() - started)
        finally:
            runtime.invocation_id_cv.reset(token)

    def _request(
        self,
        invocation_id: str,
        function: str,
        argument: str,
        value: TypedData,
        metadata: Mapping[str, TypedData],
        parent: str | None,
    ) -> SimpleNamespace:
        return SimpleNamespace(
            invocation_id=invocation_id,
            function_id=self._ids[function],
            input_data=[ParameterBinding(name=argument, data=value)],
            trigger_metadata=dict(metadata),
            trace_context=SimpleNamespace(trace_parent=trace_parent(parent), trace_state="", attributes={}),
            retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        )


def trace_parent(parent: str | None) -> str:
    """Return a W3C traceparent: a new span of the parent's trace, or of a new trace."""
    match = _TRACE_PARENT.fullmatch(parent or "")
    trace_id, flags = match.groups() if match else (secrets.token_hex(16), "01")
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"


def _event(**request: Any) -> SimpleNamespace:
    return SimpleNamespace(request=SimpleNamespace(**request), properties={"host": "127.0.0.1", "protos": PROTOS})


def _outcome(response: Any, function: str, seconds: float) -> Outcome:
    duration = round(seconds * 1000)
    if response.result.status == StatusResult.Success:
        _log.info("Executed %s (Succeeded, Duration=%sms)", function, duration)
        return Outcome(succeeded=True, value=response.get("return_value"))
    problem = response.result.exception
    _log.error("Executed %s (Failed, Duration=%sms): %s\n%s", function, duration, problem.message, problem.stack_trace)
    return Outcome(succeeded=False)
