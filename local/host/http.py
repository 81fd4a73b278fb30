"""HTTP triggers: routes, keys, and requests and responses in the worker's shape."""

import hmac
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.host.functions import HttpTrigger
from local.host.protos import Message, TypedData
from local.host.routes import RouteTable
from local.host.worker import Worker

BODY_LIMIT = 100 * 1024 * 1024
_PAGE = "<!DOCTYPE html><title>Functions host</title><h1>Your Functions host is up and running</h1>"


class BodyTooLargeError(Exception):
    """The request is larger than Azure accepts."""


@dataclass(frozen=True)
class HttpHost:
    """The ASGI application: the app's functions and the host's own addresses."""

    worker: Worker
    routes: RouteTable
    key: str = field(repr=False)
    timers: dict[str, Callable[[], Coroutine[None, None, None]]]
    background: Callable[[Coroutine[None, None, None], str], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
        if path in {"", "/"}:
            return HTMLResponse(_PAGE)
        if path.lower().startswith("/admin/"):
            return self._administer(request, path.lower())
        found = self.routes.find(request.method, path)
        if found is None:
            return Response(status_code=404)
        trigger, parameters = found
        if trigger.auth_level != "anonymous" and not self._has_key(request):
            return Response(status_code=401)
        return await self._invoke(trigger, request, parameters)

    async def _invoke(self, trigger: HttpTrigger, request: Request, parameters: dict[str, str]) -> Response:
        try:
            body = await _read_body(request)
        except BodyTooLargeError:
            return Response(status_code=413)
        outcome = await self.worker.invoke(
            trigger.function,
            trigger.argument,
            _typed_request(request, parameters, body),
            parent=request.headers.get("traceparent"),
        )
        return _response(outcome.value) if outcome.succeeded else Response(status_code=500)

    def _administer(self, request: Request, path: str) -> Response:
        if not self._has_key(request):
            return Response(status_code=401)
        if (request.method, path) == ("GET", "/admin/host/status"):
            return JSONResponse({"state": "Running"})
        return self._trigger_timer(request.method, path.removeprefix("/admin/functions/"))

    def _trigger_timer(self, method: str, name: str) -> Response:
        fire = next((fire for timer, fire in self.timers.items() if timer.lower() == name), None)
        if method != "POST" or fire is None:
            return Response(status_code=404)
        self.background(fire(), f"manual run of {name}")
        return Response(status_code=202)

    def _has_key(self, request: Request) -> bool:
        given = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
        return hmac.compare_digest(given.encode(), self.key.encode())


async def _read_body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise BodyTooLargeError
        chunks.append(chunk)
    return b"".join(chunks)


def _typed_request(request: Request, parameters: dict[str, str], body: bytes) -> TypedData:
    # The host joins repeated values with a comma and leaves empty ones out.
    http = SimpleNamespace(
        method=request.method,
        url=str(request.url),
        headers=_joined(request.headers.items()),
        query=_joined(request.query_params.multi_items()),
        params=parameters,
        body=TypedData(bytes=body),
    )
    return TypedData(http=http)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(items) for name, items in values.items() if any(items)}


def _response(value: TypedData | None) -> Response:
    if value is None:
        return Response(status_code=204)
    http = value.get("http")
    if http is None:
        text = value.get("string") or ""
        return Response(text, media_type="text/plain")
    response = Response(http.body.get("bytes") or b"", status_code=int(http.status_code))
    for name, text in http.headers.items():
        if name.lower() not in {"content-length", "transfer-encoding"}:
            response.headers[name] = text
    for cookie in http.get("cookies") or ():
        response.headers.append("set-cookie", _set_cookie(cookie))
    return response


def _set_cookie(cookie: Message) -> str:
    parts = [f"{cookie.get('name')}={cookie.get('value') or ''}"]
    expires = cookie.get("expires")
    if expires is not None:
        parts.append(f"Expires={formatdate(expires.value.seconds, usegmt=True)}")
    for label, name in (("Max-Age", "max_age"), ("Domain", "domain"), ("Path", "path")):
        attribute = cookie.get(name)
        if attribute is not None and attribute.get("value") not in {None, ""}:
            text = attribute.value
            parts.append(f"{label}={int(text) if isinstance(text, float) else text}")
    for label, name in (("Secure", "secure"), ("HttpOnly", "http_only")):
        flag = cookie.get(name)
        if flag is not None and flag.value:
            parts.append(label)
    if cookie.get("same_site"):
        parts.append(f"SameSite={cookie.get('same_site')}")
    return "; ".join(parts)
