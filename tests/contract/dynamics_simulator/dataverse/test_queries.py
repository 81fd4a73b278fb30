from urllib.parse import urlsplit

import pytest

from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, error_of, line

TRACKED = {"Prefer": "odata.track-changes"}


def relative(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path.removeprefix('/api/data/v9.2/')}?{parts.query}"


async def test_texts_are_compared_without_regard_to_case(dv: Dataverse) -> None:
    rows = await dv.rows("contacts?$filter=emailaddress1 eq 'SHARED@Example.com'&$orderby=lastname")
    assert [row["lastname"] for row in rows] == ["One", "Two"]
    assert await dv.rows("contacts?$filter=emailaddress1 eq 'shared'") == []


async def test_null_is_neither_less_nor_greater_than_anything(dv: Dataverse) -> None:
    assert len(await dv.rows("contacts?$filter=creditlimit eq null")) == 6
    assert await dv.rows("contacts?$filter=creditlimit gt 1 or creditlimit le 1") == []


async def test_the_primary_key_is_part_of_every_row(dv: Dataverse) -> None:
    (row,) = await dv.rows("uoms?$filter=name eq 'KG'&$select=name")
    assert sorted(row) == ["@odata.etag", "name", "uomid"]


async def test_lookups_are_read_by_their_value_and_expanded_by_their_name(dv: Dataverse) -> None:
    (row,) = await dv.rows("products?$filter=productnumber eq 'BOOK-001'&$expand=defaultuomid($select=name)")
    assert row["defaultuomid"]["name"] == "PCS"
    assert row["_defaultuomid_value"] == row["defaultuomid"]["uomid"]
    assert "defaultuomid@odata.bind" not in row


@pytest.mark.parametrize("query", ["$skip=1", "$filter=number eq '1'", "$select=Name", "$expand=lines", "$apply=x"])
async def test_an_option_that_the_service_does_not_know_is_refused(dv: Dataverse, query: str) -> None:
    assert error_of(await dv.get(f"products?{query}"))[0] == 400


async def test_pages_are_as_long_as_the_caller_prefers_but_never_above_5000(dv: Dataverse) -> None:
    first = (await dv.get("products?$select=productnumber", {"Prefer": "odata.maxpagesize=7"})).json()
    second = (await dv.get(relative(first["@odata.nextLink"]), {"Prefer": "odata.maxpagesize=7"})).json()
    assert [len(page["value"]) for page in (first, second)] == [7, 5]
    assert "@odata.nextLink" not in second
    assert (await dv.get("products", {"Prefer": "odata.maxpagesize=9999"})).status_code == 200


async def test_a_delta_link_returns_what_was_written_and_deleted_since(dv: Dataverse) -> None:
    kept, gone = await dv.order(), await dv.order(line(priceperunit=1))
    first = (await dv.get("salesorders?$select=name", TRACKED)).json()
    assert len(first["value"]) == 2
    await dv.patch(f"salesorders({kept['salesorderid']})", {"name": "other"})
    await dv.delete(f"salesorders({gone['salesorderid']})")
    delta = (await dv.get(relative(first["@odata.deltaLink"]))).json()
    changed, deleted = delta["value"]
    assert (changed["salesorderid"], changed["name"]) == (kept["salesorderid"], "other")
    assert deleted["@odata.context"].endswith("#salesorders/$deletedEntity")
    assert (deleted["id"], deleted["reason"]) == (gone["salesorderid"], "deleted")
    assert (await dv.get(relative(delta["@odata.deltaLink"]))).json()["value"] == []


async def test_a_row_that_came_and_went_between_two_polls_arrives_as_a_delete(dv: Dataverse) -> None:
    first = (await dv.get("salesorders?$select=name", TRACKED)).json()
    order = await dv.order()
    await dv.delete(f"salesorders({order['salesorderid']})")
    (row,) = (await dv.get(relative(first["@odata.deltaLink"]))).json()["value"]
    assert (row["id"], row["reason"]) == (order["salesorderid"], "deleted")


async def test_changes_that_were_rolled_back_do_not_arrive(dv: Dataverse) -> None:
    first = (await dv.get("salesorders?$select=name", TRACKED)).json()
    order = await dv.order()
    second = (await dv.get(relative(first["@odata.deltaLink"]))).json()
    refused = await dv.post(
        "salesorderdetails",
        line() | {"quantity": None, "salesorderid@odata.bind": f"/salesorders({order['salesorderid']})"},
    )
    assert refused.status_code == 400
    assert (await dv.get(relative(second["@odata.deltaLink"]))).json()["value"] == []


async def test_a_delta_token_is_good_for_seven_days(dv: Dataverse) -> None:
    link = relative((await dv.get("salesorders?$select=name", TRACKED)).json()["@odata.deltaLink"])
    dv.clock.forward(days=7)
    assert (await dv.get(link)).status_code == 200
    dv.clock.forward(seconds=1)
    assert error_of(await dv.get(link))[0] == 410


@pytest.mark.parametrize("query", ["$filter=name eq 'A'", "$orderby=name", "$top=1", "$expand=order_details"])
async def test_change_tracking_does_not_go_with_other_options(dv: Dataverse, query: str) -> None:
    assert error_of(await dv.get(f"salesorders?{query}", TRACKED))[0] == 400


async def test_a_token_that_is_none_is_refused(dv: Dataverse) -> None:
    assert error_of(await dv.get("salesorders?$deltatoken=yesterday"))[0] == 400


async def test_who_am_i_names_the_organisation(dv: Dataverse) -> None:
    assert set((await dv.get("WhoAmI")).json()) >= {"UserId", "BusinessUnitId", "OrganizationId"}
