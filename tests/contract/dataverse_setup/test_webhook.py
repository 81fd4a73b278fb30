"""Registering the webhook, and change tracking, in an organisation that has neither."""

from __future__ import annotations

import pytest

from local.dynamics.dataverse.environment import Environment, create_environment
from local.dynamics.dataverse.webhooks import Delivery
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.dataverse_setup import Step
from shared.dynamics.dataverse_tracking import TRACKED, is_tracked, track
from shared.dynamics.dataverse_webhook import MESSAGES, TABLES, WebhookSetup, address_and_key
from shared.dynamics.odata import ODataClient
from shared.errors import Permanent
from shared.pipeline.notice_reading import Request, read_notices
from tests.contract.connectors.dataverse_harness import dataverse_with
from tests.contract.connectors.harness import TOKEN_KEY, TRACE

SECRET = 'a "quoted" & secret'
URL = "http://127.0.0.1:7071/api/dynamics/events?market=se&code=a%2Bkey"


class Receiver:
    """Takes everything."""

    def __init__(self) -> None:
        self.got: list[Delivery] = []

    async def __call__(self, delivery: Delivery) -> int:
        self.got.append(delivery)
        return 200


def api_of(environment: Environment) -> ODataClient:
    connector = dataverse_with(environment).connector
    assert isinstance(connector, Dataverse)
    return connector.api


async def registered(environment: Environment, url: str = URL, *, renew_key: bool = False) -> list[Step]:
    setup = WebhookSetup(api_of(environment), url, SECRET, TRACE, renew_key=renew_key)
    created: list[Step] = []
    await setup.apply(await setup.plan(), created.append)
    return created


async def test_everything_is_created_once() -> None:
    environment = create_environment(TOKEN_KEY)
    assert len(await registered(environment)) == 1 + len(TABLES) * len(MESSAGES)
    environment.app.log.clear()
    assert await registered(environment) == []
    assert {entry["method"] for entry in environment.app.log} == {"GET"}


async def test_the_registered_webhook_is_told_of_a_change() -> None:
    receiver = Receiver()
    environment = create_environment(TOKEN_KEY, sender=receiver)
    await registered(environment)
    api = api_of(environment)
    await api.call("POST", "accounts", TRACE, json={"name": "Example"})
    await environment.webhooks.idle()
    (delivery,) = receiver.got
    assert delivery.url == URL.replace("&code=a%2Bkey", "")
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    assert headers["x-functions-key"] == "a+key"
    (row,) = [row for row in environment.seeder.rows("accounts") if row["name"] == "Example"]
    (notice,) = read_notices("dataverse", Request(delivery.body, headers, SECRET)).notices
    assert (notice.record_id, notice.cause) == (f"accounts({row['accountid']})", "Create")


async def test_another_address_corrects_the_endpoint() -> None:
    environment = create_environment(TOKEN_KEY)
    await registered(environment)
    created = await registered(environment, "http://127.0.0.1:7072/api/dynamics/events?code=other")
    assert [step.table for step in created] == ["serviceendpoint"]
    (endpoint,) = environment.seeder.rows("serviceendpoints")
    assert endpoint["url"] == "http://127.0.0.1:7072/api/dynamics/events"
    assert 'value="other"' in endpoint["authvalue"]


async def test_a_new_key_is_sent_when_it_is_asked_for() -> None:
    environment = create_environment(TOKEN_KEY)
    await registered(environment)
    await registered(environment, URL.replace("a%2Bkey", "new"), renew_key=True)
    (endpoint,) = environment.seeder.rows("serviceendpoints")
    assert 'value="new"' in endpoint["authvalue"]


async def test_an_endpoint_that_signs_in_by_the_key_alone_is_corrected() -> None:
    environment = create_environment(TOKEN_KEY)
    await registered(environment)
    (endpoint,) = environment.seeder.rows("serviceendpoints")
    environment.rules["serviceendpoints"].modify("organization", endpoint, {"authtype": 4, "authvalue": "a+key"})
    assert [step.table for step in await registered(environment)] == ["serviceendpoint"]
    (endpoint,) = environment.seeder.rows("serviceendpoints")
    assert endpoint["authtype"] == 5


async def test_a_disabled_step_is_reported_and_nothing_is_written() -> None:
    environment = create_environment(TOKEN_KEY)
    await registered(environment)
    step, *_ = environment.seeder.rows("sdkmessageprocessingsteps")
    environment.rules["sdkmessageprocessingsteps"].modify("organization", step, {"statecode": 1, "statuscode": 2})
    with pytest.raises(Permanent, match="disabled: enable it"):
        await registered(environment)


@pytest.mark.parametrize("url", ["https://example.com/api", "https://example.com/api?code=", "example.com?code=1", ""])
def test_a_url_without_key_or_host_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\?code=KEY"):
        address_and_key(url)


def test_the_key_is_taken_out_of_the_address() -> None:
    assert address_and_key(URL) == ("http://127.0.0.1:7071/api/dynamics/events?market=se", "a+key")


async def test_change_tracking_is_switched_on() -> None:
    environment = create_environment(TOKEN_KEY, customised=False)
    api = api_of(environment)
    for table in TRACKED:
        assert not await is_tracked(api, table, TRACE)
        await track(api, table, TRACE)
        assert await is_tracked(api, table, TRACE)
