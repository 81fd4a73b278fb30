"""Webhooks as the real one sends them: what is posted, how it signs in, and when it is tried again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from local.dynamics.dataverse.environment import AUDIENCE, Environment, create_environment
from local.dynamics.dataverse.webhooks import Delivery
from local.dynamics.tokens import issue
from tests.contract.dynamics_simulator.dataverse.simulator import TOKEN_KEY, Clock, Dataverse, error_of

URL = "http://127.0.0.1:7071/api/dynamics/events"
ENDPOINT = {"name": "a webhook", "url": URL, "contract": 8, "authtype": 4, "authvalue": "a-key"}


@dataclass
class Receiver:
    """Answers with the statuses it is given, then with 200."""

    answers: list[int] = field(default_factory=list)
    got: list[Delivery] = field(default_factory=list)

    async def __call__(self, delivery: Delivery) -> int:
        self.got.append(delivery)
        return self.answers.pop(0) if self.answers else 200

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(delivery.body) for delivery in self.got]


@dataclass(frozen=True)
class Told:
    dv: Dataverse
    environment: Environment
    receiver: Receiver

    async def registered(self, message: str = "Update", table: str = "account", **step: Any) -> httpx.Response:
        endpoint = await self.dv.post("serviceendpoints", ENDPOINT)
        assert endpoint.status_code == 204, endpoint.text
        return await self.step(message, table, **step)

    async def step(self, message: str, table: str, **step: Any) -> httpx.Response:
        (endpoint,) = await self.dv.rows("serviceendpoints?$select=name")
        (found,) = await self.dv.rows(f"sdkmessages?$filter=name eq '{message}'")
        condition = f"primaryobjecttypecode eq '{table}' and _sdkmessageid_value eq {found['sdkmessageid']}"
        (of_table,) = await self.dv.rows(f"sdkmessagefilters?$filter={condition}")
        binds = {
            "sdkmessageid@odata.bind": f"/sdkmessages({found['sdkmessageid']})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({of_table['sdkmessagefilterid']})",
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint['serviceendpointid']})",
        }
        body = {"name": f"{message} of {table}", "stage": 40, "mode": 1, **binds, **step}
        return await self.dv.post("sdkmessageprocessingsteps", body)

    async def account(self, **values: Any) -> str:
        answer = await self.dv.post("accounts", {"name": "Example", **values}, {"Prefer": "return=representation"})
        return str(answer.json()["accountid"])

    async def settled(self) -> None:
        await self.environment.webhooks.idle()


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    receiver = Receiver()
    clock = Clock()
    environment = create_environment(TOKEN_KEY, clock=clock, sender=receiver)
    environment.settings.webhook_retry_seconds = 0
    token = issue("an-app", AUDIENCE, "https://localhost/tenant/v2.0", TOKEN_KEY)
    transport = httpx.ASGITransport(environment.app)
    async with httpx.AsyncClient(transport=transport, headers={"Authorization": f"Bearer {token}"}) as http:
        yield Told(Dataverse(environment, http, clock), environment, receiver)


async def test_create_update_and_delete_are_told_in_order(told: Told) -> None:
    await told.registered("Create")
    await told.step("Update", "account")
    await told.step("Delete", "account")
    account = await told.account()
    await told.settled()
    await told.dv.patch(f"accounts({account})", {"telephone1": "1"})
    await told.settled()
    await told.dv.delete(f"accounts({account})")
    await told.settled()
    shown = [(body["MessageName"], body["PrimaryEntityName"], body["PrimaryEntityId"]) for body in told.receiver.bodies]
    assert shown == [(message, "account", account) for message in ("Create", "Update", "Delete")]


async def test_an_update_carries_the_columns_that_changed(told: Told) -> None:
    await told.registered()
    account = await told.account()
    await told.dv.patch(f"accounts({account})", {"telephone1": "1"})
    await told.settled()
    (body,) = told.receiver.bodies
    ((target),) = body["InputParameters"]
    columns = {item["key"]: item["value"] for item in target["value"]["Attributes"]}
    assert columns["telephone1"] == "1"
    assert "name" not in columns
    assert body["OperationCreatedOn"] == "/Date(1772442000000+0000)/"  # 2026-03-02T09:00:00Z


async def test_the_key_goes_into_the_query_and_the_names_into_headers(told: Told) -> None:
    await told.registered("Create")
    await told.account()
    await told.settled()
    (delivery,) = told.receiver.got
    assert delivery.url == f"{URL}?code=a-key"
    assert delivery.headers["x-ms-dynamics-entity-name"] == "account"
    assert delivery.headers["x-ms-dynamics-request-name"] == "Create"
    assert "x-ms-dynamics-msg-size-exceeded" not in delivery.headers


@pytest.mark.parametrize(("authtype", "in_header"), [(5, True), (6, False)])
async def test_pairs_of_an_endpoint_go_into_headers_or_query(told: Told, authtype: int, in_header: bool) -> None:
    pairs = '<settings><setting name="x-key" value="a secret" /></settings>'
    await told.dv.post("serviceendpoints", ENDPOINT | {"authtype": authtype, "authvalue": pairs})
    await told.step("Create", "account")
    await told.account()
    await told.settled()
    (delivery,) = told.receiver.got
    assert (delivery.headers.get("x-key"), delivery.url) == (
        ("a secret", URL) if in_header else (None, f"{URL}?x-key=a+secret")
    )


async def test_a_message_that_is_too_long_comes_without_values(told: Told) -> None:
    await told.registered("Create")
    await told.dv.http.post("http://simulator/__settings", json={"webhook_limit_bytes": 1000})
    account = await told.account()
    await told.settled()
    (body,) = told.receiver.bodies
    assert told.receiver.got[0].headers["x-ms-dynamics-msg-size-exceeded"]
    assert "InputParameters" not in body
    assert body["PrimaryEntityId"] == account


@pytest.mark.parametrize(("status", "times"), [(503, 2), (502, 2), (504, 2), (500, 1), (404, 1), (0, 1)])
async def test_it_is_tried_once_more_where_the_documents_say_so(told: Told, status: int, times: int) -> None:
    told.receiver.answers = [status] * 5
    await told.registered("Create")
    await told.account()
    await told.settled()
    assert len(told.receiver.got) == times


async def test_a_rolled_back_change_is_not_told(told: Told) -> None:
    await told.registered("Create", "contact")
    body = {
        "lastname": "Example",
        "parentcustomerid_account@odata.bind": "/accounts(00000000-0000-4000-8000-000000000001)",
    }
    assert (await told.dv.post("contacts", body)).status_code == 404
    await told.settled()
    assert told.receiver.got == []


async def test_an_update_of_other_columns_is_not_told(told: Told) -> None:
    await told.registered(filteringattributes="name, emailaddress1")
    account = await told.account()
    await told.dv.patch(f"accounts({account})", {"telephone1": "1"})
    await told.dv.patch(f"accounts({account})", {"name": "Other"})
    await told.settled()
    assert [body["PrimaryEntityId"] for body in told.receiver.bodies] == [account]


async def test_a_disabled_step_is_silent(told: Told) -> None:
    await told.registered("Create")
    (step,) = await told.dv.rows("sdkmessageprocessingsteps")
    await told.dv.patch(f"sdkmessageprocessingsteps({step['sdkmessageprocessingstepid']})", {"statecode": 1})
    await told.account()
    await told.settled()
    assert told.receiver.got == []


@pytest.mark.parametrize(
    "wrong",
    [{"url": "https://example.com/hook"}, {"contract": 1}, {"authtype": 5}, {"name": None}, {"colour": "red"}],
)
async def test_an_endpoint_that_cannot_be_is_refused(told: Told, wrong: dict[str, Any]) -> None:
    assert error_of(await told.dv.post("serviceendpoints", ENDPOINT | wrong))[0] == 400


async def test_the_key_cannot_be_read(told: Told) -> None:
    await told.registered()
    (endpoint,) = await told.dv.rows("serviceendpoints")
    assert "authvalue" not in endpoint
    assert endpoint["isauthvalueset"] is True


async def test_only_asynchronous_steps_are_taken(told: Told) -> None:
    assert error_of(await told.registered(mode=0))[0] == 400


async def test_what_was_sent_can_be_looked_at_without_the_key(told: Told) -> None:
    await told.registered("Create")
    await told.account()
    await told.settled()
    answer = await told.dv.http.get("http://simulator/__deliveries")
    (sent,) = answer.json()["value"]
    assert (sent["status"], sent["body"]["MessageName"]) == (200, "Create")
    assert "a-key" not in answer.text


async def test_what_is_seeded_is_told_as_well(told: Told) -> None:
    await told.registered("Create")
    await told.dv.http.post("http://simulator/__seed/accounts", json={"name": "Example"})
    await told.settled()
    assert [body["MessageName"] for body in told.receiver.bodies] == ["Create"]
