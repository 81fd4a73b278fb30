"""HTTP triggers: the intake of commercetools notifications."""

from __future__ import annotations

import json
import math
import uuid

import azure.functions as func

from shared.app import app
from shared.commercetools.messages import MalformedNotification
from shared.errors import Transient
from shared.pipeline.intake import UnknownProject, accept_request
from shared.triggers.authorisation import NotAuthorised, verify_bearer
from shared.triggers.problems import problem
from shared.triggers.rate import intake_wait

MAX_BODY = 1024 * 1024  # Event Grid's own limit for a batch, bytes
RETRY_SECONDS = "30"

blueprint = func.Blueprint()


@blueprint.route(route="commercetools/events", methods=["OPTIONS"], auth_level=func.AuthLevel.FUNCTION)
async def commercetools_events_handshake(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the CloudEvents handshake: the sender may deliver here."""
    origin = req.headers.get("WebHook-Request-Origin")
    if not origin:
        return problem(400, "No handshake", "The header WebHook-Request-Origin is missing.")
    headers = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*", "Allow": "POST, OPTIONS"}
    return func.HttpResponse(status_code=200, headers=headers)


@blueprint.route(route="commercetools/events", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
async def commercetools_events(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a delivery asks for. 2xx accepted, 4xx never again, 429 and 503 deliver again."""
    correlation_id = req.headers.get("X-Correlation-ID") or str(uuid.uuid4())
    body = req.get_body()
    if refused := _over_a_limit(body):
        return refused
    try:
        await verify_bearer(app(), req.headers.get("Authorization"))
        headers = {name.lower(): value for name, value in req.headers.items()}
        accepted = await accept_request(app().road, app().markets.projects, headers, body, correlation_id)
    except NotAuthorised as error:
        return problem(401, "Not authorised", str(error))
    except MalformedNotification as error:
        return problem(400, "Malformed notification", str(error), correlation_id)
    except UnknownProject as error:
        return problem(403, "Unknown project", str(error), correlation_id)
    except Transient as error:
        return problem(503, "Try again", str(error), correlation_id, {"Retry-After": RETRY_SECONDS})
    answer = json.dumps({"queued": accepted.queued, "ignored": accepted.ignored})
    return func.HttpResponse(answer, status_code=200, mimetype="application/json")


def _over_a_limit(body: bytes) -> func.HttpResponse | None:
    """Refuse before anything that costs: a signature check can be asked for too often, too."""
    if wait := intake_wait(app()):
        seconds = str(max(1, math.ceil(wait)))
        detail = f"This instance takes no more deliveries at the moment; come again in {seconds} s."
        return problem(429, "Too many requests", detail, headers={"Retry-After": seconds})
    if len(body) > MAX_BODY:
        return problem(413, "Too large", f"The body has {len(body)} bytes, at most {MAX_BODY} are taken.")
    return None
