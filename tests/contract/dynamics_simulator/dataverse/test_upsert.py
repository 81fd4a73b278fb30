from tests.contract.dynamics_simulator.dataverse.simulator import (
    REPRESENTATION,
    Dataverse,
    error_of,
    line,
    order_body,
)

NOWHERE = "00000000-0000-4000-8000-00000000dead"
CREATE_ONLY = {"If-None-Match": "*"}
UPDATE_ONLY = {"If-Match": "*"}


async def test_a_plain_patch_on_a_wrong_id_creates_a_row(dv: Dataverse) -> None:
    answer = await dv.patch(f"salesorders({NOWHERE})", order_body())
    assert answer.status_code == 204
    assert [row["salesorderid"] for row in dv.state("salesorders")] == [NOWHERE]


async def test_if_match_keeps_a_wrong_id_from_creating(dv: Dataverse) -> None:
    answer = await dv.patch(f"salesorders({NOWHERE})", order_body(), UPDATE_ONLY)
    assert error_of(answer)[:2] == (404, "0x80040217")
    answer = await dv.patch("salesorders(ctd365_orderid='A')", order_body(), UPDATE_ONLY)
    assert error_of(answer)[:2] == (404, "0x80060891")
    assert dv.state("salesorders") == []


async def test_if_none_match_keeps_an_existing_row_from_changing(dv: Dataverse) -> None:
    first = await dv.patch("salesorders(ctd365_orderid='A')", order_body(), CREATE_ONLY)
    second = await dv.patch("salesorders(ctd365_orderid='A')", order_body(name="other"), CREATE_ONLY)
    assert (first.status_code, second.status_code) == (204, 412)
    assert [row["name"] for row in dv.state("salesorders")] == ["1001"]


async def test_an_upsert_by_alternate_key_creates_and_then_updates(dv: Dataverse) -> None:
    first = await dv.patch("salesorders(ctd365_orderid='A')", order_body(), REPRESENTATION)
    second = await dv.patch("salesorders(ctd365_orderid='A')", {"name": "other"}, REPRESENTATION)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["salesorderid"] == second.json()["salesorderid"]
    assert second.json()["name"] == "other"
    assert second.headers["Preference-Applied"] == "return=representation"


async def test_the_body_wins_over_the_key_on_create(dv: Dataverse) -> None:
    await dv.patch("salesorders(ctd365_orderid='A')", order_body(ctd365_orderid="B"))
    assert [row["ctd365_orderid"] for row in dv.state("salesorders")] == ["B"]


async def test_a_write_answers_no_content_and_the_address_of_the_row(dv: Dataverse) -> None:
    answer = await dv.post("salesorders", order_body())
    (row,) = dv.state("salesorders")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["OData-EntityId"].endswith(f"/api/data/v9.2/salesorders({row['salesorderid']})")


async def test_an_alternate_key_must_have_been_defined(bare: Dataverse) -> None:
    status, code, text = error_of(await bare.get("salesorders(ctd365_orderid='A')"))
    assert (status, code) == (400, "0x80060888")
    assert "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.salesorder'" in text


async def test_a_second_row_with_the_same_alternate_key_is_refused(dv: Dataverse) -> None:
    await dv.post("salesorders", order_body(ctd365_orderid="A"))
    answer = await dv.post("salesorders", order_body(ctd365_orderid="A"))
    assert error_of(answer)[:2] == (412, "0x80060892")
    other = (await dv.post("salesorders", order_body(ctd365_orderid="B"), REPRESENTATION)).json()
    changed = await dv.patch(f"salesorders({other['salesorderid']})", {"ctd365_orderid": "A"}, UPDATE_ONLY)
    assert error_of(changed)[:2] == (412, "0x80060892")
    assert len(dv.state("salesorders")) == 2


async def test_rows_without_a_value_do_not_meet_in_an_alternate_key(dv: Dataverse) -> None:
    assert [(await dv.post("salesorders", order_body())).status_code for _ in range(2)] == [204, 204]


async def test_a_stale_etag_is_refused(dv: Dataverse) -> None:
    order = await dv.order()
    path = f"salesorders({order['salesorderid']})"
    fresh = {"If-Match": order["@odata.etag"]}
    assert (await dv.patch(path, {"name": "one"}, fresh)).status_code == 204
    assert error_of(await dv.patch(path, {"name": "two"}, fresh))[:2] == (412, "0x80060882")
    assert error_of(await dv.delete(path, fresh))[:2] == (412, "0x80060882")


async def test_a_row_may_be_deleted_without_if_match_and_takes_its_lines_along(dv: Dataverse) -> None:
    order = await dv.order(line(priceperunit=1))
    path = f"salesorders({order['salesorderid']})"
    assert (await dv.delete(path)).status_code == 204
    assert dv.state("salesorderdetails") == []
    assert error_of(await dv.delete(path))[:2] == (404, "0x80040217")


async def test_a_key_that_is_no_guid_is_refused(dv: Dataverse) -> None:
    assert error_of(await dv.get("salesorders(1001)"))[0] == 400
    assert error_of(await dv.patch("salesorders('1001')", order_body()))[0] == 400
    assert dv.state("salesorders") == []
