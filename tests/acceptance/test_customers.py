"""One customer on both sides: the whole stack, in separate processes, with the back-ends' own webhooks and pulls."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from local.people import ADDRESS, PLACES, new_phone, phone_of
from local.scenario import Row, Scenario, wait_until
from tests.acceptance.customers import at_rest, new_email, new_phone_number, sides, story

BACK_ENDS = sorted(PLACES)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_an_account_of_the_shop_becomes_one_customer_and_is_found_by_its_number(
    scenario: Scenario, back_end: str
) -> None:
    both = sides(scenario, back_end)
    customer, record = both.signed_up()
    assert customer["externalId"] == both.number(record)
    assert both.phone(record) == phone_of(customer) == ADDRESS["phone"]
    assert story(scenario, customer).count("customer created") == 1
    by_number = scenario.listing("audit", "show", both.number(record))
    assert {entry["entity_id"] for entry in by_number} >= {customer["id"]}
    assert customer["email"] not in str(by_number)  # personal data is masked


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_customer_of_the_back_end_becomes_one_account(scenario: Scenario, back_end: str) -> None:
    both, email = sides(scenario, back_end), new_email()
    both.office.create(email=email)
    wait_until("the account", lambda: both.shop.find(email))
    at_rest(scenario)
    account = both.account(email)
    assert account["externalId"] == both.number(both.record(email))
    assert (account["firstName"], account["lastName"]) == ("Example", "Customer")
    assert [store["key"] for store in account["stores"]] == ([both.place.store] if both.place.store else [])


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_change_of_either_side_arrives_on_the_other_and_then_nothing_moves(scenario: Scenario, back_end: str) -> None:
    both = sides(scenario, back_end)
    customer, record = both.signed_up()
    renamed, phone = new_email(), new_phone_number()
    both.shop.change(customer, {"action": "changeEmail", "email": renamed})
    wait_until("the e-mail in the back-end", lambda: both.office.find(renamed))
    at_rest(scenario)
    both.change_by_hand(record, phone=phone)
    wait_until("the phone number in the shop", lambda: phone_of(both.account(renamed)) == phone)
    at_rest(scenario)
    changes = [step for step in story(scenario, customer) if step in {"back-end changed", "commercetools changed"}]
    assert changes == ["back-end changed", "commercetools changed"]
    assert both.phone(both.record(renamed)) == phone


@pytest.mark.parametrize(
    ("back_end", "side"), [("business_central", "commercetools"), ("dataverse", "dynamics"), ("finance", "dynamics")]
)
def test_a_conflict_is_decided_by_a_person_with_one_command(scenario: Scenario, back_end: str, side: str) -> None:
    both = sides(scenario, back_end)
    customer, record = both.signed_up()
    phones = {"commercetools": new_phone_number(), "dynamics": new_phone_number()}
    # Until both sides are changed, nobody can look at the shop's.
    scenario.faults(scenario.shop, {"method": "GET", "path": "^/demo/customers/", "status": 503, "seconds": 60})
    both.shop.change(customer, new_phone(customer, phones["commercetools"]))
    both.change_by_hand(record, phone=phones["dynamics"])
    scenario.faults(scenario.shop)

    item = wait_until("the question", lambda: questions(scenario, customer))[0]
    assert item["question"]["kind"] == "customer_conflict"
    assert (item["question"]["commercetools"], item["question"]["dynamics"]) == ({"phone": "***"}, {"phone": "***"})
    resolved = scenario.ctd365("review", "resolve", item["id"], "--take", side, "--actor", "tester")
    assert resolved.returncode == 0, resolved.stdout + resolved.stderr

    def agreed() -> bool:
        shown = phone_of(both.account(customer["email"])), both.phone(both.record(customer["email"]))
        return shown == (phones[side], phones[side])

    wait_until(f"the phone number of {side} on both sides", agreed)
    at_rest(scenario)
    assert customer["id"] not in str(scenario.listing("dead-letters", "list", "--queue", "customers"))
    trail = scenario.audit(customer["id"])
    fixed = next(entry for entry in trail if entry["step"] == "review resolved")
    assert (fixed["actor"], fixed["after"]) == ("tester", {"take": side})
    assert agreed()


def questions(scenario: Scenario, customer: Row) -> list[Row]:
    return [item for item in scenario.listing("review", "list") if item["question"]["key"].startswith(customer["id"])]


def test_what_no_event_told_of_comes_with_the_pull(scenario: Scenario) -> None:
    both = sides(scenario, "finance")
    customer, record = both.signed_up()
    events, phone = f"{str(scenario.stack['finance']['url']).rstrip('/')}/__events", new_phone_number()
    registered = scenario.env
    httpx.delete(events).raise_for_status()
    try:
        both.change_by_hand(record, phone=phone)
        scenario.run_timer("customers_pull")
        wait_until("the phone number in the shop", lambda: phone_of(both.account(customer["email"])) == phone)
    finally:
        url = f"{registered['DYNAMICS_EVENTS_URL']}/finance/events?code={registered['DYNAMICS_EVENTS_KEY']}"
        endpoint = {"url": url, "secret": registered["DYNAMICS_EVENTS_SECRET"], "secret_header": "x-ctd365-secret"}
        httpx.post(events, json=endpoint).raise_for_status()
    at_rest(scenario)


def test_erasing_an_account_takes_its_data_out_of_what_the_connector_remembers(scenario: Scenario) -> None:
    both = sides(scenario, "business_central")
    customer, record = both.signed_up()
    both.shop.send("DELETE", f"customers/{customer['id']}", None, version=str(customer["version"]), dataErasure="true")
    wait_until("the erasure", lambda: "personal data erased" in story(scenario, customer))
    at_rest(scenario)
    entries = scenario.audit(customer["id"])
    assert "customer created" in [entry["step"] for entry in entries]  # that it happened stays
    before = entries[: next(i for i, entry in enumerate(entries) if entry["step"] == "personal data erased")]
    assert [entry for entry in before if entry["after"] or entry["before"]] == []  # what it was is gone
    assert both.record(customer["email"])["number"] == both.number(record)  # the books are kept


def test_a_business_unit_becomes_an_account_with_its_people_and_follows_it(scenario: Scenario) -> None:
    both = sides(scenario, "dataverse")
    buyer, _ = both.signed_up()
    unit = both.shop.send("POST", "business-units", unit_draft(buyer))
    account = wait_until("the account", lambda: accounts(both, unit["name"]))[0]
    at_rest(scenario)
    people = [row for row in both.office.rows("contacts") if row["_parentcustomerid_value"] == account["accountid"]]
    assert [person["emailaddress1"] for person in people] == [buyer["email"]]
    renamed = f"{unit['name']} and Sons"
    both.shop.change(unit, {"action": "changeName", "name": renamed}, path="business-units")
    wait_until("the new name", lambda: accounts(both, renamed))
    at_rest(scenario)
    assert accounts(both, unit["name"]) == []
    assert both.shop.send("GET", f"business-units/{unit['id']}", None)["name"] == renamed


def unit_draft(buyer: Row) -> dict[str, Any]:
    key = f"unit-{buyer['id'][:8]}"
    return {
        "key": key,
        "unitType": "Company",
        "name": f"Example Trading {key}",
        "contactEmail": f"{key}@example.com",
        "status": "Active",
        "storeMode": "Explicit",
        "stores": [{"typeId": "store", "key": "trade"}],
        "associates": [
            {
                "customer": {"typeId": "customer", "id": buyer["id"]},
                "associateRoleAssignments": [{"associateRole": {"typeId": "associate-role", "key": "buyer"}}],
            }
        ],
        "addresses": [{**ADDRESS, "company": "Example Trading"}],
        "defaultBillingAddress": 0,
    }


def accounts(both: Any, name: str) -> list[Row]:
    return [row for row in both.office.rows("accounts") if row["name"] == name]


def test_an_account_of_the_back_end_becomes_a_business_unit(scenario: Scenario) -> None:
    both, name = sides(scenario, "dataverse"), f"Example Works {new_email()[:14]}"
    number = f"A{name[-6:].upper()}"
    seeded = {"name": name, "accountnumber": number, "emailaddress1": f"{number}@example.com"}
    url = f"{str(scenario.stack['dataverse']['url']).rstrip('/')}/__seed/accounts"
    httpx.post(url, json=seeded).raise_for_status()
    scenario.run_timer("customers_pull")

    def units() -> list[Row]:
        found: list[Row] = both.shop.send("GET", "business-units", None, where=f'name="{name}"')["results"]
        return found

    (unit,) = wait_until("the business unit", units)
    assert (unit["name"], unit["status"]) == (name, "Active")
    assert number.casefold() in unit["key"].casefold()
