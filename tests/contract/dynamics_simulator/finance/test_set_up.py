"""Set-up that others look up: legal entities, tax groups and the like are served, and agree with the rules."""

import pytest

from tests.contract.dynamics_simulator.finance.simulator import ROOT, Finance, cause, item_line


@pytest.mark.parametrize(
    ("entity_set", "field", "known"),
    [
        ("TaxGroups", "TaxGroupCode", "DOM"),
        ("TaxItemGroupHeadings", "TaxItemGroup", "VAT25"),
        ("CustomerGroups", "CustomerGroupId", "ONLINE"),
        ("OperationalSitesV2", "SiteId", "1"),
        ("SalesOrderOriginCodes", "OriginCode", "WEB"),
        ("SalesOrderPools", "PoolId", "ONLINE"),
        ("DeliveryModesV2", "ModeCode", "EXPRESS"),
        ("CustomerPaymentMethods", "Name", "CARD"),
        ("PaymentTerms", "Name", "NET30"),
    ],
)
async def test_what_the_rules_know_is_listed_for_each_company_and_cannot_be_written(
    finance: Finance, entity_set: str, field: str, known: str
) -> None:
    rows = await finance.rows(entity_set, **{"$filter": f"{field} eq '{known}'"})
    assert sorted(row["dataAreaId"] for row in rows) == ["demf", "usmf"]
    assert (await finance.post(entity_set, {field: "NEW"})).status_code == 405


async def test_legal_entities_are_shared_and_their_key_has_no_company(finance: Finance) -> None:
    rows = await finance.rows("LegalEntities", **{"$filter": "LegalEntityId eq 'DEMF'"})
    assert [row["LegalEntityId"] for row in rows] == ["demf"]
    assert "dataAreaId" not in rows[0]
    one = await finance.http.get(f"{ROOT}/LegalEntities('demf')")
    assert one.status_code == 400  # every field of a key by name
    one = await finance.http.get(f"{ROOT}/LegalEntities(LegalEntityId='demf')")
    assert one.json()["LegalEntityId"] == "demf"


async def test_a_seeded_item_sales_tax_group_may_be_used_and_has_no_tax(finance: Finance) -> None:
    line = item_line(SalesTaxGroupCode="DOM", SalesTaxItemGroupCode="BOOKS", OrderedSalesQuantity=1, SalesPrice=10)
    header = await finance.order()
    refused = await finance.post("SalesOrderLines", {"SalesOrderNumber": header["SalesOrderNumber"]} | line)
    assert "BOOKS" in cause(refused)[1]
    seeded = [{"TaxItemGroup": "BOOKS", "Name": "Books"}]
    await finance.http.post("http://simulator/__seed/TaxItemGroupHeadings?company=demf", json=seeded)
    order = await finance.order(line)
    assert (order["OrderTotalAmount"], order["OrderTotalTaxAmount"]) == (10, 0)
