"""What a new installation needs first: tables; channel, types, Subscription in commercetools; webhooks in Dynamics."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from local.stack import PROJECT
from shared.composition import App, build_app
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.dataverse_webhook import WebhookSetup
from shared.markets import Events
from shared.pipeline.notice_reading import SECRET_HEADER

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


STORES = ("se-pilot", "trade", "outlet")  # those of the market map
CUSTOMER_TYPE = {
    "key": "dynamics-365-customer",
    "name": {"en": "Dynamics 365"},
    "resourceTypeIds": ["customer", "business-unit"],
    "fieldDefinitions": [
        {"name": name, "label": {"en": label}, "type": {"name": kind}, "required": False}
        for name, label, kind in (
            ("paymentTerms", "Payment terms", "String"),
            ("creditLimit", "Credit limit", "String"),
            ("blocked", "Blocked", "Boolean"),
        )
    ],
}
# What flows listen to. Some fields of customers have no message, and only the deletion's change tells of erasure.
MESSAGES = ("order", "customer", "business-unit")
CHANGES = ("customer", "business-unit")


async def prepare(environment: Mapping[str, str]) -> None:
    """Create the tables."""
    application = build_app(environment)
    try:
        await application.road.state.ensure()
    finally:
        await application.close()


async def prepare_commercetools(environment: Mapping[str, str], events_url: str) -> None:
    """Create channel, types and the Subscription that delivers to the functions host."""
    async with commercetools(environment) as client:
        drafts = (("channels", CHANNEL), ("types", TYPE), ("types", CUSTOMER_TYPE))
        for key in STORES:
            (await client.post(f"/__seed/{PROJECT}/stores", json={"key": key, "name": {"en": key}})).raise_for_status()
        for path, draft in (*drafts, ("subscriptions", subscription(events_url))):
            (await client.post(f"/{PROJECT}/{path}", json=draft)).raise_for_status()


def subscription(events_url: str) -> dict[str, Any]:
    """Draft the Subscription. Locally the stand-in plays Event Grid too, so the topic is the webhook itself."""
    return {
        "key": "dynamics-365",
        "destination": {"type": "EventGrid", "uri": events_url, "accessKey": "unused"},
        "format": {"type": "CloudEvents", "cloudEventsVersion": "1.0"},
        "messages": [{"resourceTypeId": name} for name in MESSAGES],
        "changes": [{"resourceTypeId": name} for name in CHANGES],
    }


async def prepare_back_ends(environment: Mapping[str, str], functions_url: str) -> None:
    """Let every back-end tell what has changed: a timer, a set-up command and a control endpoint see to it."""
    key = {"x-functions-key": environment["FUNCTIONS_KEY"]}
    application = build_app(environment)
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            timer = f"{functions_url}/admin/functions/subscriptions_renewal"
            (await client.post(timer, headers=key, json={})).raise_for_status()
            await _finance(application, client, environment["FINANCE_URL"])
        await _dataverse(application)
    finally:
        await application.close()


async def _dataverse(application: App) -> None:
    connector, events = application.connectors["dataverse"], _events_of(application, "dataverse")
    assert isinstance(connector, Dataverse)
    url, secret = events.url.get_secret_value(), events.secret.get_secret_value()
    setup = WebhookSetup(connector.api, url, secret, f"seed/{uuid.uuid4()}")
    await setup.apply(await setup.plan(), lambda _step: None)


async def _finance(application: App, client: httpx.AsyncClient, url: str) -> None:
    """People do this in the product's user interface."""
    events = _events_of(application, "finance")
    told = {"url": events.url.get_secret_value(), "secret": events.secret.get_secret_value()}
    (
        await client.post(f"{url.removesuffix('/data')}/__events", json={**told, "secret_header": SECRET_HEADER})
    ).raise_for_status()


def _events_of(application: App, back_end: str) -> Events:
    events = application.markets.back_ends[back_end].events
    assert events is not None
    return events


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
