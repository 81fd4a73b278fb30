"""HTTP triggers: webhooks and business events of the back-ends.

Answers are 2xx or 503 only: Business Central deletes a subscription after any other answer, and a notice that says
nothing to us does not get better by being sent again.
"""

from __future__ import annotations

import json
import uuid

import azure.functions as func

from shared.app import app
from shared.errors import ServiceError
from shared.triggers.problems import problem
from shared.triggers.rate import intake_wait

MAX_TOKEN = 2048  # characters of a validation token
RETRY_SECONDS = "30"

blueprint = func.Blueprint()


@blueprint.route(route="dynamics/{back_end}/events", methods=["GET", "POST"], auth_level=func.AuthLevel.FUNCTION)
async def dynamics_events(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a back-end has told, or answer Business Central's handshake."""
    token = req.params.get("validationToken")
    if token is not None:
        return _handshake(token)
    correlation_id = str(uuid.uuid4())
    try:
        if intake_wait(app()):
            return _later("This instance takes no more deliveries at the moment.", correlation_id)
        return await _take(req, req.route_params.get("back_end", ""), correlation_id)
    except ServiceError as error:
        return _later(str(error), correlation_id)


def _handshake(token: str) -> func.HttpResponse:
    """Give the token back as plain text, so that nobody can make a page of it."""
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
    return func.HttpResponse(token[:MAX_TOKEN], status_code=200, mimetype="text/plain", headers=headers)


async def _take(req: func.HttpRequest, name: str, correlation_id: str) -> func.HttpResponse:
    headers = {key.lower(): value for key, value in req.headers.items()}
    taken = await app().jobs.take_notices(name, req.get_body(), headers, correlation_id)
    answer = {"queued": taken.queued, "pulled": taken.pulled, "refused": taken.refused}
    return func.HttpResponse(json.dumps(answer), status_code=200, mimetype="application/json")


def _later(detail: str, correlation_id: str) -> func.HttpResponse:
    return problem(503, "Try again", detail, correlation_id, {"Retry-After": RETRY_SECONDS})
