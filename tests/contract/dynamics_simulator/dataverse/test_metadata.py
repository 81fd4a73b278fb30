from typing import Any

import pytest

from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, error_of, order_body

ORDER = "EntityDefinitions(LogicalName='salesorder')"
LABEL = {"LocalizedLabels": [{"Label": "Shop id", "LanguageCode": 1033}]}
COLUMN = {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    "SchemaName": "shop_OrderId",
    "DisplayName": LABEL,
    "MaxLength": 40,
}
KEY = {"SchemaName": "shop_OrderKey", "DisplayName": LABEL, "KeyAttributes": ["shop_orderid"]}


async def test_a_column_can_be_used_once_it_is_defined(bare: Dataverse) -> None:
    assert error_of(await bare.post("salesorders", order_body(shop_orderid="A")))[0] == 400
    earlier = await bare.order()
    assert (await bare.post(f"{ORDER}/Attributes", COLUMN)).status_code == 204
    attribute = (await bare.get(f"{ORDER}/Attributes(LogicalName='shop_orderid')")).json()
    assert (attribute["AttributeType"], attribute["MaxLength"], attribute["IsCustomAttribute"]) == ("String", 40, True)
    assert (await bare.order(shop_orderid="A"))["shop_orderid"] == "A"
    assert (await bare.read_order(earlier["salesorderid"]))["shop_orderid"] is None
    assert error_of(await bare.post("salesorders", order_body(shop_orderid="x" * 41)))[0] == 400


async def test_an_alternate_key_works_once_its_index_is_there(bare: Dataverse) -> None:
    await bare.post(f"{ORDER}/Attributes", COLUMN)
    assert (await bare.post(f"{ORDER}/Keys", KEY)).status_code == 204
    await bare.order(shop_orderid="A")
    assert error_of(await bare.get("salesorders(shop_orderid='A')"))[0] == 400
    assert [key["EntityKeyIndexStatus"] for key in await bare.rows(f"{ORDER}/Keys")] == ["Pending"]
    assert [key["EntityKeyIndexStatus"] for key in await bare.rows(f"{ORDER}/Keys")] == ["Active"]
    assert (await bare.get("salesorders(shop_orderid='A')")).json()["name"] == "1001"


async def test_the_index_of_a_key_fails_over_equal_values(bare: Dataverse) -> None:
    await bare.post(f"{ORDER}/Attributes", COLUMN)
    for _ in range(2):
        await bare.order(shop_orderid="A")
    await bare.post(f"{ORDER}/Keys", KEY)
    await bare.rows(f"{ORDER}/Keys")
    assert [key["EntityKeyIndexStatus"] for key in await bare.rows(f"{ORDER}/Keys")] == ["Failed"]
    assert error_of(await bare.get("salesorders(shop_orderid='A')"))[0] == 400


async def test_columns_and_keys_are_defined_only_once(bare: Dataverse) -> None:
    for part, body in (("Attributes", COLUMN), ("Keys", KEY)):
        assert (await bare.post(f"{ORDER}/{part}", body)).status_code == 204
        assert "already exists" in error_of(await bare.post(f"{ORDER}/{part}", body))[2]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("Attributes", {"SchemaName": "orderid"}),
        ("Attributes", {"MaxLength": 5000}),
        ("Attributes", {"@odata.type": "Microsoft.Dynamics.CRM.ImageAttributeMetadata"}),
        ("Attributes", {"DisplayName": None}),
        ("Keys", {"KeyAttributes": ["nothing"]}),
        ("Keys", {"KeyAttributes": []}),
    ],
)
async def test_a_definition_that_is_not_valid_is_refused(bare: Dataverse, part: str, change: dict[str, Any]) -> None:
    body = COLUMN if part == "Attributes" else KEY | {"KeyAttributes": ["ordernumber"]}
    assert error_of(await bare.post(f"{ORDER}/{part}", body | change))[0] == 400


async def test_definitions_are_found_by_name(dv: Dataverse) -> None:
    assert (await dv.get(ORDER)).json()["EntitySetName"] == "salesorders"
    (found,) = await dv.rows(f"{ORDER}/Attributes?$filter=LogicalName eq 'totalamount'")
    assert found["IsValidForCreate"] is False
    for path in ("EntityDefinitions(LogicalName='nothing')", f"{ORDER}/Attributes(LogicalName='nothing')"):
        assert error_of(await dv.get(path))[0] == 404
