"""What goes wrong on the way of a customer: one customer on each side results, with the values that were meant."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from local.orders import Shopper, customer_document
from local.people import PLACES, new_phone, phone_of
from local.scenario import Scenario, wait_until
from tests.acceptance.customers import Sides, at_rest, new_email, new_phone_number, sides, story
from tests.faults.processes import kill_functions_host, pause, resume

# The request that creates a customer.
CREATES: Mapping[str, Mapping[str, Any]] = {
    "business_central": {"method": "POST", "path": "/customers$"},
    "dataverse": {"method": "POST", "path": r"/\$batch$"},
    "finance": {"method": "POST", "path": "/CustomersV3$"},
}
BACK_ENDS = sorted(PLACES)
MESSAGES = ("CustomerCreated", "CustomerEmailChanged", "CustomerFirstNameSet", "CustomerAddressChanged")


def fail(both: Sides, fault: Mapping[str, Any]) -> None:
    server = str(both.scenario.stack[both.place.name]["url"]).rstrip("/")
    both.scenario.faults(server, {**CREATES[both.place.name], "times": 1, **fault})


def arrived_once(both: Sides, email: str, seconds: float = 60) -> None:
    """One account and one customer, who know each other."""
    wait_until("the pair", lambda: both.account(email).get("externalId"), seconds)
    at_rest(both.scenario)
    account, record = both.account(email), both.record(email)  # each is the only one
    assert account["externalId"] == both.number(record)


@pytest.mark.parametrize("back_end", BACK_ENDS)
@pytest.mark.parametrize("fault", [{"mode": "status_after", "status": 504}, {"mode": "drop_after"}])
def test_an_answer_lost_after_the_create_leaves_one_customer(
    scenario: Scenario, back_end: str, fault: Mapping[str, Any]
) -> None:
    both, email = sides(scenario, back_end), new_email()
    fail(both, fault)
    customer = both.shop.sign_up(email, both.place.store)
    arrived_once(both, email)
    assert "RetryAt" in story(scenario, customer)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_worker_killed_after_the_create_leaves_one_customer(scenario: Scenario, back_end: str) -> None:
    both, email = sides(scenario, back_end), new_email()
    fail(both, {"mode": "delay_after", "delay_ms": 15000})
    both.shop.sign_up(email, both.place.store)
    wait_until("the create", lambda: both.office.find(email))
    kill_functions_host(scenario)
    arrived_once(both, email, seconds=90)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_messages_that_come_up_to_five_times_in_any_order_make_one_customer(scenario: Scenario, back_end: str) -> None:
    both, email = sides(scenario, back_end), new_email()
    shuffled = random.Random(back_end)
    document = customer_document(Shopper(email, id=str(uuid.uuid4())))
    if both.place.store:
        document["stores"] = [{"typeId": "store", "key": both.place.store}]
    for message in shuffled.sample(MESSAGES, len(MESSAGES)):
        known = both.shop.find(email)
        scenario.seed("customer", known[0] if known else document, message=message, times=shuffled.randint(1, 5))
    arrived_once(both, email)
    assert story(scenario, document).count("customer created") == 1


def test_with_the_tables_down_a_change_is_not_lost_and_written_once(scenario: Scenario) -> None:
    both = sides(scenario, "business_central")
    customer, _ = both.signed_up()
    phone, tables = new_phone_number(), scenario.stack["pids"]["tables"]
    retried = scenario.functions_log().count("outcome=RetryAt")
    pause(tables)
    try:
        both.shop.change(customer, new_phone(customer, phone))
        wait_until("an attempt", lambda: scenario.functions_log().count("outcome=RetryAt") > retried, seconds=60)
        assert both.phone(both.record(customer["email"])) != phone
    finally:
        resume(tables)
    wait_until("the phone number", lambda: both.phone(both.record(customer["email"])) == phone, seconds=90)
    at_rest(scenario)
    assert story(scenario, customer).count("back-end changed") == 1


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_change_whose_answer_was_lost_on_the_way_into_the_shop_arrives_once(
    scenario: Scenario, back_end: str
) -> None:
    both = sides(scenario, back_end)
    customer, record = both.signed_up()
    lost = {"method": "POST", "path": f"^/demo/customers/{customer['id']}", "times": 1, "mode": "drop_after"}
    scenario.faults(scenario.shop, lost)
    phone = new_phone_number()
    both.change_by_hand(record, phone=phone)
    wait_until("the phone number in the shop", lambda: phone_of(both.account(customer["email"])) == phone)
    at_rest(scenario)
    assert both.account(customer["email"])["version"] == customer["version"] + 1
