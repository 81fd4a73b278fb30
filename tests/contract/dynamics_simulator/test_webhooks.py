import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from local.dynamics.business_central.environment import create_environment
from local.dynamics.business_central.webhooks import send_over_http
from tests.contract.dynamics_simulator.simulator import EU, ROOT, TOKEN_KEY, US, BusinessCentral, bearer, error_of
from tests.fakes.clock import ManualClock
from tests.fakes.webhook_subscriber import WebhookSubscriber

URL = "http://127.0.0.1:7071/api/business-central?code=key"
CUSTOMERS = f"/api/v2.0/companies({EU})/customers"
BODY = {"notificationUrl": URL, "resource": CUSTOMERS, "clientState": "secret"}


@dataclass
class Desk:
    bc: BusinessCentral
    subscriber: WebhookSubscriber
    clock: ManualClock

    async def subscribe(self, **changes: Any) -> httpx.Response:
        return await self.bc.http.post(f"{ROOT}/subscriptions", json=BODY | changes)

    async def subscribed(self, **changes: Any) -> dict[str, Any]:
        answer = await self.subscribe(**changes)
        assert answer.status_code == 201, answer.text
        row: dict[str, Any] = answer.json()
        row.pop("@odata.context")
        return row

    async def listed(self) -> list[dict[str, Any]]:
        answer = await self.bc.http.get(f"{ROOT}/subscriptions")
        rows: list[dict[str, Any]] = answer.json()["value"]
        return rows

    async def renew(self, row: dict[str, Any], if_match: str | None = None) -> httpx.Response:
        url = f"{ROOT}/subscriptions('{row['subscriptionId']}')"
        return await self.bc.http.patch(url, json=BODY, headers={"If-Match": if_match} if if_match else None)

    async def customer(self, **values: Any) -> str:
        made = await self.bc.post("customers", {"displayName": "Example Buyer", "type": "Person"} | values)
        return str(made.json()["id"])

    async def deliver(self) -> bool:
        return await self.bc.environment.webhooks.deliver()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    subscriber, clock = WebhookSubscriber(), ManualClock()
    environment = create_environment(TOKEN_KEY, clock=clock, sender=subscriber)
    environment.webhooks.timing.delay_seconds = None
    transport = httpx.ASGITransport(environment.app)
    async with httpx.AsyncClient(transport=transport, headers={"Authorization": bearer()}) as http:
        yield Desk(BusinessCentral(environment, http), subscriber, clock)


async def test_a_subscription_lives_for_three_days_after_its_handshake(desk: Desk) -> None:
    row = await desk.subscribed()
    (handshake,) = desk.subscriber.handshakes
    assert handshake.startswith(f"{URL}&validationToken=")
    assert row["expirationDateTime"] == (desk.clock.now + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [one["subscriptionId"] for one in await desk.listed()] == [row["subscriptionId"]]


@pytest.mark.parametrize("status", [202, 400, 503])
async def test_a_handshake_that_is_not_answered_with_200_makes_no_subscription(desk: Desk, status: int) -> None:
    desk.subscriber.answers = [status]
    assert error_of(await desk.subscribe())[0] == 400
    assert await desk.listed() == []


async def test_a_handshake_that_does_not_return_the_token_makes_no_subscription(desk: Desk) -> None:
    desk.subscriber.echo = False
    assert "validationToken" in error_of(await desk.subscribe())[2]
    assert await desk.listed() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"notificationUrl": ""},
        {"resource": ""},
        {"notificationUrl": "https://example.com/hook"},
        {"notificationUrl": "ftp://127.0.0.1/hook"},
        {"resource": f"/api/v2.0/companies({EU})/locations"},
        {"resource": f"/api/v2.0/companies({EU})/salesShipments"},
        {"resource": "/api/v2.0/companies(nowhere)/customers"},
        {"resource": "/api/v2.0/customers"},
        {"clientState": "x" * 2049},
        {"colour": "red"},
        {"expirationDateTime": "2030-01-01T00:00:00Z"},
    ],
)
async def test_a_subscription_that_cannot_work_is_refused_without_a_handshake(
    desk: Desk, changes: dict[str, str]
) -> None:
    assert (await desk.subscribe(**changes)).status_code == 400
    assert desk.subscriber.handshakes == []
    assert await desk.listed() == []


async def test_a_subscription_needs_a_token_before_anybody_is_called(desk: Desk) -> None:
    answer = await desk.bc.http.post(f"{ROOT}/subscriptions", json=BODY, headers={"Authorization": "Bearer none"})
    assert answer.status_code == 401
    assert desk.subscriber.handshakes == []


async def test_renewing_needs_the_etag_and_shakes_hands_again(desk: Desk) -> None:
    row = await desk.subscribed()
    desk.clock.advance(timedelta(days=2))
    assert error_of(await desk.renew(row))[1] == "BadRequest_InvalidToken"
    assert error_of(await desk.renew(row, 'W/"another"'))[:2] == (409, "Request_EntityChanged")
    assert len(desk.subscriber.handshakes) == 1
    renewed = await desk.renew(row, row["@odata.etag"])
    assert renewed.status_code == 200
    assert renewed.json()["expirationDateTime"] > row["expirationDateTime"]
    assert len(desk.subscriber.handshakes) == 2


