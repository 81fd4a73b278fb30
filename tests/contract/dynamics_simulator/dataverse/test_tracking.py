"""Change tracking: pages, the moment a delta link counts from, and tables that are not tracked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, error_of

PAGES_OF_TWO = {"Prefer": "odata.track-changes,odata.maxpagesize=2"}


def relative(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path.removeprefix('/api/data/v9.2/')}?{parts.query}"


async def walked(dv: Dataverse, path: str) -> tuple[list[dict[str, Any]], str]:
    rows: list[dict[str, Any]] = []
    while True:
        page = (await dv.get(path, PAGES_OF_TWO)).json()
        assert len(page["value"]) <= 2
        rows += page["value"]
        if "@odata.deltaLink" in page:
            return rows, relative(page["@odata.deltaLink"])
        path = relative(page["@odata.nextLink"])


def named(dv: Dataverse, count: int) -> list[str]:
    rows = dv.environment.seeder.seed("accounts", [{"name": f"Example {number}"} for number in range(count)])
    return [row["accountid"] for row in rows]


async def test_changes_come_in_pages_and_each_once(dv: Dataverse) -> None:
    _, link = await walked(dv, "accounts?$select=name")
    ids = named(dv, 5)
    rows, link = await walked(dv, link)
    assert [row["accountid"] for row in rows] == ids
    assert (await walked(dv, link))[0] == []


async def test_a_change_between_two_pages_of_a_listing_is_not_lost(dv: Dataverse) -> None:
    ids = named(dv, 4)
    first = (await dv.get("accounts?$select=name", PAGES_OF_TWO)).json()
    await dv.patch(f"accounts({first['value'][0]['accountid']})", {"telephone1": "1"})
    _, link = await walked(dv, relative(first["@odata.nextLink"]))
    rows, _ = await walked(dv, link)
    assert [row["accountid"] for row in rows] == [first["value"][0]["accountid"]]
    assert ids


async def test_a_change_between_two_pages_of_changes_is_not_lost(dv: Dataverse) -> None:
    _, link = await walked(dv, "accounts?$select=name")
    ids = named(dv, 4)
    first = (await dv.get(link, PAGES_OF_TWO)).json()
    await dv.patch(f"accounts({ids[0]})", {"telephone1": "1"})
    rest, link = await walked(dv, relative(first["@odata.nextLink"]))
    assert [row["accountid"] for row in [*first["value"], *rest]] == ids
    assert [row["accountid"] for row in (await walked(dv, link))[0]] == [ids[0]]


async def test_time_passes_on_demand(dv: Dataverse) -> None:
    _, link = await walked(dv, "accounts?$select=name")
    await dv.http.post("http://simulator/__settings", json={"age_days": 8})
    assert error_of(await dv.get(link))[:2] == (410, "0x80044352")


async def test_a_table_that_is_not_tracked_is_refused_until_its_definition_says_so(bare: Dataverse) -> None:
    assert error_of(await bare.get("accounts?$select=name", PAGES_OF_TWO))[0] == 400
    path = "EntityDefinitions(LogicalName='account')"
    definition = (await bare.get(path)).json()
    assert definition["ChangeTrackingEnabled"] is False
    partly = await bare.http.put(f"http://simulator/api/data/v9.2/{path}", json={"ChangeTrackingEnabled": True})
    assert error_of(partly)[0] == 400
    whole = definition | {"ChangeTrackingEnabled": True}
    assert (await bare.http.put(f"http://simulator/api/data/v9.2/{path}", json=whole)).status_code == 204
    assert "@odata.deltaLink" in (await bare.get("accounts?$select=name", {"Prefer": "odata.track-changes"})).json()


async def test_publishing_names_an_entity_that_exists(bare: Dataverse) -> None:
    def xml(name: str) -> dict[str, str]:
        return {"ParameterXml": f"<importexportxml><entities><entity>{name}</entity></entities></importexportxml>"}

    assert (await bare.post("PublishXml", xml("account"))).status_code == 204
    assert (await bare.post("PublishXml", xml("nothing"))).status_code == 400
