"""The commercetools stand-in as a real process, a webhook for it to deliver to, and documents to seed."""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.node import node_path

ROOT = Path(__file__).resolve().parents[3]
CLIENT_ID = "contract-client"
CLIENT_SECRET = "contract-secret"
Document = dict[str, Any]


@dataclass(frozen=True)
class StandIn:
    """The running stand-in and an authorised client for it."""

    url: str
    api: httpx.Client
    process: subprocess.Popen[str]

    def seed(self, resource: str, document: Document, **query: str | int) -> Document:
        answer = self.api.post(f"/__seed/demo/{resource}", params=query, json=document)
        assert answer.status_code == 200, answer.text
        seeded: Document = answer.json()
        return seeded

    def update(self, path: str, version: int, *actions: Document) -> httpx.Response:
        return self.api.post(f"/demo/{path}", json={"version": version, "actions": list(actions)})

    def get(self, path: str, **query: Any) -> Any:
        answer = self.api.get(f"/demo/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def program(self, *faults: Document) -> None:
        answer = self.api.post("/__faults", json={"faults": list(faults)})
        assert answer.status_code == 200, answer.text


def fetch_token(url: str) -> str:
    answer = httpx.post(
        f"{url}/oauth/token", auth=(CLIENT_ID, CLIENT_SECRET), data={"grant_type": "client_credentials"}
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


@contextmanager
def run_stand_in(**extra: str) -> Iterator[StandIn]:
    if not (ROOT / "node_modules" / "@labdigital" / "commercetools-mock").is_dir():
        pytest.fail("node_modules is missing: run `make install`")
    settings = {"CT_MOCK_PORT": "0", "CT_MOCK_CLIENT_ID": CLIENT_ID, "CT_MOCK_CLIENT_SECRET": CLIENT_SECRET, **extra}
    command = [str(node_path()), str(ROOT / "local" / "commercetools" / "server.mjs")]
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            headers = {"Authorization": f"Bearer {fetch_token(url)}"}
            with httpx.Client(base_url=url, headers=headers, timeout=20) as api:
                yield StandIn(url, api, process)
        finally:
            process.terminate()
            process.wait(timeout=10)


@dataclass
class Webhook:
    """An endpoint that answers as told and remembers what it got."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    allowed_origin: str | None = "*"
    received: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    handshakes: list[dict[str, str]] = field(default_factory=list)

    def events(self) -> list[Document]:
        """Return the CloudEvents received so far, without the test notification."""
        bodies = [body if isinstance(body, list) else [body] for _, body in self.received]
        return [event for body in bodies for event in body if ".subscription." not in event["type"]]

    def wait_for(self, count: int, seconds: float = 10) -> list[Document]:
        deadline = time.monotonic() + seconds
        while len(self.events()) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        events = self.events()
        assert len(events) >= count, f"expected {count} events within {seconds} s, got {events}"
        return events


def handler_for(webhook: Webhook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Keep the test output quiet."""

        def do_OPTIONS(self) -> None:
            webhook.handshakes.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            if webhook.allowed_origin is not None:
                self.send_header("WebHook-Allowed-Origin", webhook.allowed_origin)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            webhook.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(webhook.statuses.pop(0) if webhook.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler


def subscription_draft(webhook: Webhook, **changed: Any) -> Document:
    draft: Document = {
        "key": f"subscription-{uuid.uuid4()}",
        "destination": {"type": "EventGrid", "uri": webhook.url, "accessKey": "topic-access-key"},
        "format": {"type": "CloudEvents", "cloudEventsVersion": "1.0"},
        "messages": [{"resourceTypeId": "order"}],
    }
    return {**draft, **changed}


def money(cents: int) -> Document:
    return {"type": "centPrecision", "currencyCode": "EUR", "centAmount": cents, "fractionDigits": 2}


def order_document(**changed: Any) -> Document:
    """Return a whole order with one line, as GET would answer it."""
    order: Document = {
        "id": str(uuid.uuid4()),
        "version": 7,
        "createdAt": "2026-01-05T10:00:00.000Z",
        "lastModifiedAt": "2026-01-05T10:00:01.000Z",
        "orderNumber": f"ORDER-{uuid.uuid4()}",
        "customerEmail": "customer@example.com",
        "orderState": "Open",
        "origin": "Customer",
        "shippingMode": "Single",
        "shipping": [],
        "syncInfo": [],
        "refusedGifts": [],
        "customLineItems": [],
        "totalPrice": money(2380),
        "lineItems": [
            {
                "id": str(uuid.uuid4()),
                "productId": str(uuid.uuid4()),
                "name": {"en": "Example Item"},
                "variant": {"id": 1, "sku": "SKU-1"},
                "quantity": 2,
                "price": {"id": str(uuid.uuid4()), "value": money(1190)},
                "totalPrice": money(2380),
                "state": [],
            }
        ],
        "shippingInfo": {"shippingMethodName": "Standard", "price": money(0), "deliveries": []},
        "anUndocumentedField": {"kept": [1, 2.5, None]},
    }
    return {**order, **changed}
