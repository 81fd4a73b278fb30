"""One place that turns what azure-core raises into the project's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.errors import Conflict, NotFound, Permanent, ServiceError, Transient

SERVICE = "Azure Tables"
_RETRY_LATER = frozenset({408, 429})


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Raise a ServiceError that names the action instead of an AzureError."""
    try:
        yield
    except HttpResponseError as error:
        raise _from_answer(action, error) from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise Transient(
            SERVICE, action, f"no answer ({error}): check that the storage account can be reached"
        ) from error
    except AzureError as error:
        raise Permanent(SERVICE, action, str(error)) from error


def _from_answer(action: str, error: HttpResponseError) -> ServiceError:
    status = error.status_code
    code = error_code(error)
    kind, message = _classify(status, code, error.message)
    return kind(SERVICE, action, message, status=status, code=code)


def _classify(status: int | None, code: str, message: str) -> tuple[type[ServiceError], str]:
    text = message.partition("\n")[0]
    if code == "TableNotFound":
        return Permanent, f"{text} Create the tables first (State.ensure)"
    if status in {409, 412}:
        return Conflict, text
    if status == 404:
        return NotFound, text
    # No status, or a good one: the answer never came or could not be read to its end.
    refused = status is not None and 400 <= status < 500
    return (Transient if not refused or status in _RETRY_LATER else Permanent), text


def error_code(error: HttpResponseError) -> str:
    """Read the service's own code of an error, for example TableNotFound."""
    found = getattr(error, "error_code", None) or ""
    return str(getattr(found, "value", found))


@contextmanager
def missing_is_conflict() -> Iterator[None]:
    """In a conditional write a row that is gone is a row that changed."""
    try:
        yield
    except NotFound as error:
        raise Conflict(SERVICE, error.action, error.message, status=error.status, code=error.code) from error
