from typing import Any

import pytest

from tests.contract.dynamics_simulator.dataverse.simulator import (
    REPRESENTATION,
    Dataverse,
    bind,
    error_of,
    line,
    order_body,
)

COMPUTED = ["totalamount", "totaltax", "totallineitemamount", "totaldiscountamount", "totalamountlessfreight"]


@pytest.mark.parametrize("name", COMPUTED)
async def test_computed_totals_cannot_be_written_on_create(dv: Dataverse, name: str) -> None:
    status, _, text = error_of(await dv.post("salesorders", order_body() | {name: 1}))
    assert (status, name in text) == (400, True)
    assert dv.state("salesorders") == []


@pytest.mark.parametrize("name", ["baseamount", "extendedamount", "volumediscountamount", "transactioncurrencyid"])
async def test_computed_amounts_of_a_line_cannot_be_written_on_create(dv: Dataverse, name: str) -> None:
    answer = await dv.post("salesorders", order_body() | {"order_details": [line(priceperunit=1) | {name: 1}]})
    assert error_of(answer)[0] == 400


async def test_an_unknown_property_is_refused(dv: Dataverse) -> None:
    status, code, text = error_of(await dv.post("salesorders", order_body(orderNumber="1")))
    assert (status, code) == (400, "0x80048d19")
    assert text == "Invalid property 'orderNumber' was found in entity 'Microsoft.Dynamics.CRM.salesorder'."


@pytest.mark.parametrize("name", ["CustomerId_Contact", "customerid", "new_market"])
async def test_a_navigation_property_of_another_name_or_case_is_refused(dv: Dataverse, name: str) -> None:
    answer = await dv.post("salesorders", order_body(**{f"{name}@odata.bind": bind("contacts", "10000")}))
    status, _, text = error_of(answer)
    assert status == 400
    assert text.startswith(f"An undeclared property '{name}' which only has property annotations")


@pytest.mark.parametrize("value", ["", "contacts", 5, "/accounts(20000)"])
async def test_a_bind_must_be_a_reference_to_the_right_table(dv: Dataverse, value: Any) -> None:
    answer = await dv.post("salesorders", order_body(**{"customerid_contact@odata.bind": value}))
    assert error_of(answer)[0] == 400


async def test_a_bind_to_a_row_that_does_not_exist_is_refused(dv: Dataverse) -> None:
    answer = await dv.post("salesorders", order_body(**{"customerid_contact@odata.bind": bind("contacts", "nobody")}))
    assert error_of(answer)[:2] == (404, "0x80040217")


async def test_a_bind_may_use_an_alternate_key_or_a_whole_url(dv: Dataverse) -> None:
    await dv.post("salesorders", order_body(ctd365_orderid="A"))
    own = line(priceperunit=2)
    for reference in (
        "/salesorders(ctd365_orderid='A')",
        "http://simulator/api/data/v9.2/salesorders(ctd365_orderid='A')",
    ):
        answer = await dv.post("salesorderdetails", own | {"salesorderid@odata.bind": reference})
        assert answer.status_code == 204
    assert [row["totalamount"] for row in dv.state("salesorders")] == [4]


async def test_a_lookup_can_be_emptied(dv: Dataverse) -> None:
    order = await dv.order()
    path = f"salesorders({order['salesorderid']})"
    await dv.patch(path, {"pricelevelid@odata.bind": None}, {"If-Match": "*"})
    assert (await dv.get(path)).json()["_pricelevelid_value"] is None


@pytest.mark.parametrize(
    "values",
    [
        {"prioritycode": 7},
        {"statuscode": 5},
        {"discountpercentage": 101},
        {"freightamount": -1},
        {"name": "x" * 301},
        {"billto_line1": "x" * 251},
        {"shipto_postalcode": "x" * 21},
        {"freightamount": "4.90"},
        {"requestdeliveryby": "2026-03-02"},
        {"willcall": 1},
    ],
)
async def test_values_of_the_wrong_kind_are_refused(dv: Dataverse, values: dict[str, Any]) -> None:
    assert error_of(await dv.post("salesorders", order_body(**values)))[0] == 400
    assert dv.state("salesorders") == []


