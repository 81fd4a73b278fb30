from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.dynamics_simulator.simulator import EU, ROOT, BusinessCentral, error_of, item_line


async def test_companies_are_listed_and_read(bc: BusinessCentral) -> None:
    answer = await bc.http.get(f"{ROOT}/companies?$orderby=name&$select=id,name")
    assert [row["name"] for row in answer.json()["value"]] == ["CRONUS EU", "CRONUS US"]
    assert (await bc.http.get(f"{ROOT}/companies({EU})")).json()["name"] == "CRONUS EU"


async def test_the_company_may_stand_in_the_query_and_the_tenant_may_be_missing(bc: BusinessCentral) -> None:
    for company in (EU, "CRONUS EU"):
        by_query = await bc.http.get(f"{ROOT}/items", params={"company": company, "$filter": "number eq 'FREIGHT'"})
        assert [row["number"] for row in by_query.json()["value"]] == ["FREIGHT"]
    assert (await bc.http.get("http://simulator/v2.0/sandbox/api/v2.0/companies")).status_code == 200


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("email eq 'shared@example.com'", ["30000", "40000"]),
        ("number eq '10000' or number eq '20000'", ["10000", "20000"]),
        ("number in ('20000','50000')", ["20000", "50000"]),
        ("startswith(displayName,'Shared') and number ne '30000'", ["40000"]),
        ("contains(email,'guest')", ["60000"]),
        ("blocked eq 'All'", ["90000"]),
        ("blocked eq Microsoft.NAV.customerBlocked'Ship'", ["91000"]),
        ("type eq 'Company'", ["20000"]),
        ("not (blocked eq '_x0020_')", ["90000", "91000"]),
        ("displayName eq 'O''Hara'", []),
        ("tolower(currencyCode) eq 'sek'", ["50000"]),
        ("contactsInformation/any(c: c/contactNumber eq 'X') and number eq '10000'", ["10000"]),
    ],
)
async def test_filters_select_customers(bc: BusinessCentral, text: str, numbers: list[str]) -> None:
    found = await bc.rows(f"customers?$orderby=number&$filter={text}")
    assert [row["number"] for row in found] == numbers


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("$filter=email eq 'a' or number eq 'b'", "The 'OR' operator is not supported on distinct fields"),
        ("$filter=colour eq 'red'", "Could not find a property named 'colour' on type 'Microsoft.NAV.customer'."),
        ("$filter=email eq", "The filter 'email eq' is not valid"),
        ("$filter=blocked eq 'all'", "'all' is not an option"),
        ("$filter=creditLimit gt 'x'", "is not valid"),
        ("$filter=soundex(email) eq 'x'", "Unknown function: 'soundex'"),
        ("$select=colour", "Could not find a property named 'colour'"),
        ("$orderby=colour", "Could not find a property named 'colour'"),
        ("$orderby=number upwards", "$orderby"),
        ("$expand=salesOrderLines", "Could not find a property named 'salesOrderLines'"),
        ("$top=-1", "$top"),
        ("$skiptoken=nonsense", "$skiptoken"),
        ("$apply=aggregate", "The query parameter '$apply' is not supported."),
    ],
)
async def test_a_wrong_query_is_refused(bc: BusinessCentral, query: str, text: str) -> None:
    status, _, message = error_of(await bc.get(f"customers?{query}"))
    assert status == 400
    assert text in message


