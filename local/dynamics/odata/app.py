"""The ASGI side of an OData service: authentication, limits, routing to the service or its batch."""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from local.dynamics.odata.batch import handle_batch
from local.dynamics.odata.control import ExactJSONResponse
from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.limits import Limiter, LimitExceededError
from local.dynamics.odata.multipart import handle_multipart
from local.dynamics.odata.product import Request, Response
from local.dynamics.odata.service import ODataService
from local.dynamics.tokens import TokenError, TokenVerifier

METHODS = ["GET", "POST", "PATCH", "DELETE", "PUT"]


@dataclass
class Pace:
    """How long the service takes for each request, so that limits on parallel requests can be felt."""

    latency_seconds: float = 0.0


class ODataApp:
    """Serves an OData service below a root path."""

    def __init__(
        self, service: ODataService, root: re.Pattern[str], verifier: TokenVerifier, limiter: Limiter, pace: Pace
    ) -> None:
        self._service = service
        self._root = root
        self._verifier = verifier
        self._limiter = limiter
        self._pace = pace

    def starlette(self) -> Starlette:
        """Return the ASGI app."""
        return Starlette(routes=[Route("/{path:path}", self._endpoint, methods=METHODS)])

    async def _endpoint(self, request: HttpRequest) -> HttpResponse:
        try:
            user = self._verifier.verify(request.headers.get("authorization", ""))
            async with self._limiter.slot(user):
                await asyncio.sleep(self._pace.latency_seconds)
                return _http(self._answer(request, await request.body()))
        except TokenError:
            return self._refused("unauthenticated", {"WWW-Authenticate": "Bearer"})
        except LimitExceededError as error:
            return self._refused(error.kind, error.headers)

    def _answer(self, request: HttpRequest, body: bytes) -> Response:
        path = request.scope["raw_path"].decode()
        match = self._root.match(unquote(path))
        if match is None:
            return self._error(self._service.product.messages.error("unknown_resource", name=path))
        root = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}{match[0].rstrip('/')}"
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in request.headers.items()}
        relative = unquote(path)[match.end() :]
        parsed = Request(request.method, relative, query, headers, body, root)
        if relative == "$batch" and request.method == "POST":
            multipart = self._service.product.multipart_batch
            return handle_multipart(self._service, parsed) if multipart else handle_batch(self._service, parsed)
        return self._service.handle(parsed)

    def _error(self, error: ServiceError) -> Response:
        return Response(error.status, self._service.product.error_body(error))

    def _refused(self, kind: str, headers: dict[str, str]) -> HttpResponse:
        refusal = self._error(self._service.product.messages.error(kind))
        return ExactJSONResponse(refusal.body, status_code=refusal.status, headers=headers)


def _http(response: Response) -> HttpResponse:
    headers = {"OData-Version": "4.0", **response.headers}
    if response.body is None:
        return HttpResponse(status_code=response.status, headers=headers)
    if isinstance(response.body, bytes):
        return HttpResponse(response.body, status_code=response.status, headers=headers)
    if isinstance(response.body, int):
        return HttpResponse(str(response.body), status_code=response.status, headers=headers, media_type="text/plain")
    media_type = "application/json; odata.metadata=minimal; charset=utf-8"
    return ExactJSONResponse(response.body, status_code=response.status, headers=headers, media_type=media_type)
