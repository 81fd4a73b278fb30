"""A connector that writes nowhere: its requests are kept instead of sent, so that people see exactly those."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.cli.exits import CommandError
from shared.http import READS

_BOUNDARY = re.compile(r'boundary="?([^";\s]+)')
# What every request carries, or what must not be shown.
_NOT_SHOWN = {
    *("accept", "accept-encoding", "accept-language", "authorization", "client-request-id", "connection"),
    *("content-length", "host", "odata-maxversion", "odata-version", "user-agent"),
}


# What only a back-end can make, and what a later request of the same order needs of it.
SERVER_MADE = {"SalesOrderNumber": "NUMBER-OF-THE-NEW-ORDER"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request that would be sent. A body that is no JSON stays text; `parts` are the requests in a batch."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    parts: tuple[Request, ...] = ()


class Held(Exception):
    """A write got as far as the wire and was kept. No answer follows, so the connector goes no further."""


class NoTokens:
    """Implements `TokenProvider` where nothing is sent."""

    async def token(self, *, renew: bool = False) -> str:
        """See `TokenProvider.token`."""
        del renew
        return "rehearsal"


class NoReads(httpx.AsyncBaseTransport):
    """Answers the look-ups that it has rows for, by entity set, and refuses every other."""

    def __init__(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        self._rows = rows

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        entity_set = request.url.path.rpartition("/")[2]
        if entity_set not in self._rows:
            text = f"the back-end would be asked for {entity_set} first: run without --offline to see the request"
            raise CommandError(text)
        return httpx.Response(200, json={"value": [self._rows[entity_set]]})


@dataclass(slots=True)
class Rehearsal(httpx.AsyncBaseTransport):
    """Keeps writes in `requests` instead of sending them; reads go to `reads`.

    Once `goes_on`, a write that is only a part of an order is answered with itself, so that the next part follows.
    """

    reads: httpx.AsyncBaseTransport
    requests: list[Request] = field(default_factory=list)
    goes_on: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        if request.method in READS:
            if any(kept.method == "POST" for kept in self.requests) and self.goes_on:
                raise Held  # it would read what was never written
            return await self.reads.handle_async_request(request)
        kept = _kept(request, await request.aread())
        self.requests.append(kept)
        if not self.goes_on or not _is_part(kept.body):
            raise Held
        return httpx.Response(201, json={**SERVER_MADE, **kept.body})

    async def aclose(self) -> None:
        """Close the connections for reads."""
        await self.reads.aclose()


def _is_part(body: Any) -> bool:
    """Tell whether more of the order must follow: neither a batch nor a body with the lines inside."""
    return isinstance(body, dict) and not any(isinstance(value, list) for value in body.values())


def _kept(request: httpx.Request, content: bytes) -> Request:
    headers = _shown(request.headers)
    text = content.decode()
    path = request.url.raw_path.decode()
    boundary = _BOUNDARY.search(headers.get("content-type", ""))
    parts = tuple(_parts(text, boundary[1])) if boundary else ()
    return Request(request.method, path, headers, _body(text), parts)


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in _NOT_SHOWN}


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parts(text: str, boundary: str) -> Iterator[Request]:
    """Read the requests of a batch, those of its change sets too."""
    for section in text.split(f"--{boundary}")[1:-1]:
        head, _, content = section.strip().partition("\r\n\r\n")
        inner = _BOUNDARY.search(head)
        if inner:
            yield from _parts(content, inner[1])
        else:
            yield _part(_headers(head), content)


def _part(outer: Mapping[str, str], content: str) -> Request:
    head, _, body = content.partition("\r\n\r\n")
    first, _, rest = head.partition("\r\n")
    method, path, _ = first.split(" ")
    named = {name: value for name, value in outer.items() if name == "content-id"}
    return Request(method, path, _shown({**named, **_headers(rest)}), _body(body.strip()) if body.strip() else None)


def _headers(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.split("\r\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