@pytest.mark.parametrize("values", [{"manualdiscountamount": -0.01}, {"quantity": 100_000_000_001}, {"tax": 1e13}])
async def test_amounts_out_of_range_are_refused(dv: Dataverse, values: dict[str, Any]) -> None:
    answer = await dv.post("salesorders", order_body() | {"order_details": [line(priceperunit=1) | values]})
    assert error_of(answer)[:2] == (400, "0x80044331")


async def test_the_order_number_can_be_chosen_on_create_only(dv: Dataverse) -> None:
    order = await dv.order(ordernumber="SO-1")
    assert order["ordernumber"] == "SO-1"
    answer = await dv.patch(f"salesorders({order['salesorderid']})", {"ordernumber": "SO-2"})
    assert error_of(answer)[0] == 400
    assert (await dv.order())["ordernumber"].startswith("ORD-")


async def test_currency_and_product_kind_cannot_be_changed_later(dv: Dataverse) -> None:
    order = await dv.order(line(priceperunit=1))
    currency = {"transactioncurrencyid@odata.bind": bind("transactioncurrencies", "SEK")}
    assert error_of(await dv.patch(f"salesorders({order['salesorderid']})", currency))[0] == 400
    (row,) = dv.state("salesorderdetails")
    write_in = {"isproductoverridden": True}
    assert error_of(await dv.patch(f"salesorderdetails({row['salesorderdetailid']})", write_in))[0] == 400


async def test_the_state_cannot_be_chosen_on_create(dv: Dataverse) -> None:
    assert error_of(await dv.post("salesorders", order_body(statecode=3)))[0] == 400


async def test_an_order_needs_a_customer_and_a_name(dv: Dataverse) -> None:
    assert "parent contact or account" in error_of(await dv.post("salesorders", {"name": "1001"}))[2]
    assert "'name'" in error_of(await dv.post("salesorders", order_body(name=None)))[2]


async def test_a_new_product_is_a_draft_and_its_state_comes_later(dv: Dataverse) -> None:
    body = {
        "productnumber": "NEW-1",
        "name": "New",
        "defaultuomid@odata.bind": bind("uoms", "PCS"),
        "defaultuomscheduleid@odata.bind": bind("uomschedules", "Goods"),
    }
    assert error_of(await dv.post("products", body | {"statecode": 0}))[0] == 400
    price_list = {"pricelevelid@odata.bind": bind("pricelevels", "Web EUR")}
    assert error_of(await dv.post("products", body | price_list))[0] == 400
    product = (await dv.post("products", body, REPRESENTATION)).json()
    assert product["statecode"] == 2
    activated = await dv.patch(f"products({product['productid']})", {"statecode": 0, "statuscode": 1} | price_list)
    assert activated.status_code == 204


async def test_a_deep_insert_leaves_nothing_when_a_line_is_refused(dv: Dataverse) -> None:
    lines = [line(priceperunit=1), line(priceperunit=1, quantity=None)]
    assert error_of(await dv.post("salesorders", order_body() | {"order_details": lines}))[0] == 400
    assert dv.state("salesorders") == []
    assert dv.state("salesorderdetails") == []


async def test_lines_cannot_be_patched_through_their_order(dv: Dataverse) -> None:
    order = await dv.order()
    answer = await dv.patch(f"salesorders({order['salesorderid']})", {"order_details": [line(priceperunit=1)]})
    assert error_of(answer)[0] == 400


async def test_a_contact_gets_its_full_name(dv: Dataverse) -> None:
    body = {"firstname": "Example", "lastname": "Person"}
    assert (await dv.post("contacts", body, REPRESENTATION)).json()["fullname"] == "Example Person"
    assert error_of(await dv.post("contacts", {"fullname": "Example Person"}))[0] == 400


@pytest.mark.parametrize("token", [None, "Bearer nonsense"])
async def test_a_request_without_a_valid_token_is_refused(dv: Dataverse, token: str | None) -> None:
    answer = await dv.get("contacts", {"Authorization": token or ""})
    assert answer.status_code == 401
