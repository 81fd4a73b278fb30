"""A connector that writes nowhere: its requests are kept instead of sent, so that people see exactly those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.cli.exits import CommandError
from shared.http import READS

# What every request carries, or what must not be shown.
_NOT_SHOWN = {
    *("accept", "accept-encoding", "accept-language", "authorization", "client-request-id", "connection"),
    *("content-length", "host", "odata-maxversion", "odata-version", "user-agent"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request that would be sent. A body that is no JSON stays text."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Held(Exception):
    """A write got as far as the wire and was kept. No answer follows, so the connector goes no further."""


class NoTokens:
    """Implements `TokenProvider` where nothing is sent."""

    async def token(self, *, renew: bool = False) -> str:
        """See `TokenProvider.token`."""
        del renew
        return "rehearsal"


@dataclass(slots=True)
class Rehearsal(httpx.AsyncBaseTransport):
    """Keeps writes in `requests`. Reads go to `reads`; without it there are none."""

    reads: httpx.AsyncBaseTransport | None = None
    requests: list[Request] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        if request.method not in READS:
            self.requests.append(await _kept(request))
            raise Held
        if self.reads is None:
            raise CommandError(
                f"the request cannot be shown offline: the back-end is asked for {request.url.path} first; "
                "run without --offline"
            )
        return await self.reads.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections for reads."""
        if self.reads is not None:
            await self.reads.aclose()


async def _kept(request: httpx.Request) -> Request:
    headers = {name: value for name, value in request.headers.items() if name not in _NOT_SHOWN}
    return Request(request.method, request.url.raw_path.decode(), headers, _body(await request.aread()))


def _body(content: bytes) -> Any:
    text = content.decode()
    try:
        return json.loads(text)
    except ValueError:
        return text
