"""The /__ endpoints that every simulator has: limits, settings, seeding, state. Each says what they mean for it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.dynamics.odata.control import ExactJSONResponse
from local.dynamics.odata.errors import ServiceError

# What a wrong control request raises on its way; it is answered with its text.
_WRONG = (ValidationError, ValueError, InvalidOperation, KeyError, TypeError, ServiceError)


class ControlEndpoints(ABC):
    """Routes, JSON in and out, and errors that say what to correct."""

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/__limits", self._guard(lambda _request, body: self.limits(body)), methods=["GET", "POST"]),
            Route("/__settings", self._guard(lambda _request, body: self.change(body)), methods=["GET", "POST"]),
            Route("/__seed/{entity_set}", self._guard(self.seed), methods=["POST"]),
            Route("/__state/{entity_set}", self._guard(lambda request, _body: self.state(request))),
        ]

    @abstractmethod
    def limits(self, body: Any) -> Any:
        """Change the limits, if there is a body, and return those in force."""

    @abstractmethod
    def change(self, body: Any) -> Any:
        """Change settings, if there is a body, and return all of them."""

    @abstractmethod
    def seed(self, request: Request, body: Any) -> Any:
        """Store rows as given and return them."""

    @abstractmethod
    def state(self, request: Request) -> Any:
        """Return all rows of an entity set."""

    @staticmethod
    def _guard(endpoint: Callable[[Request, Any], Any]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            body = await request.body()
            try:
                answer = endpoint(request, json.loads(body, parse_float=Decimal) if body else None)
            except _WRONG as error:
                text = f"{request.method} {request.url.path}: {error!r}; correct the request and send it again"
                return ExactJSONResponse({"error": text}, status_code=400)
            return ExactJSONResponse(answer)

        return guarded


def rows_of(body: Any) -> list[Any]:
    """Take one row or several."""
    return body if isinstance(body, list) else [body]