async def test_rows_changed_since_an_instant_are_found(bc: BusinessCentral) -> None:
    before = datetime.now(UTC)
    old = {"number": "OLD", "displayName": "Old", "lastModifiedDateTime": (before - timedelta(days=1)).isoformat()}
    new = {"number": "NEW", "displayName": "New", "lastModifiedDateTime": (before + timedelta(days=1)).isoformat()}
    await bc.http.post("http://simulator/__seed/items", json=[old, new])
    since = (before + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert [row["number"] for row in await bc.rows(f"items?$filter=lastModifiedDateTime gt {since}")] == ["NEW"]


async def test_numbers_are_compared_as_numbers(bc: BusinessCentral) -> None:
    dear = await bc.rows("items?$filter=unitPrice ge 33.61&$orderby=unitPrice desc&$select=number,unitPrice")
    assert [(row["number"], row["unitPrice"]) for row in dear] == [("HOODIE-GRY-L", 42), ("LAMP-DESK", 33.61)]


async def test_every_row_has_an_etag_and_only_what_was_selected(bc: BusinessCentral) -> None:
    row = (await bc.rows("items?$select=number&$top=1"))[0]
    assert set(row) == {"@odata.etag", "number"}


async def test_pages_follow_next_links_without_gaps_or_repeats(bc: BusinessCentral) -> None:
    await bc.http.post(
        "http://simulator/__seed/items",
        json=[
            {"number": f"BULK-{index:03}", "displayName": "Bulk", "unitPrice": str(index % 3)} for index in range(25)
        ],
    )
    seen: list[str] = []
    sizes = []
    url = bc.url("items?$filter=startswith(number,'BULK')&$orderby=unitPrice desc&$count=true&$select=number")
    while url:
        page = (await bc.http.get(url, headers={"Prefer": "odata.maxpagesize=10"})).json()
        assert page["@odata.count"] == 25
        sizes.append(len(page["value"]))
        seen += [row["number"] for row in page["value"]]
        url = page.get("@odata.nextLink", "")
    assert sizes == [10, 10, 5]
    assert sorted(seen) == [f"BULK-{index:03}" for index in range(25)]


async def test_a_row_inserted_between_pages_does_not_shift_them(bc: BusinessCentral) -> None:
    rows = [{"number": f"KEY-{index}", "displayName": "Key"} for index in (2, 4, 6, 8)]
    await bc.http.post("http://simulator/__seed/items", json=rows)
    first = (
        await bc.get("items?$filter=startswith(number,'KEY')&$orderby=number", {"Prefer": "odata.maxpagesize=2"})
    ).json()
    await bc.http.post("http://simulator/__seed/items", json={"number": "KEY-1", "displayName": "Key"})
    second = (await bc.http.get(first["@odata.nextLink"])).json()
    assert [row["number"] for row in second["value"]] == ["KEY-6", "KEY-8"]


async def test_top_and_skip_work_across_pages(bc: BusinessCentral) -> None:
    whole = [row["number"] for row in await bc.rows("customers?$orderby=number")]
    url = bc.url("customers?$orderby=number&$skip=1&$top=5")
    seen: list[str] = []
    while url:
        page = (await bc.http.get(url, headers={"Prefer": "odata.maxpagesize=2"})).json()
        seen += [row["number"] for row in page["value"]]
        url = page.get("@odata.nextLink", "")
    assert seen == whole[1:6]


async def test_a_page_above_the_limit_is_refused(bc: BusinessCentral) -> None:
    assert (await bc.get("items", {"Prefer": "odata.maxpagesize=20000"})).status_code == 200
    assert (await bc.get("items", {"Prefer": "odata.maxpagesize=20001"})).status_code == 413


async def test_expand_takes_options(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1), item_line("BOOK-001", quantity=3))
    path = f"salesOrders({order['id']})?$select=number&$expand=salesOrderLines($select=quantity;$filter=quantity gt 1)"
    body = (await bc.get(path)).json()
    assert [line["quantity"] for line in body["salesOrderLines"]] == [3]
    assert set(body["salesOrderLines"][0]) == {"@odata.etag", "quantity"}
    assert "totalTaxAmount" not in body


async def test_lines_are_read_below_their_order_or_by_its_id(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1))
    other = await bc.order(item_line("GIFT-MUG", quantity=1))
    line = order["salesOrderLines"][0]
    below = await bc.rows(f"salesOrders({order['id']})/salesOrderLines")
    assert [row["id"] for row in below] == [line["id"]]
    by_id = await bc.rows(f"salesOrderLines?$filter=documentId eq {order['id']}")
    assert by_id == below
    assert (await bc.get(f"salesOrders({other['id']})/salesOrderLines({line['id']})")).status_code == 404
    assert "You must specify an Id or a Document Id" in error_of(await bc.get("salesOrderLines"))[2]


async def test_count_as_a_path_is_plain_text(bc: BusinessCentral) -> None:
    assert (await bc.get("customers/$count")).text == "8"


async def test_a_single_navigation_leads_to_its_row(bc: BusinessCentral) -> None:
    unit = await bc.get(f"items({bc.id_of('items', 'GIFT-MUG')})/unitOfMeasure")
    assert unit.json()["code"] == "PCS"
