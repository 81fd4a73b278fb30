"""The leave to send one request, and the simplest way to give it: so many at once in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import httpx

from shared.dynamics.auth import TokenProvider


def _ignore(_: httpx.Response) -> None:
    return


@dataclass(frozen=True, slots=True)
class Permit:
    """A request may go, in the name of this user. Every answer must be shown to `answered`: limits are in its headers.

    `again` must be called before the same request is sent once more.
    """

    tokens: TokenProvider
    answered: Callable[[httpx.Response], None] = _ignore
    again: Callable[[], None] = lambda: None


@runtime_checkable
class RequestLimiter(Protocol):
    """Decides when a request may be sent, and as which application user."""

    def permit(self, action: str) -> AbstractAsyncContextManager[Permit]:
        """Wait for leave to send. Raises Throttled when that would take long, Transient when nobody can tell."""


class ProcessLimiter:
    """So many requests at once, in this process alone: for one process that nobody competes with, and for tests."""

    def __init__(self, tokens: TokenProvider, in_flight: int) -> None:
        self._permit = Permit(tokens)
        self._slots = asyncio.Semaphore(in_flight)

    @asynccontextmanager
    async def permit(self, action: str) -> AsyncIterator[Permit]:
        """See `RequestLimiter.permit`; waits as long as it takes."""
        del action
        async with self._slots:
            yield self._permit
