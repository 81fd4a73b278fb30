import pytest

from tests.contract.dynamics_simulator.finance.simulator import ROOT, Finance, bearer, cause


async def test_a_company_other_than_the_users_own_is_seen_only_across_companies(finance: Finance) -> None:
    own = await finance.http.get(f"{ROOT}/CustomersV3")
    assert {row["dataAreaId"] for row in own.json()["value"]} == {"usmf"}
    everything = await finance.rows("CustomersV3")
    assert {row["dataAreaId"] for row in everything} == {"usmf", "demf"}
    filtered = await finance.http.get(f"{ROOT}/CustomersV3", params={"$filter": "dataAreaId eq 'demf'"})
    assert filtered.json()["value"] == []


async def test_a_key_in_another_company_is_not_found_without_cross_company(finance: Finance) -> None:
    path = finance.key("CustomersV3", CustomerAccount="20000")
    assert (await finance.http.get(f"{ROOT}/{path}")).status_code == 404
    assert (await finance.http.patch(f"{ROOT}/{path}", json={"SalesMemo": "x"})).status_code == 404
    assert (await finance.get(path)).json()["OrganizationName"] == "Example Company"


async def test_the_users_own_company_needs_no_cross_company(finance: Finance) -> None:
    answer = await finance.http.get(f"{ROOT}/CustomersV3(dataAreaId='usmf',CustomerAccount='10000')")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "key",
    [
        "CustomersV3('10000')",
        "CustomersV3(CustomerAccount='10000')",
        "CustomersV3(dataAreaId='demf')",
        "CustomersV3(dataAreaId='demf',Account='10000')",
        "CustomersV3(dataAreaId='demf',CustomerAccount='10000',PartyType='Person')",
    ],
)
async def test_a_key_that_lacks_a_field_or_has_another_is_refused(finance: Finance, key: str) -> None:
    status, text = cause(await finance.get(key))
    assert status == 400
    assert "dataAreaId, CustomerAccount" in text


async def test_key_fields_may_come_in_any_order_and_the_company_in_any_case(finance: Finance) -> None:
    answer = await finance.get("CustomersV3(CustomerAccount='20000',dataAreaId='DEMF')")
    assert answer.json()["dataAreaId"] == "demf"


async def test_a_variant_is_addressed_by_all_of_its_dimensions(finance: Finance) -> None:
    dimensions = {"ProductConfigurationId": "", "ProductSizeId": "M", "ProductColorId": "BLK", "ProductStyleId": ""}
    path = finance.key("ReleasedProductVariantsV2", ProductMasterNumber="SHIRT", **dimensions)
    assert (await finance.get(path)).status_code == 400
    whole = finance.key("ReleasedProductVariantsV2", ProductMasterNumber="SHIRT", **dimensions, ProductVersionId="")
    assert (await finance.get(whole)).json()["ProductVariantNumber"] == "SHIRT : : M : BLK :"


async def test_an_unknown_row_or_entity_set_is_not_found(finance: Finance) -> None:
    assert cause(await finance.get(finance.key("CustomersV3", CustomerAccount="77777")))[0] == 404
    assert cause(await finance.get("NoSuchThings"))[0] == 404
    assert (await finance.http.get("http://simulator/api/data/CustomersV3")).status_code == 404


async def test_later_versions_of_order_entities_are_served_too(finance: Finance) -> None:
    order = await finance.order()
    path = finance.key("SalesOrderHeadersV4", SalesOrderNumber=order["SalesOrderNumber"])
    assert (await finance.get(path)).status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer garbage", bearer("https://api.businesscentral.dynamics.com")])
async def test_a_token_that_does_not_hold_is_unauthorized(finance: Finance, authorization: str) -> None:
    answer = await finance.http.get(f"{ROOT}/CustomersV3", headers={"Authorization": authorization})
    assert answer.status_code == 401
