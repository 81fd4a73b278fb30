"""Who orders and who pays."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from shared.mapping.parties import bill_to_party, guest_party, known_party, marks_of, registered_party
from shared.model.address import Address
from shared.model.back_end import CustomerRecord, MissingReference, Party
from shared.model.customer import Customer
from shared.model.order import CustomerRef, ShipTo
from tests.unit.mapping.orders import ADDRESS, line, order

LINE = line("80.00", "100.00", unit="100.00")


def customer(**changes: Any) -> Customer:
    given = {"project": "shop", "id": "customer-1", "version": 1, "email": "customer@example.com", **changes}
    return Customer(**given)


def payer(billing: dict[str, Any] | None, **sell_to: Any) -> Party | None:
    address = ADDRESS.model_copy(update=billing) if billing is not None else None
    who = {"key": "customer-1", "guest": False, "name": "Example Customer", "email": "customer@example.com", **sell_to}
    return bill_to_party(order(LINE, billing_address=address), Party(**who))


def test_a_customer_is_known_by_the_external_id_before_the_customer_number() -> None:
    assert registered_party(customer(number="20", external_id="10"), order(LINE)).number == "10"
    assert registered_party(customer(number="20"), order(LINE)).number == "20"


def test_a_customer_without_an_address_of_its_own_gets_the_orders() -> None:
    assert registered_party(customer(), order(LINE)).address == ADDRESS
    own = ADDRESS.model_copy(update={"id": "a", "city": "Own Town"})
    party = registered_party(customer(addresses=(own,), default_billing_address_id="a"), order(LINE))
    assert party.address == own


def digest(identity: str) -> str:
    """Keys are stored, logged and shown, so they stand for a person without naming one."""
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def test_a_guest_is_made_from_the_billing_address_and_the_orders_e_mail() -> None:
    party = guest_party(order(LINE, customer=CustomerRef(email="Guest@Example.com", anonymous=True)))
    assert isinstance(party, Party)
    assert (party.key, party.guest, party.name) == (f"guest:{digest('guest@example.com')}", True, "Example Customer")
    assert (party.email, party.address) == ("Guest@Example.com", ADDRESS)


def test_a_guest_without_a_billing_address_is_made_from_the_shipping_address() -> None:
    away = ADDRESS.model_copy(update={"city": "Away"})
    party = guest_party(order(LINE, billing_address=None, shipping_addresses=(ShipTo(address=away),)))
    assert isinstance(party, Party)
    assert party.address == away


@pytest.mark.parametrize("address", [None, Address(country="SE")])
def test_a_guest_of_whom_nothing_is_known_is_a_question(address: Address | None) -> None:
    found = guest_party(order(LINE, customer=CustomerRef(), billing_address=address, shipping_addresses=()))
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("guest", "SE-1001")


@pytest.mark.parametrize(
    ("billing", "sell_to"),
    [
        (None, {}),
        ({}, {}),
        ({"first_name": None, "last_name": None}, {}),
        ({"first_name": "EXAMPLE"}, {}),
        ({"company": "Example Ltd"}, {"company": "EXAMPLE LTD"}),
        ({"company": "Example Ltd"}, {}),
        ({"first_name": "Other"}, {"guest": True}),
        ({"first_name": "Other"}, {"address": ADDRESS.model_copy(update={"first_name": "Other"})}),
    ],
    ids=[
        "no billing address",
        "the same person",
        "an address without a name",
        "another spelling",
        "the same company",
        "a private person's company",
        "a guest",
        "the person of the default address",
    ],
)
def test_who_orders_also_pays(billing: dict[str, Any] | None, sell_to: dict[str, Any]) -> None:
    assert payer(billing, **sell_to) is None


def test_another_company_pays_as_a_customer_known_by_its_e_mail() -> None:
    party = payer({"company": "Paying Ltd", "email": "Accounts@Example.com"}, company="Ordering Ltd")
    assert party is not None
    assert (party.key, party.name, party.email) == (
        f"bill-to:{digest('accounts@example.com')}",
        "Paying Ltd",
        "Accounts@Example.com",
    )


def test_another_person_pays_as_a_customer_known_by_name_and_place() -> None:
    party = payer({"first_name": "Other", "postal_code": "11122"})
    assert party is not None
    assert (party.key, party.email) == (f"bill-to:{digest('other customer|11122|se')}", None)


def test_the_e_mail_of_who_orders_does_not_identify_who_pays() -> None:
    party = payer({"first_name": "Other", "email": "customer@example.com"})
    assert party is not None
    assert party.email is None


def test_a_party_is_recognised_by_its_pseudonyms_alone() -> None:
    party = registered_party(customer(), order(LINE))
    known = known_party(party.key, CustomerRecord("id", "10", "10"), marks_of(party))
    assert party.email
    assert party.email not in str(known)
    same, other = order(LINE), order(LINE, billing_address=ADDRESS.model_copy(update={"first_name": "Somebody"}))
    assert bill_to_party(same, known) == bill_to_party(same, party)
    assert bill_to_party(other, known) == bill_to_party(other, party)
    assert bill_to_party(other, known) is not None
