"""Customers and the addresses of their parties: what Finance refuses, and what it keeps in step by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.dynamics_simulator.finance.simulator import Finance, cause

LOCATIONS = "PartyLocationPostalAddressesV2"
ORGANIZATION = {"PartyType": "Organization", "OrganizationName": "Example Ltd", "CustomerGroupId": "B2B"}
ADDRESS = {"AddressStreet": "Example Street 1", "AddressCity": "Berlin", "AddressCountryRegionId": "DEU"}
PLACE = {"PartyNumber": "920000", "Description": "Warehouse", "City": "Hamburg", "CountryRegionId": "DEU"}


async def created(finance: Finance, **values: Any) -> dict[str, Any]:
    answer = await finance.post("CustomersV3", ORGANIZATION | values)
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()
    return row


async def changed(finance: Finance, account: str, **values: Any) -> dict[str, Any]:
    path = finance.key("CustomersV3", CustomerAccount=account)
    answer = await finance.patch(path, values)
    assert answer.status_code == 204, answer.text
    row: dict[str, Any] = (await finance.get(path)).json()
    return row


async def places(finance: Finance, party: str) -> list[dict[str, Any]]:
    return await finance.rows(LOCATIONS, **{"$filter": f"PartyNumber eq '{party}'", "$orderby": "LocationId"})


def place_path(row: dict[str, Any]) -> str:
    key = f"PartyNumber='{row['PartyNumber']}',LocationId='{row['LocationId']}',ValidFrom={row['ValidFrom']}"
    return f"{LOCATIONS}({key})"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"Colour": "red"}, "'Colour' does not exist"),
        ({"OnHoldStatus": "Yes"}, "Requested value 'Yes' of 'OnHoldStatus'"),
        ({"IsOneTimeCustomer": True}, "Requested value"),
        ({"OrganizationName": ""}, "'OrganizationName' must be filled in"),
        ({"CustomerGroupId": ""}, "'Customer group' must be filled in"),
        ({"PersonFirstName": "Example"}, "not for a party of type Organization"),
        ({"PartyType": "Person"}, "'PartyType' cannot be changed"),
        ({"CustomerAccount": "2"}, "part of the key"),
        ({"PartyNumber": "2"}, "cannot be written"),
        ({"AddressLocationId": "2"}, "cannot be written"),
        ({"LanguageId": "xx"}, "related table 'Languages'"),
        ({"PaymentTerms": "NEVER"}, "related table 'PaymentTerms'"),
        ({"DiscountPriceGroupId": "NONE"}, "related table 'price groups'"),
        ({"TaxExemptNumber": "DE1"}, "related table 'tax exempt numbers'"),
        ({"CreditLimit": -1}, "'CreditLimit' cannot be negative"),
        ({"CreditLimit": "5"}, "Cannot convert"),
        ({"DeliveryAddressCity": "Berlin"}, "'Country/region' must be filled in"),
        ({"DeliveryAddressCountryRegionId": "DE"}, "related table 'countries'"),
        ({"AddressState": "NY"}, "related table 'states'"),
        ({"PrimaryContactEmail": "a" * 256}, "256 characters"),
    ],
)
async def test_a_change_that_does_not_fit_is_refused_and_nothing_is_written(
    finance: Finance, values: dict[str, Any], why: str
) -> None:
    path = finance.key("CustomersV3", CustomerAccount="20000")
    before = (await finance.get(path)).json()
    status, text = cause(await finance.patch(path, {"PrimaryContactPhone": "+49 1"} | values))
    assert (status, why in text) == (400, True), text
    assert (await finance.get(path)).json() == before


async def test_a_change_with_a_stale_etag_is_refused_and_one_without_is_not(finance: Finance) -> None:
    path = finance.key("CustomersV3", CustomerAccount="20000")
    etag = (await finance.get(path)).json()["@odata.etag"]
    assert (await finance.patch(path, {"PrimaryContactPhone": "1"}, if_match=etag)).status_code == 204
    assert (await finance.patch(path, {"PrimaryContactPhone": "2"}, if_match=etag)).status_code == 412
    assert (await finance.patch(path, {"PrimaryContactPhone": "3"})).status_code == 204


async def test_default_addresses_of_a_customer_are_addresses_of_its_party(finance: Finance) -> None:
    delivery = {"DeliveryAddressCity": "Hamburg", "DeliveryAddressCountryRegionId": "DEU"}
    row = await created(finance, **ADDRESS, **delivery)
    primary, other = await places(finance, row["PartyNumber"])
    assert (primary["City"], primary["IsPrimary"], primary["IsRoleDelivery"]) == ("Berlin", "Yes", "No")
    assert (other["City"], other["IsPrimary"], other["IsRoleDelivery"]) == ("Hamburg", "No", "Yes")
    assert [primary["LocationId"], other["LocationId"]] == [row["AddressLocationId"], row["DeliveryAddressLocationId"]]


async def test_changing_or_emptying_a_default_address_changes_or_removes_it_at_the_party(finance: Finance) -> None:
    delivery = {"DeliveryAddressCity": "Hamburg", "DeliveryAddressCountryRegionId": "DEU"}
    row = await created(finance, **ADDRESS, **delivery)
    account, party = row["CustomerAccount"], row["PartyNumber"]
    moved = await changed(finance, account, AddressCity="Cologne")
    assert moved["AddressLocationId"] == row["AddressLocationId"]
    assert [place["City"] for place in await places(finance, party)] == ["Cologne", "Hamburg"]
    gone = await changed(finance, account, DeliveryAddressCity="", DeliveryAddressCountryRegionId="")
    assert gone["DeliveryAddressLocationId"] == ""
    assert [place["City"] for place in await places(finance, party)] == ["Cologne"]


async def test_addresses_beside_the_default_ones_get_their_key_from_the_server(finance: Finance) -> None:
    answer = await finance.http.post(f"http://simulator/data/{LOCATIONS}", json=PLACE | {"Roles": "Business;Delivery"})
    assert answer.status_code == 201, answer.text
    row = answer.json()
    assert row["LocationId"]
    assert row["ValidFrom"].endswith("Z")
    assert [row[flag] for flag in ("IsPrimary", "IsRoleBusiness", "IsRoleDelivery", "IsRoleHome")] == [
        *("No", "Yes", "Yes", "No")
    ]
    assert (await finance.get(place_path(row))).json()["City"] == "Hamburg"
    assert (await finance.patch(place_path(row), {"City": "Berlin"}, if_match=row["@odata.etag"])).status_code == 204
    assert (await finance.delete(place_path(row), if_match=row["@odata.etag"])).status_code == 412
    assert (await finance.delete(place_path(row))).status_code == 204
    assert (await finance.get(place_path(row))).status_code == 404


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"PartyNumber": "1"}, "related table 'Global address book'"),
        ({"CountryRegionId": ""}, "'Country/region' must be filled in"),
        ({"CountryRegionId": "DE"}, "related table 'countries'"),
        ({"Description": ""}, "'Name or description' must be filled in"),
        ({"State": "NY"}, "related table 'states'"),
        ({"Roles": "Summer house"}, "related table 'Location roles'"),
        ({"IsRoleDelivery": "Yes"}, "cannot be written"),
        ({"dataAreaId": "demf"}, "'dataAreaId' does not exist"),
    ],
)
async def test_an_address_that_does_not_fit_is_refused(finance: Finance, values: dict[str, Any], why: str) -> None:
    status, text = cause(await finance.http.post(f"http://simulator/data/{LOCATIONS}", json=PLACE | values))
    assert (status, why in text) == (400, True), text


async def test_the_primary_address_cannot_be_deleted(finance: Finance) -> None:
    row = await created(finance, **ADDRESS)
    (primary,) = await places(finance, row["PartyNumber"])
    assert "primary address" in cause(await finance.delete(place_path(primary)))[1]
