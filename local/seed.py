"""What a new installation needs first: tables, and in commercetools a channel, a type, a Subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from local.stack import PROJECT
from shared.composition import build_app

CHANNEL = {"key": "dynamics-365", "roles": ["OrderExport"]}
TYPE = {
    "key": "dynamics-365",
    "name": {"en": "Dynamics 365"},
    "resourceTypeIds": ["order"],
    "fieldDefinitions": [
        {
            "name": "salesOrderNumber",
            "label": {"en": "Sales order number"},
            "type": {"name": "String"},
            "required": False,
            "inputHint": "SingleLine",
        }
    ],
}


async def prepare(environment: Mapping[str, str]) -> None:
    """Create the tables."""
    application = build_app(environment)
    try:
        await application.road.state.ensure()
    finally:
        await application.close()


async def prepare_commercetools(environment: Mapping[str, str], events_url: str) -> None:
    """Create channel, type and the Subscription that delivers order messages to the functions host."""
    async with commercetools(environment) as client:
        for path, draft in (("channels", CHANNEL), ("types", TYPE), ("subscriptions", subscription(events_url))):
            (await client.post(f"/{PROJECT}/{path}", json=draft)).raise_for_status()


def subscription(events_url: str) -> dict[str, Any]:
    """Draft the Subscription. Locally the stand-in plays Event Grid too, so the topic is the webhook itself."""
    return {
        "key": "orders",
        "destination": {"type": "EventGrid", "uri": events_url, "accessKey": "unused"},
        "format": {"type": "CloudEvents", "cloudEventsVersion": "1.0"},
        "messages": [{"resourceTypeId": "order"}],
    }


def commercetools(environment: Mapping[str, str]) -> httpx.AsyncClient:
    """Return a client that is signed in to the stand-in."""
    answer = httpx.post(
        f"{environment['CT_AUTH_URL']}/oauth/token",
        params={"grant_type": "client_credentials", "scope": f"manage_project:{PROJECT}"},
        auth=(environment["CT_CLIENT_ID"], environment["CT_CLIENT_SECRET"]),
    )
    token = answer.raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=environment["CT_API_URL"], headers=headers, timeout=30)
