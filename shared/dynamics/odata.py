"""OData over HTTP, as all three back-ends speak it: tokens, literals, paging, error classes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx

from shared.dynamics.auth import TokenProvider
from shared.dynamics.limiter.permit import Permit, ProcessLimiter, RequestLimiter
from shared.dynamics.multipart import Part, Parts, read_batch, write_batch
from shared.errors import Permanent, ServiceError
from shared.http import READS, ErrorTable, document_of, send

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
    """Requests below one root URL; tokens only ever go to the root's host.

    A `RequestLimiter` in the place of tokens decides when requests go, and as whom; without one at most `in_flight` go
    at once, in this process.
    """

    def __init__(
        self,
        root: str,
        tokens: TokenProvider,
        http: httpx.AsyncClient,
        errors: ErrorTable,
        *,
        in_flight: int,
        error_text: ErrorText = standard_error_text,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        self._root = root.rstrip("/")
        self._origin = _origin(root)
        self._http = http
        self._errors = errors
        self._limiter = tokens if isinstance(tokens, RequestLimiter) else ProcessLimiter(tokens, in_flight)
        self._error_text = error_text
        self._headers = dict(headers or {})  # of every request, parts of a batch included
        self._query = dict(query or {})  # of every request, but not of the parts of a batch

    @property
    def service(self) -> str:
        """The product's name in errors."""
        return self._errors.service

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
        prefer: str | None = None,
    ) -> Row:
        """Send one request; an empty answer is an empty row."""
        async with self._limiter.permit(f"{method} {path}") as permit:
            response = await self._send(permit, method, path, correlation_id, json, options, if_match, prefer=prefer)
            if response.status_code == 401:
                permit.again()
                response = await self._send(
                    permit, method, path, correlation_id, json, options, if_match, prefer=prefer, renew=True
                )
        if not response.is_success:
            raise self.error_of(response, f"{method} {path}", is_read=method in READS)
        if not response.content:
            return {}
        row: Row = document_of(response, self._errors.service, f"{method} {path}", is_read=method in READS)
        return row

    async def exchange(self, path: str, correlation_id: str, *, content: bytes, content_type: str) -> httpx.Response:
        """Post what is no JSON and return the answer as it is, even when it is an error."""
        async with self._limiter.permit(f"POST {path}") as permit:
            raw = (content, content_type)
            response = await self._send(permit, "POST", path, correlation_id, None, None, None, raw=raw)
            if response.status_code == 401:
                permit.again()
                response = await self._send(permit, "POST", path, correlation_id, None, None, None, raw=raw, renew=True)
        return response

    async def batch(self, parts: Parts, correlation_id: str) -> list[httpx.Response]:
        """Send one $batch; the answers of all parts in their order. The first part that failed is raised, classed."""
        content, content_type = write_batch(parts, self._root, self._headers)
        response = await self.exchange("$batch", correlation_id, content=content, content_type=content_type)
        is_multipart = response.headers.get("Content-Type", "").startswith("multipart/mixed")
        if not is_multipart and not response.is_success:
            raise self.error_of(response, "POST $batch", is_read=False)
        answers = read_batch(response, self._errors.service)
        sent = [part for entry in parts for part in ([entry] if isinstance(entry, Part) else entry)]
        for index, answer in enumerate(answers):
            if not answer.is_success:
                # A change set that fails gives one answer for all of its parts.
                part = sent[min(index, len(sent) - 1)]
                answer.request = response.request
                raise self.error_of(answer, f"$batch {part.method} {part.path}", is_read=part.method in READS)
        return answers

    def error_of(self, response: httpx.Response, action: str, *, is_read: bool) -> ServiceError:
        """Class an error answer by the product's table."""
        code, message = self._error_text(response)
        return self._errors.error_of(response, action, is_read=is_read, code=code, message=message)

    async def _send(
        self,
        permit: Permit,
        method: str,
        path: str,
        correlation_id: str,
        json: Any,
        options: Mapping[str, str] | None,
        if_match: str | None,
        *,
        renew: bool = False,
        raw: tuple[bytes, str] | None = None,
        prefer: str | None = None,
    ) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {await permit.tokens.token(renew=renew)}",
            "Accept": "application/json",
            "Accept-Language": "en-US",  # business errors come as localised text only
            "client-request-id": correlation_id,
            **self._headers,
        }
        if prefer:
            headers["Prefer"] = prefer
        if if_match:
            headers["If-Match"] = if_match
        is_link = path.startswith(("http://", "https://"))
        url = self._own(path) if is_link else f"{self._root}/{path}"
        # httpx puts params in the place of a URL's own query, and a link has all that it needs.
        always = {} if is_link or raw else self._query
        params = {**always, **{f"${name}": value for name, value in (options or {}).items()}}
        content = raw[0] if raw else None
        if raw:
            headers["Content-Type"] = raw[1]
        request = self._http.build_request(
            method, url, params=params or None, json=json, content=content, headers=headers
        )
        response = await send(self._http, request, self._errors.service, f"{method} {path}")
        permit.answered(response)
        return response

    def _own(self, link: str) -> str:
        if _origin(link) != self._origin:
            text = f"the link points to {_origin(link)}, not to {self._origin}: not followed"
            raise Permanent(self._errors.service, "follow a link", text, code="ForeignNextLink")
        return link


def _origin(url: str) -> str:
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode()}"
