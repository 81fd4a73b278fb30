"""One order from its notification to the back-end's document, and everything else that telemetry can say.

Run in a process of its own: the exporters keep state in their modules. Prints one JSON line when the order is handled,
before what waits is sent, and one when all is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import httpx
from pydantic import SecretStr

from shared.commercetools.client import CommercetoolsClient
from shared.commercetools.messages import Notification
from shared.dynamics.business_central import ERRORS
from shared.dynamics.odata import ODataClient
from shared.http import ObservedClient
from shared.markets import Project
from shared.pipeline.failures import MessageFailed
from shared.pipeline.flow import Work
from shared.pipeline.intake import accept
from shared.pipeline.outcome import DeadLetter, Done, NeedsReview, NoChange, Outcome, RetryAt, Superseded
from shared.pipeline.process import process
from shared.state.records import Question
from shared.telemetry.azure_monitor import ExporterName, attach
from shared.telemetry.names import EVENTS, METRICS
from shared.telemetry.seam import LOGGER, Telemetry
from tests.fakes.clock import START
from tests.fakes.road import Bench, envelope, incoming
from tests.fakes.scripted_flow import ScriptedFlow, ScriptedPlan
from tests.fakes.tokens import CountingTokens

ORDER = "8c1ef2f5-3e0b-4b54-9c0c-5a1d2f6b7a10"
MAIL, NAME, STREET = "marked-mail-4711@example.com", "Markedname4711", "Markedstreet4711"
PERSON = {"email": MAIL, "displayName": NAME, "addressLine1": STREET}
SECRETS = ("secret-of-the-client", "token-of-the-shop", "token-1")
QUESTION = Question("pilot", "item", "SKU-1", "no item")
OTHERS: tuple[Outcome, ...] = (
    NoChange("agreed already"),
    Superseded("worked off"),
    RetryAt(START, "throttled"),
    NeedsReview(QUESTION),
    DeadLetter("Refused", "refused"),
)


class Systems:
    """commercetools and Business Central over a transport; both keep and repeat personal data."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "token-of-the-shop", "expires_in": 3600})
        if "throttled" in request.url.path:
            return httpx.Response(429, json={})
        return httpx.Response(200, json={"id": ORDER, "version": 1, "value": [], **PERSON})

    def headers(self) -> Iterator[str]:
        for request in self.requests:
            yield request.headers.get("X-Correlation-ID") or request.headers.get("client-request-id", "")


class TalkingFlow(ScriptedFlow):
    """Reads the order, looks the customer up by e-mail address, is throttled once, writes a document."""

    def __init__(self, shop: CommercetoolsClient, central: ODataClient) -> None:
        super().__init__()
        self._shop, self._central = shop, central

    async def load(self, work: Work) -> str:
        correlation_id = work.envelope.correlation_id
        await self._shop.get(f"orders/{work.envelope.entity_id}", correlation_id)
        await self._central.get("companies(1)/customers", correlation_id, filter=f"email eq '{MAIL}'")
        await self._central.exchange("throttled", correlation_id, content=b"", content_type="text/plain")
        return await super().load(work)

    async def write(self, work: Work, plan: ScriptedPlan) -> Outcome | str:
        path = f"companies(1)/salesOrders(number='{NAME}')"
        await self._central.call("POST", path, work.envelope.correlation_id, json=PERSON)
        work.trail.market = "pilot"
        return await super().write(work, plan)


async def one_order(telemetry: Telemetry) -> dict[str, Any]:
    """Take it from the notification to the document; the order's correlation id and what it was found in."""
    bench, systems = Bench(), Systems()
    road = replace(bench.road, telemetry=telemetry)
    transport = httpx.MockTransport(systems.answer)
    async with ObservedClient(telemetry.call, transport=transport) as http:
        project = Project(
            api_url="https://api.example.com",
            auth_url="https://auth.example.com",
            client_id="client",
            client_secret=SecretStr(SECRETS[0]),
        )
        shop = CommercetoolsClient("shop", project, http)
        central = ODataClient("https://bc.example.com/api/v2.0", CountingTokens(), http, ERRORS, in_flight=1)
        await accept(road, [Notification("shop", "order", ORDER, "OrderCreated", "message-1", 1)])
        (message,) = bench.sender.sent["orders"]
        flow = TalkingFlow(shop, central)
        outcome = await process(road, flow, incoming(message.body.encode(), sequence=100))
        assert isinstance(outcome, Done), outcome
    found = {"correlation_id": message.correlation_id, "diagnostic_id": message.properties["Diagnostic-Id"]}
    return found | {"headers": [text for text in systems.headers() if text]}


async def every_outcome(telemetry: Telemetry) -> None:
    """One more message for each other outcome, and one that is no envelope."""
    bench = Bench()
    road = replace(bench.road, telemetry=telemetry)
    for number, outcome in enumerate(OTHERS):
        message = incoming(envelope(f"message-{number}", entity=f"order-{number}"), sequence=number)
        with suppress(MessageFailed):
            await process(road, ScriptedFlow([outcome]), message)
    with suppress(MessageFailed):
        await process(road, ScriptedFlow(), incoming(b"no envelope", sequence=99))


def every_name(telemetry: Telemetry) -> None:
    """Everything in the table of names that the road itself does not say."""
    for signal in EVENTS:
        telemetry.event(signal.name, **dict.fromkeys(signal.dimensions, f"value of {MAIL}"))
    for signal in METRICS:
        telemetry.metric(signal.name, 1, **dict.fromkeys(signal.dimensions, "table"))
    LOGGER.warning("a warning about %s", MAIL)
    try:
        fail()
    except ValueError:
        LOGGER.exception("an error")


def fail() -> None:
    raise ValueError(STREET)


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


def main(exporter: ExporterName) -> None:
    """Say all of it once."""
    telemetry = attach(os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"], exporter)
    found = asyncio.run(one_order(telemetry))
    asyncio.run(every_outcome(telemetry))
    every_name(telemetry)
    say(found)
    telemetry.close()
    telemetry.close()
    say({"modules": sorted(sys.modules)})


if __name__ == "__main__":
    main(cast("ExporterName", sys.argv[1]))
