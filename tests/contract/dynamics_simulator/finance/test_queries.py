import pytest

from tests.contract.dynamics_simulator.finance.simulator import CROSS, ROOT, Finance, cause, item_line

NO_YES = "Microsoft.Dynamics.DataEntities.NoYes"
DEMF = "dataAreaId eq 'demf'"


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("CustomerAccount in ('10000','20000')", "not supported"),
        ("OnHoldStatus has Microsoft.Dynamics.DataEntities.CustVendorBlocked'All'", "OnHoldStatus"),
        ("contains(CustomerAccount,'1')", "contains"),
        ("startswith(CustomerAccount,'1')", "startswith"),
        ("IsOneTimeCustomer eq 'Yes'", "NoYes"),
        (f"OnHoldStatus eq {NO_YES}'Yes'", "CustVendorBlocked"),
        (f"IsOneTimeCustomer gt {NO_YES}'No'", "eq or ne"),
        (f"IsOneTimeCustomer eq {NO_YES}'Maybe'", "Maybe"),
        (f"CustomerAccount eq {NO_YES}'Yes'", "CustomerAccount"),
        ("NoSuchField eq 'x'", "NoSuchField"),
    ],
)
async def test_a_filter_that_finance_does_not_support_is_refused(finance: Finance, condition: str, reason: str) -> None:
    status, text = cause(await finance.get("CustomersV3", **{"$filter": condition}))
    assert status == 400
    assert reason in text


async def test_options_are_compared_by_their_typed_literal(finance: Finance) -> None:
    kind = "Microsoft.Dynamics.DataEntities.CustVendorBlocked"
    held = await finance.rows("CustomersV3", **{"$filter": f"OnHoldStatus eq {kind}'All'"})
    assert [row["CustomerAccount"] for row in held] == ["90000"]
    others = await finance.rows("CustomersV3", **{"$filter": f"{DEMF} and OnHoldStatus ne {kind}'No'"})
    assert [row["CustomerAccount"] for row in others] == ["90000", "91000"]


async def test_a_star_stands_for_any_characters(finance: Finance) -> None:
    found = await finance.rows("CustomersV3", **{"$filter": f"{DEMF} and PrimaryContactEmail eq 'shared*'"})
    assert [row["CustomerAccount"] for row in found] == ["30000", "40000"]
    others = await finance.rows("CustomersV3", **{"$filter": f"{DEMF} and PrimaryContactEmail ne '*@example.com'"})
    assert [row["CustomerAccount"] for row in others] == ["20000"]


async def test_texts_are_compared_without_regard_to_case(finance: Finance) -> None:
    condition = "dataAreaId eq 'DEMF' and PrimaryContactEmail eq 'CUSTOMER@Example.com'"
    assert [row["CustomerAccount"] for row in await finance.rows("CustomersV3", **{"$filter": condition})] == ["10000"]


async def test_expand_goes_one_level_deep(finance: Finance) -> None:
    order = await finance.order(item_line(), item_line("GIFT-MUG"))
    path = finance.key("SalesOrderHeadersV2", SalesOrderNumber=order["SalesOrderNumber"])
    expanded = (await finance.get(path, **{"$expand": "SalesOrderLines"})).json()
    assert [line["ItemNumber"] for line in expanded["SalesOrderLines"]] == ["TSHIRT-BLK-M", "GIFT-MUG"]
    deeper = await finance.get(path, **{"$expand": "SalesOrderLines($expand=Product)"})
    assert cause(deeper)[0] == 400


async def test_pages_hold_ten_thousand_rows_at_most_and_link_to_the_next(finance: Finance) -> None:
    rows = [{"CustomerAccount": f"P{number}", "PartyType": "Person"} for number in range(10_001)]
    finance.environment.seeder.seed("CustomersV3", rows, "demf")
    answer = (await finance.get("CustomersV3", **{"$select": "CustomerAccount", "$filter": DEMF})).json()
    assert len(answer["value"]) == 10_000
    assert CROSS in answer["@odata.nextLink"]
    rest = (await finance.http.get(answer["@odata.nextLink"])).json()
    assert len(rest["value"]) == 10_001 + 8 - 10_000
    assert "@odata.nextLink" not in rest


async def test_there_is_no_time_of_last_change_to_filter_by(finance: Finance) -> None:
    condition = "ModifiedDateTime gt 2026-01-01T00:00:00Z"
    assert cause(await finance.get("SalesOrderHeadersV2", **{"$filter": condition}))[0] == 400


async def test_counting_and_ordering_work(finance: Finance) -> None:
    count = await finance.http.get(f"{ROOT}/Warehouses/$count?{CROSS}")
    assert count.text == "4"
    rows = await finance.rows("Warehouses", **{"$filter": DEMF, "$orderby": "WarehouseId desc"})
    assert [row["WarehouseId"] for row in rows] == ["MAIN", "EAST"]
