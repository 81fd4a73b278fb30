"""The commercetools HTTP API: tokens, reads, versioned updates.

Facts: hosts `api.{region}` and `auth.{region}`, tokens live `expires_in` seconds, updates are
`{version, actions}` and answer 409 ConcurrentModification to a stale version.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from shared.errors import Conflict, NotFound, Permanent, ServiceError, Transient
from shared.http import READS, ErrorTable, document_of, send
from shared.markets import Project

SERVICE = "commercetools"
ERRORS = ErrorTable(
    service=SERVICE,
    conflict=frozenset({409}),
    transient=frozenset({503}),  # OverCapacity, PendingOperation: refused before any work
    unknown=frozenset({500, 502, 504}),
    permanent=frozenset({400, 401, 403, 413}),
)
TOKEN_MARGIN_SECONDS = 60.0
MAX_PAGE = 500
UPDATE_ATTEMPTS = 3

type Document = dict[str, Any]
type Parameter = str | int | Sequence[str]
type Actions = Callable[[Document], Sequence[Mapping[str, Any]]]


class CommercetoolsClient:
    """One project. Safe to share between tasks of one event loop."""

    def __init__(self, key: str, project: Project, http: httpx.AsyncClient) -> None:
        self.key = key
        self._project = project
        self._http = http
        self._token = ""
        self._token_ends = 0.0
        self._token_lock = asyncio.Lock()

    async def get(self, path: str, correlation_id: str, **params: Parameter) -> Document:
        """Read a document, for example `orders/{id}`. Raises NotFound, Transient, Throttled, Permanent."""
        return await self._call("GET", path, correlation_id, params=params)

    async def find(self, path: str, correlation_id: str, **params: Parameter) -> Document | None:
        """Read a document that may not exist."""
        try:
            return await self.get(path, correlation_id, **params)
        except NotFound:
            return None

    async def query(
        self,
        path: str,
        correlation_id: str,
        *,
        where: str,
        sort: Sequence[str] = (),
        limit: int = MAX_PAGE,
        expand: Sequence[str] = (),
    ) -> list[Document]:
        """Read one page without a total, which is slow to count."""
        params: dict[str, Any] = {"where": where, "limit": limit, "withTotal": "false", "sort": list(sort)}
        params |= _expansions(expand)
        page = await self._call("GET", path, correlation_id, params=params)
        results: list[Document] = page["results"]
        return results

    async def update(
        self,
        path: str,
        document: Document,
        actions_for: Actions,
        correlation_id: str,
        *,
        expand: Sequence[str] = (),
        attempts: int = UPDATE_ATTEMPTS,
    ) -> Document:
        """Apply the actions that `actions_for(document)` finds necessary; none, no call.

        On 409 the document is read again and the actions are worked out anew, at most `attempts` times; then Conflict.
        Whoever has to look at the other side, too, before trying again, allows one attempt.
        """
        params = _expansions(expand)
        for _ in range(attempts):
            actions = actions_for(document)
            if not actions:
                return document
            body = {"version": document["version"], "actions": list(actions)}
            try:
                return await self._call("POST", path, correlation_id, params=params, json=body)
            except Conflict:
                if attempts == 1:
                    raise
                document = await self._call("GET", path, correlation_id, params=params)
        raise Conflict(SERVICE, f"POST {path}", f"changed by others {attempts} times in a row")

    async def create(
        self, path: str, draft: Mapping[str, Any], correlation_id: str, *, expand: Sequence[str] = ()
    ) -> Document:
        """Create a document, for example of `customers`. A key or e-mail that is taken is Permanent: DuplicateField."""
        return await self._call("POST", path, correlation_id, params=_expansions(expand), json=dict(draft))

    async def delete(self, path: str, version: int, correlation_id: str, **params: str | int) -> Document:
        """Delete a document; returns what it was. Raises Conflict when it has another version, NotFound."""
        return await self._call("DELETE", path, correlation_id, params={"version": version, **params})

    async def _call(
        self, method: str, path: str, correlation_id: str, *, params: Mapping[str, Any] | None = None, json: Any = None
    ) -> Document:
        response = await self._send(method, path, correlation_id, params, json)
        if response.status_code == 401:  # the token was revoked or the server forgot it: once more with a new one
            self._token_ends = 0.0
            response = await self._send(method, path, correlation_id, params, json)
        if response.is_success:
            document: Document = document_of(response, SERVICE, f"{method} {path}", is_read=method in READS)
            return document
        code, message = _error_text(response)
        raise ERRORS.error_of(response, f"{method} {path}", is_read=method in READS, code=code, message=message)

    async def _send(
        self, method: str, path: str, correlation_id: str, params: Mapping[str, Any] | None, json: Any
    ) -> httpx.Response:
        token = await self._access_token()
        headers = {"Authorization": f"Bearer {token}", "X-Correlation-ID": correlation_id}
        url = f"{self._project.api_url}/{self.key}/{path}"
        request = self._http.build_request(method, url, params=params or None, json=json, headers=headers)
        return await send(self._http, request, SERVICE, f"{method} {path}")

    async def _access_token(self) -> str:
        async with self._token_lock:
            if time.monotonic() >= self._token_ends:
                await self._fetch_token()
            return self._token

    async def _fetch_token(self) -> None:
        data = {"grant_type": "client_credentials"}
        if self._project.scopes:
            data["scope"] = self._project.scopes
        auth = httpx.BasicAuth(self._project.client_id, self._project.client_secret.get_secret_value())
        request = self._http.build_request("POST", f"{self._project.auth_url}/oauth/token", data=data)
        request = next(auth.sync_auth_flow(request))
        try:
            response = await send(self._http, request, SERVICE, "fetch token")
        except ServiceError as error:  # a token is no write: its loss never leaves a write in doubt
            raise Transient(SERVICE, "fetch token", str(error)) from error
        if not response.is_success:
            self._refuse_token(response)
        answer = document_of(response, SERVICE, "fetch token", is_read=True)
        self._token = answer["access_token"]
        self._token_ends = time.monotonic() + float(answer["expires_in"]) - TOKEN_MARGIN_SECONDS

    def _refuse_token(self, response: httpx.Response) -> None:
        if response.status_code >= 500 or response.status_code == 429:
            raise Transient(
                SERVICE, "fetch token", "the authorization service is not available", status=response.status_code
            )
        hint = f"check client_id and client_secret of project {self.key} in the market map"
        raise Permanent(SERVICE, "fetch token", hint, status=response.status_code, code="InvalidClient")


def _expansions(expand: Sequence[str]) -> Mapping[str, Any]:
    return {"expand": list(expand)} if expand else {}


def _error_text(response: httpx.Response) -> tuple[str, str]:
    """Code and message of an error body; infrastructure in front of the API may answer with no JSON at all."""
    try:
        body = response.json()
        errors = body.get("errors") or [{}]
        return str(errors[0].get("code", "")), str(body.get("message", "")) or response.text[:200]
    except (ValueError, AttributeError):
        return "", response.text[:200] or response.reason_phrase
