"""The definitions against the published facts, and the harness around the simulator."""

import json
from pathlib import Path

import pytest

from local.dynamics.dataverse.environment import DATA
from local.dynamics.dataverse.generate_definitions import column, lookup
from shared.mapping.dataverse import fields
from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, line

DEFINITIONS = json.loads((DATA / "dataverse.json").read_text(encoding="utf-8"))
SETS = DEFINITIONS["entitySets"]


@pytest.mark.parametrize(
    ("entity_set", "limits"),
    [
        ("salesorders", fields.ORDER_LIMITS),
        ("salesorderdetails", fields.LINE_LIMITS | fields.SHIP_TO_LIMITS),
        ("accounts", fields.ACCOUNT_LIMITS | {"accountnumber": fields.ACCOUNT_NUMBER_LIMIT}),
        ("contacts", fields.CONTACT_LIMITS),
        ("accounts", fields.ACCOUNT_PLACE_LIMITS),
        ("contacts", fields.CONTACT_PLACE_LIMITS),
        ("customeraddresses", fields.MORE_ADDRESS_LIMITS),
    ],
)
def test_the_lengths_that_the_connector_keeps_are_the_published_ones(entity_set: str, limits: dict[str, int]) -> None:
    published = {name: SETS[entity_set]["fields"][name]["maxLength"] for name in limits}
    assert limits == published


def test_sources_and_licences_stand_beside_the_definitions() -> None:
    assert [source["repo"] for source in DEFINITIONS["source"]] == ["microsoft/BCApps", "microsoft/CDM"]
    notice = (Path(DATA) / "NOTICE.md").read_text(encoding="utf-8")
    assert "CC-BY-4.0" in notice
    assert "microsoft/CDM" in notice


def test_a_column_takes_type_and_access_from_one_source_and_length_from_the_other() -> None:
    source = {"ExternalType": "String", "ExternalAccess": "Insert", "al": "Text[100]"}
    expected = {"type": "Edm.String", "nullable": True, "access": "create"}
    assert column(source, {"maxLength": 80}, "x") == expected | {"maxLength": 80}
    assert column(source, {}, "x") == expected | {"maxLength": 100}


def test_a_customer_is_bound_under_one_name_for_each_table() -> None:
    assert sorted(lookup("customerid", {"ExternalType": "Customer"})) == ["customerid_account", "customerid_contact"]


def test_option_values_are_the_published_integers() -> None:
    assert SETS["salesorders"]["fields"]["statecode"]["values"] == [0, 1, 2, 3, 4]
    assert SETS["salesorders"]["fields"]["statuscode"]["values"] == [1, 2, 3, 4, 100001, 100002, 100003]


async def test_seeded_rows_name_what_they_point_to(dv: Dataverse) -> None:
    body = {"productnumber": "X-1", "name": "X", "price": "9.90", "statecode": 0, "quantitydecimal": 0}
    units = {"defaultuomid": "PCS", "defaultuomscheduleid": "Goods"}
    answer = await dv.http.post("http://simulator/__seed/products?priced=true", json=body | units)
    assert answer.status_code == 200
    (row,) = answer.json()["value"]
    own = line(priceperunit=1, ispriceoverridden=False) | {"productid@odata.bind": f"/products({row['productid']})"}
    assert (await dv.order(own))["totalamount"] == 9.9
    refused = await dv.http.post("http://simulator/__seed/products", json=body | {"defaultuomid": "PALLET"})
    assert (refused.status_code, "PALLET" in refused.text) == (400, True)


async def test_every_row_can_be_looked_at(dv: Dataverse) -> None:
    rows = (await dv.http.get("http://simulator/__state/transactioncurrencies")).json()["value"]
    assert {row["isocurrencycode"]: row["currencyprecision"] for row in rows}["JPY"] == 0
    assert (await dv.http.get("http://simulator/__state/nothing")).status_code == 400


async def test_an_unknown_setting_is_refused(dv: Dataverse) -> None:
    assert (await dv.http.post("http://simulator/__settings", json={"rounding": 1})).status_code == 400
