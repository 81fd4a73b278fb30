"""Error answers as RFC 9457 problem bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping

import azure.functions as func


def problem(
    status: int, title: str, detail: str, correlation_id: str = "", headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Build the answer; `correlation_id` finds the audit entry."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if correlation_id:
        body["correlationId"] = correlation_id
    return func.HttpResponse(
        json.dumps(body), status_code=status, mimetype="application/problem+json", headers=dict(headers or {})
    )
