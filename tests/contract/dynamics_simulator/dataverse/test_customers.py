"""Accounts, contacts and their addresses, as strict as the real ones."""

from __future__ import annotations

from tests.contract.dynamics_simulator.dataverse.simulator import REPRESENTATION, Dataverse, error_of

ACCOUNT = {"name": "Example Trading", "address1_line1": "Example Street 1", "address1_city": "Berlin"}


async def created(dv: Dataverse, entity_set: str, **values: object) -> str:
    answer = await dv.post(entity_set, values, REPRESENTATION)
    assert answer.status_code == 201, answer.text
    return str(answer.json()[f"{entity_set[:-3] if entity_set.endswith('sses') else entity_set[:-1]}id"])


async def test_the_addresses_of_a_record_are_rows_too(dv: Dataverse) -> None:
    account = await created(dv, "accounts", **ACCOUNT)
    rows = await dv.rows(f"customeraddresses?$filter=_parentid_value eq {account}&$orderby=addressnumber")
    assert [(row["addressnumber"], row["line1"]) for row in rows] == [(1, "Example Street 1"), (2, None)]
    await dv.patch(f"accounts({account})", {"address2_line1": "Harbour 7"})
    rows = await dv.rows(f"customeraddresses?$filter=_parentid_value eq {account} and addressnumber eq 2")
    assert rows[0]["line1"] == "Harbour 7"


async def test_further_addresses_are_counted_on_and_need_a_parent(dv: Dataverse) -> None:
    account = await created(dv, "accounts", **ACCOUNT)
    parent = {"parentid_account@odata.bind": f"/accounts({account})"}
    answer = await dv.post("customeraddresses", {"line1": "Market 3", **parent}, REPRESENTATION)
    assert answer.json()["addressnumber"] == 3
    assert error_of(await dv.post("customeraddresses", {"line1": "Nowhere"}))[0] == 400


async def test_an_address_that_is_part_of_a_record_is_not_changed_by_itself(dv: Dataverse) -> None:
    account = await created(dv, "accounts", **ACCOUNT)
    row_id = (await dv.get(f"accounts({account})")).json()["address1_addressid"]
    changed = await dv.patch(f"customeraddresses({row_id})", {"line1": "Other"}, {"If-Match": "*"})
    assert error_of(changed)[0] == 400
    assert error_of(await dv.delete(f"customeraddresses({row_id})"))[0] == 400


async def test_what_belongs_to_an_account_goes_with_it(dv: Dataverse) -> None:
    account = await created(dv, "accounts", **ACCOUNT)
    contact = await created(
        dv, "contacts", lastname="Buyer", **{"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    )
    assert (await dv.get(f"contacts({contact})")).json()["_accountid_value"] == account
    assert (await dv.delete(f"accounts({account})")).status_code == 204
    assert (await dv.get(f"contacts({contact})")).status_code == 404
    assert await dv.rows(f"customeraddresses?$filter=_parentid_value eq {account}") == []


async def test_the_version_of_a_row_rises_with_every_write(dv: Dataverse) -> None:
    account = await created(dv, "accounts", **ACCOUNT)
    first = (await dv.get(f"accounts({account})")).json()["versionnumber"]
    await dv.patch(f"accounts({account})", {"telephone1": "1"})
    assert (await dv.get(f"accounts({account})")).json()["versionnumber"] > first
    assert error_of(await dv.patch(f"accounts({account})", {"versionnumber": 1}))[0] == 400
