"""Filters through a lookup, which the catalogue is read with."""

from __future__ import annotations

import pytest

from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, error_of


@pytest.fixture
def ordered(dv: Dataverse) -> Dataverse:
    for number, state in (("OPEN", 0), ("CLOSED", 3)):
        line = {"productid": "BOOK-001", "uomid": "PCS", "quantity": 2, "description": number}
        header = {"name": number, "customerid_contact": "10000", "statecode": state, "order_details": [line]}
        dv.environment.seeder.seed("salesorders", [header])
    return dv


async def test_rows_are_found_by_a_column_of_what_they_point_to(ordered: Dataverse) -> None:
    found = await ordered.rows("salesorderdetails?$select=description&$filter=salesorderid/statecode eq 0")
    assert [row["description"] for row in found] == ["OPEN"]
    assert set(found[0]) == {"@odata.etag", "salesorderdetailid", "description"}


async def test_several_columns_may_be_named_and_compared_in_order(ordered: Dataverse) -> None:
    condition = "productid/productnumber ge 'BOOK' and productid/productnumber le 'BOOK-002' and quantity eq 2"
    assert len(await ordered.rows(f"salesorderdetails?$select=quantity&$filter={condition}")) == 2
    assert await ordered.rows("salesorderdetails?$filter=productid/productnumber gt 'BOOK-001'&$select=quantity") == []


async def test_the_link_to_the_next_page_keeps_the_filter(ordered: Dataverse) -> None:
    path = "salesorderdetails?$select=description&$filter=productid/productnumber eq 'BOOK-001'"
    first = (await ordered.get(path, {"Prefer": "odata.maxpagesize=1"})).json()
    assert "productid%2Fproductnumber" in first["@odata.nextLink"]
    second = (await ordered.http.get(first["@odata.nextLink"])).json()
    assert {row["description"] for page in (first, second) for row in page["value"]} == {"OPEN", "CLOSED"}


async def test_a_slash_in_a_text_is_only_text(ordered: Dataverse) -> None:
    assert await ordered.rows("salesorderdetails?$filter=description eq 'productid/productnumber'") == []


@pytest.mark.parametrize("path", ["productid/weight", "product/productnumber", "salesorderid/customerid/name"])
async def test_what_does_not_exist_cannot_be_filtered_by(ordered: Dataverse, path: str) -> None:
    assert error_of(await ordered.get(f"salesorderdetails?$filter={path} eq 'x'"))[0] == 400
