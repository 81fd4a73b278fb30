"""$batch in the JSON format, with the isolation that makes it one transaction."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.product import Request, Response, parse_json
from local.dynamics.odata.service import ODataService


def handle_batch(service: ODataService, request: Request) -> Response:
    """Answer a batch; a part that fails stops it unless the caller prefers to go on."""
    try:
        parts = _parts(service, request)
    except ServiceError as error:
        return Response(error.status, service.product.error_body(error))
    responses: list[dict[str, Any]] = []
    snapshot = request.headers.get("isolation", "").lower() == "snapshot"
    with service.product.store.transaction() as transaction:
        failed = _run(service, request, parts, responses)
        if failed and snapshot:
            transaction.undo()
    return Response(200, {"responses": responses})


def _parts(service: ODataService, request: Request) -> list[Mapping[str, Any]]:
    messages = service.product.messages
    body = parse_json(request.body, messages)
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise messages.error("bad_json", reason='a batch is an object with a list "requests"')
    if len(parts) > service.product.batch_limit:
        raise messages.error("batch_too_large", size=len(parts), limit=service.product.batch_limit)
    return parts


def _run(
    service: ODataService, request: Request, parts: list[Mapping[str, Any]], responses: list[dict[str, Any]]
) -> bool:
    go_on = "odata.continue-on-error" in request.headers.get("prefer", "")
    failed = False
    for part in parts:
        response = service.handle(_part_request(request, part))
        responses.append(_part_response(part, response))
        failed = failed or response.status >= 400
        if failed and not go_on:
            break
    return failed


def _part_request(request: Request, part: Mapping[str, Any]) -> Request:
    url = urlsplit(str(part.get("url", "")))
    root = urlsplit(request.root).path
    path = url.path.removeprefix(root).lstrip("/")
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    query = dict(request.query) | dict(parse_qsl(url.query, keep_blank_values=True))
    method = str(part.get("method", "")).upper()
    return replace(request, method=method, path=path, query=query, headers=headers, body=part.get("body"))


def _part_response(part: Mapping[str, Any], response: Response) -> dict[str, Any]:
    headers = dict(response.headers)
    result: dict[str, Any] = {"id": part.get("id"), "status": response.status, "headers": headers}
    if response.body is not None:
        headers["Content-Type"] = "application/json; odata.metadata=minimal"
        result["body"] = response.body
    return result
