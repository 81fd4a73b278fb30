"""Errors classed by recovery: what a caller can do about one, not where it came from.

The whole tree::

    ServiceError            an API or store answered badly; carries service, what was tried, status and correlation id
    ├── Throttled           try again at `retry_after`
    ├── Transient           try again later; nothing was written
    ├── OutcomeUnknown      a write may or may not have happened: look up before writing again
    ├── Conflict            somebody else changed it: read again, decide again
    └── Permanent           the same request will fail again: a person must look
        └── NotFound        the thing is not there
"""

from __future__ import annotations

NO_ROOM = "NoRoom"  # code of the Throttled that our own limiter raises: the request was never sent


class ServiceError(Exception):
    """An external service refused or failed a request."""

    def __init__(
        self, service: str, action: str, message: str, *, status: int | None = None, code: str = "", body: str = ""
    ) -> None:
        self.service = service
        self.action = action
        self.message = message
        self.status = status
        self.code = code
        self.body = body
        super().__init__(f"{service}: {action}: {self._where()}{message}")

    def _where(self) -> str:
        parts = [str(part) for part in (self.status, self.code) if part]
        return f"{' '.join(parts)}: " if parts else ""


class Throttled(ServiceError):
    """Too many requests (429); `retry_after` in seconds where the service named one."""

    def __init__(
        self,
        service: str,
        action: str,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
        body: str = "",
    ) -> None:
        super().__init__(service, action, message, status=status, code=code, body=body)
        self.retry_after = retry_after


class Transient(ServiceError):
    """A failure before anything was written: connection refused, 503, a failed read."""


class OutcomeUnknown(ServiceError):
    """A write whose answer was lost: timeout after send, connection lost, 504."""


class Conflict(ServiceError):
    """The record changed since it was read (409 ConcurrentModification, 412, Request_EntityChanged)."""


class Permanent(ServiceError):
    """A refusal that the same request will meet again."""


class NotFound(Permanent):
    """The record does not exist (404)."""
