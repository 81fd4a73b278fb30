"""What both HTTP APIs share: sending through httpx and classing what went wrong by recovery."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from shared.errors import Conflict, NotFound, OutcomeUnknown, Permanent, ServiceError, Throttled, Transient
from shared.model.personal import without_echo

READS = frozenset({"GET", "HEAD"})
# The connection never carried the request: a write cannot have happened.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
MAX_ERROR_TEXT = 2_000  # characters of an error body that go into logs and audit


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """How one API's answers are classed. A status that no row names is permanent for a write, transient for a read."""

    service: str
    conflict: frozenset[int]
    transient: frozenset[int]
    unknown: frozenset[int]
    permanent: frozenset[int]
    conflict_codes: frozenset[str] = frozenset()

    def error_of(
        self, response: httpx.Response, action: str, *, is_read: bool, code: str, message: str
    ) -> ServiceError:
        """Class an error answer. Pure."""
        status = response.status_code
        sent = _sent(response)
        message = without_echo(message, sent)
        body = without_echo(response.text[:MAX_ERROR_TEXT], sent)
        details: dict[str, Any] = {"status": status, "code": code, "body": body}
        if status == 429:
            return Throttled(self.service, action, message, retry_after=retry_after(response.headers), **details)
        return self._kind(status, code, is_read=is_read)(self.service, action, message, **details)

    def _kind(self, status: int, code: str, *, is_read: bool) -> type[ServiceError]:
        if status in self.conflict or code in self.conflict_codes:
            return Conflict
        if status == 404:
            return NotFound
        if status in self.transient:
            return Transient
        if status in self.unknown:
            return Transient if is_read else OutcomeUnknown
        if status in self.permanent or not is_read:
            return Permanent
        return Transient


def _sent(response: httpx.Response) -> str:
    """Return the body of the request; an answer that was made up in a test has none."""
    try:
        return response.request.content.decode(errors="replace")
    except (RuntimeError, httpx.RequestNotRead):
        return ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header; a date or nonsense counts as not given."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it went: `status` is 0 without an answer, `at` is in seconds since 1970."""

    service: str
    method: str
    origin: str  # scheme, host and port
    path: str  # without the query; may carry ids
    correlation_id: str
    status: int
    at: float
    seconds: float


class ObservedClient(httpx.AsyncClient):
    """A client that tells of every request sent through `send`. `observe` must neither wait nor raise."""

    def __init__(self, observe: Callable[[Call], None], **options: Any) -> None:
        super().__init__(**options)
        self.observe = observe


async def send(client: httpx.AsyncClient, request: httpx.Request, service: str, action: str) -> httpx.Response:
    """Send one request. Raises Transient when it cannot have arrived or was a read, else OutcomeUnknown."""
    at, begun, status = time.time(), time.perf_counter(), 0
    try:
        response = await client.send(request)
        status = response.status_code
    except _NOT_SENT as error:
        raise Transient(service, action, f"no connection: {error or type(error).__name__}") from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        kind = Transient if request.method in READS else OutcomeUnknown
        raise kind(service, action, f"the answer was lost: {error or type(error).__name__}") from error
    else:
        return response
    finally:
        if isinstance(client, ObservedClient):
            client.observe(_call(request, service, status, at, time.perf_counter() - begun))


def _call(request: httpx.Request, service: str, status: int, at: float, seconds: float) -> Call:
    url, headers = request.url, request.headers
    return Call(
        service=service,
        method=request.method,
        origin=f"{url.scheme}://{url.netloc.decode()}",
        path=url.path,
        correlation_id=headers.get("X-Correlation-ID") or headers.get("client-request-id", ""),
        status=status,
        at=at,
        seconds=seconds,
    )


def document_of(response: httpx.Response, service: str, action: str, *, is_read: bool) -> Any:
    """Decode a success. What is no JSON came from something in front of the API, so a write may have happened."""
    try:
        return response.json()
    except ValueError as error:
        kind = Transient if is_read else OutcomeUnknown
        raise kind(service, action, "the answer is no JSON", status=response.status_code) from error
