"""OData over HTTP, as all three back-ends speak it: tokens, literals, paging, error classes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx

from shared.dynamics.auth import TokenProvider
from shared.errors import Permanent
from shared.http import READS, ErrorTable, send

type Row = dict[str, Any]
type ErrorText = Callable[[httpx.Response], tuple[str, str]]


def literal(value: str) -> str:
    """Quote a text for $filter and keys: quotes are doubled."""
    return "'" + value.replace("'", "''") + "'"


def any_of(field: str, values: list[str]) -> str:
    """Build a filter for one field being any of some texts."""
    return " or ".join(f"{field} eq {literal(value)}" for value in values)


def standard_error_text(response: httpx.Response) -> tuple[str, str]:
    """Code and message of `{"error": {"code", "message"}}`; gateways may answer with no JSON at all."""
    try:
        error = response.json()["error"]
        return str(error.get("code", "")), str(error.get("message", ""))
    except (ValueError, KeyError, AttributeError, TypeError):
        return "", response.text[:200] or response.reason_phrase


class ODataClient:
    """Requests below one root URL. At most `in_flight` at once per process; tokens only ever go to the root's host."""

    def __init__(
        self,
        root: str,
        tokens: TokenProvider,
        http: httpx.AsyncClient,
        errors: ErrorTable,
        *,
        in_flight: int,
        error_text: ErrorText = standard_error_text,
    ) -> None:
        self._root = root.rstrip("/")
        self._host = _host(root)
        self._tokens = tokens
        self._http = http
        self._errors = errors
        self._slots = asyncio.Semaphore(in_flight)
        self._error_text = error_text

    async def get(self, path: str, correlation_id: str, **options: str) -> Row:
        """Read one entity; options are query options without the dollar sign."""
        return await self.call("GET", path, correlation_id, options=options)

    async def rows(self, path: str, correlation_id: str, **options: str) -> AsyncIterator[Row]:
        """Read a collection, following @odata.nextLink on the same host only."""
        page = await self.call("GET", path, correlation_id, options=options)
        while True:
            for row in page["value"]:
                yield row
            link = page.get("@odata.nextLink")
            if not link:
                return
            page = await self.call("GET", self._own(link), correlation_id)

    async def call(
        self,
        method: str,
        path: str,
        correlation_id: str,
        *,
        json: Any = None,
        options: Mapping[str, str] | None = None,
        if_match: str | None = None,
    ) -> Row:
        """Send one request; an empty answer is an empty row."""
        async with self._slots:
            response = await self._send(method, path, correlation_id, json, options, if_match)
            if response.status_code == 401:
                response = await self._send(method, path, correlation_id, json, options, if_match, renew=True)
        if not response.is_success:
            code, message = self._error_text(response)
            raise self._errors.error_of(
                response, f"{method} {path}", is_read=method in READS, code=code, message=message
            )
        row: Row = response.json() if response.content else {}
        return row

    async def _send(
        self,
        method: str,
        path: str,
        correlation_id: str,
        json: Any,
        options: Mapping[str, str] | None,
        if_match: str | None,
        *,
        renew: bool = False,
    ) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {await self._tokens.token(renew=renew)}",
            "Accept": "application/json",
            "Accept-Language": "en-US",  # business errors come as localised text only
            "client-request-id": correlation_id,
        }
        if if_match:
            headers["If-Match"] = if_match
        url = path if path.startswith(("http://", "https://")) else f"{self._root}/{path}"
        params = {f"${name}": value for name, value in (options or {}).items()}
        request = self._http.build_request(method, url, params=params or None, json=json, headers=headers)
        return await send(self._http, request, self._errors.service, f"{method} {path}")

    def _own(self, link: str) -> str:
        if _host(link) != self._host:
            text = f"@odata.nextLink points to {_host(link)}, not to {self._host}: not followed"
            raise Permanent(self._errors.service, "read next page", text, code="ForeignNextLink")
        return link


def _host(url: str) -> str:
    return httpx.URL(url).netloc.decode()
