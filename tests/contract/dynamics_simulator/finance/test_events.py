"""Who follows customers is told after the change, with three retries and rising control numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.contract.dynamics_simulator.finance.simulator import Finance

EVENTS = "http://simulator/__events"
HOOK = "http://127.0.0.1:7071/api/finance/events"
PERSON = {"PartyType": "Person", "PersonLastName": "Example", "CustomerGroupId": "ONLINE"}


@dataclass
class Inbox:
    """Answers with the given statuses, then with 200."""

    statuses: list[int] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert url == HOOK
        self.got.append(json.loads(body))
        self.headers.append(headers)
        return self.statuses.pop(0) if self.statuses else 200


async def follow(finance: Finance, *statuses: int, **options: Any) -> Inbox:
    inbox = Inbox(list(statuses))
    finance.environment.events.send = inbox.send
    answer = await finance.http.post(EVENTS, json={"url": HOOK, "retry_delay_seconds": 0, **options})
    assert answer.status_code == 200, answer.text
    return inbox


def columns(event: dict[str, Any]) -> dict[str, Any]:
    (target,) = event["InputParameters"]
    return {column["key"]: column["value"] for column in target["value"]["Attributes"]}


async def test_every_change_of_a_customer_is_told_in_order_with_gaps(finance: Finance) -> None:
    inbox = await follow(finance, secret="a secret")
    account = (await finance.post("CustomersV3", PERSON)).json()["CustomerAccount"]
    path = finance.key("CustomersV3", CustomerAccount=account)
    for phone in ("1", "2", "3"):
        await finance.patch(path, {"PrimaryContactPhone": phone})
    await finance.delete(path)
    await finance.environment.events.settled()
    whats = [event["BusinessEventId"].rpartition("_")[2] for event in inbox.got]
    assert whats == ["Create", "Update", "Update", "Update", "Delete"]
    assert {columns(event)["CustomerAccount"] for event in inbox.got} == {account}
    numbers = [event["ControlNumber"] for event in inbox.got]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] > len(numbers) - 1
    assert {headers["x-events-secret"] for headers in inbox.headers} == {"a secret"}


async def test_rows_that_a_test_seeds_are_changes_too(finance: Finance) -> None:
    inbox = await follow(finance)
    row = {"CustomerAccount": "10000", "PersonLastName": "Example", "PartyType": "Person", "PartyNumber": "910000"}
    await finance.http.post("http://simulator/__seed/CustomersV3?company=demf", json=row)
    await finance.environment.events.settled()
    assert [event["BusinessEventId"] for event in inbox.got] == ["CustCustomerV3Entity_DataEvent_Update"]


async def test_a_change_that_is_refused_is_not_told(finance: Finance) -> None:
    inbox = await follow(finance)
    await finance.post("CustomersV3", PERSON | {"AddressCountryRegionId": "XX"})
    path = finance.key("CustomersV3", CustomerAccount="10000")
    await finance.patch(path, {"PrimaryContactPhone": "1"}, if_match='W/"stale"')
    await finance.environment.events.settled()
    assert inbox.got == []


async def test_through_dataverse_columns_have_a_prefix_and_an_update_may_lack_the_key(finance: Finance) -> None:
    inbox = await follow(finance, form="dataverse", with_keys=False)
    await finance.patch(finance.key("CustomersV3", CustomerAccount="10000"), {"PrimaryContactPhone": "1"})
    await finance.environment.events.settled()
    (event,) = inbox.got
    assert (event["MessageName"], event["PrimaryEntityName"]) == ("OnExternalUpdated", "mserp_custcustomerv3entity")
    assert "ControlNumber" not in event
    assert set(columns(event)) == {"mserp_partynumber", "mserp_partytype", "mserp_namealias"}


@pytest.mark.parametrize(
    ("statuses", "delivered"),
    [((503,), True), ((500, 0, 503), True), ((500, 503, 404, 400), False), ((500, 503, 404, 400, 200), False)],
)
async def test_an_event_is_tried_three_times_more(finance: Finance, statuses: tuple[int, ...], delivered: bool) -> None:
    inbox = await follow(finance, *statuses)
    await finance.patch(finance.key("CustomersV3", CustomerAccount="10000"), {"PrimaryContactPhone": "1"})
    await finance.environment.events.settled()
    (told,) = (await finance.http.get(EVENTS)).json()["told"]
    assert told["delivered"] is delivered
    assert len(inbox.got) == min(len(statuses) + 1, 4)
    assert len({event["ControlNumber"] for event in inbox.got}) == 1


@pytest.mark.parametrize(
    "body", [{"url": "https://events.example.com/hook"}, {"url": "nonsense"}, {"secret": "x"}, {"url": HOOK, "more": 1}]
)
async def test_events_never_leave_this_machine(finance: Finance, body: dict[str, Any]) -> None:
    assert (await finance.http.post(EVENTS, json=body)).status_code == 400
    assert finance.environment.events.endpoints == []


async def test_endpoints_can_be_removed_and_secrets_are_not_shown(finance: Finance) -> None:
    await follow(finance, secret="a secret")
    assert "a secret" not in (await finance.http.get(EVENTS)).text
    assert (await finance.http.delete(EVENTS)).json() == {"endpoints": [], "told": []}