async def test_a_renewal_whose_handshake_fails_changes_nothing(desk: Desk) -> None:
    row = await desk.subscribed()
    desk.clock.advance(timedelta(days=1))
    desk.subscriber.answers = [500]
    assert (await desk.renew(row, row["@odata.etag"])).status_code == 400
    assert await desk.listed() == [row]


async def test_changes_are_sent_together_and_once_for_each_record(desk: Desk) -> None:
    row = await desk.subscribed()
    first, second = await desk.customer(), await desk.customer()
    await desk.bc.patch(f"customers({first})", {"phoneNumber": "1"})
    known = desk.bc.id_of("customers", "10000")
    await desk.bc.patch(f"customers({known})", {"phoneNumber": "2"})
    await desk.bc.delete(f"customers({second})")
    assert await desk.deliver()
    assert len(desk.subscriber.bodies) == 1
    kinds = {notice["resource"].rpartition("/")[2]: notice["changeType"] for notice in desk.subscriber.notices}
    assert kinds == {
        f"customers({first})": "created",
        f"customers({second})": "deleted",
        f"customers({known})": "updated",
    }
    assert {notice["subscriptionId"] for notice in desk.subscriber.notices} == {row["subscriptionId"]}
    assert {notice["clientState"] for notice in desk.subscriber.notices} == {"secret"}


async def test_only_what_was_subscribed_to_is_sent(desk: Desk) -> None:
    await desk.subscribed()
    await desk.bc.post("items", {"displayName": "Mug"})
    us = BusinessCentral(desk.bc.environment, desk.bc.http, US)
    await us.post("customers", {"displayName": "Example Buyer"})
    await desk.deliver()
    assert desk.subscriber.bodies == []


async def test_a_refused_change_is_not_sent(desk: Desk) -> None:
    await desk.subscribed()
    await desk.bc.post("customers", {"displayName": "Example Buyer", "email": "no address"})
    await desk.deliver()
    assert desk.subscriber.bodies == []


async def test_a_line_notifies_for_its_order(desk: Desk) -> None:
    order = await desk.bc.order({"lineType": "Item", "lineObjectNumber": "GIFT-MUG", "quantity": 1})
    await desk.subscribed(resource=f"api/v2.0/companies({EU})/salesOrders")
    line = order["salesOrderLines"][0]["id"]
    await desk.bc.patch(f"salesOrderLines({line})", {"quantity": 2})
    await desk.deliver()
    assert [notice["resource"] for notice in desk.subscriber.notices] == [
        f"api/v2.0/companies({EU})/salesOrders({order['id']})"
    ]


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
async def test_a_delivery_that_may_be_tried_again_is_tried_again(desk: Desk, status: int) -> None:
    await desk.subscribed()
    await desk.customer()
    desk.subscriber.answers = [status, 200]
    assert not await desk.deliver()
    assert await desk.deliver()
    assert desk.subscriber.bodies[0] == desk.subscriber.bodies[1]
    assert len(await desk.listed()) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404])
async def test_any_other_error_answer_deletes_the_subscription(desk: Desk, status: int) -> None:
    await desk.subscribed()
    await desk.customer()
    desk.subscriber.answers = [status]
    await desk.deliver()
    assert await desk.listed() == []


async def test_a_thousand_changes_come_one_by_one_and_more_as_a_collection(desk: Desk) -> None:
    await desk.subscribed()
    rows: list[Any] = [{"displayName": f"Example Customer {place}"} for place in range(1000)]
    desk.bc.environment.seeder.seed(EU, "customers", rows)
    await desk.deliver()
    assert len(desk.subscriber.notices) == 1000
    desk.subscriber.bodies.clear()
    desk.bc.environment.seeder.seed(EU, "customers", [*rows, {"displayName": "One More"}])
    await desk.deliver()
    (notice,) = desk.subscriber.notices
    assert notice["changeType"] == "collection"
    path, _, query = notice["resource"].partition("?")
    assert path == CUSTOMERS
    listed = await desk.bc.get(f"customers?{unquote(query)}&$top=2000&$count=true&$select=id")
    assert listed.json()["@odata.count"] >= 1001


async def test_an_expired_subscription_hears_nothing_more(desk: Desk) -> None:
    await desk.subscribed()
    desk.clock.advance(timedelta(days=3))
    await desk.customer()
    await desk.deliver()
    assert desk.subscriber.bodies == []


async def test_the_delay_can_be_set_and_notices_come_by_themselves(desk: Desk) -> None:
    answer = await desk.bc.http.post("http://simulator/__settings", json={"notification_delay_ms": 1})
    assert answer.json()["notification_delay_ms"] == 1
    await desk.subscribed()
    customer = await desk.customer()
    async with asyncio.timeout(30):
        await desk.subscriber.noticed.wait()
    assert desk.subscriber.notices[0]["resource"].endswith(f"customers({customer})")


class Hook(BaseHTTPRequestHandler):
    """A subscriber of its own, on a real socket."""

    calls: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.calls.append((self.path, body))
        token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(token)))
        self.end_headers()
        self.wfile.write(token)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.calls = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


async def test_the_real_sender_speaks_http(desk: Desk, hook: str) -> None:
    desk.bc.environment.webhooks.sender = send_over_http
    await desk.subscribed(notificationUrl=hook)
    await desk.customer()
    assert await desk.deliver()
    assert Hook.calls[0][0].startswith("/hook?validationToken=")
    assert json.loads(Hook.calls[1][1])["value"][0]["changeType"] == "created"
