"""Parties become accounts or contacts."""

from __future__ import annotations

from typing import Any

from shared.mapping.dataverse.customers import customer_set, draft_customer
from shared.market_options.dataverse import DataverseOptions
from shared.markets import OrderRules
from shared.model.address import Address
from shared.model.back_end import CustomerDraft, MissingReference, Party
from tests.fakes.markets import market

ADDRESS = Address(country="SE", first_name="Example", last_name="van Customer", street="Road", city="Town")
PERSON = Party("key", False, "Example van Customer", "customer@example.com", number="C-1", phone="1", address=ADDRESS)
COMPANY = Party("key", False, "Example Trading", "trade@example.com", company="Example Trading", number="C-2")


def drafted(party: Party, **options: Any) -> dict[str, Any]:
    draft = draft_customer(party, market(dataverse=DataverseOptions.model_validate(options)))
    assert isinstance(draft, CustomerDraft), draft
    return dict(draft.payload)


def test_a_person_becomes_a_contact() -> None:
    assert customer_set(PERSON, DataverseOptions()) == "contacts"
    assert drafted(PERSON) == {
        "firstname": "Example",
        "lastname": "van Customer",
        "emailaddress1": "customer@example.com",
        "telephone1": "1",
        "address1_line1": "Road",
        "address1_city": "Town",
        "address1_country": "SE",
        "ctd365_customernumber": "C-1",
    }


def test_a_company_becomes_an_account() -> None:
    assert customer_set(COMPANY, DataverseOptions()) == "accounts"
    assert drafted(COMPANY) == {
        "name": "Example Trading",
        "emailaddress1": "trade@example.com",
        "accountnumber": "C-2",
    }


def test_persons_may_be_accounts_too() -> None:
    options = DataverseOptions(persons="account")
    assert customer_set(PERSON, options) == "accounts"
    assert drafted(PERSON, persons="account")["name"] == "Example van Customer"


def test_a_name_without_an_address_is_split_at_its_last_word() -> None:
    payload = drafted(Party("key", False, "Example Middle Customer"))
    assert payload == {"firstname": "Example Middle", "lastname": "Customer"}
    assert drafted(Party("key", False, "customer@example.com")) == {"lastname": "customer@example.com"}


def test_a_number_that_does_not_fit_is_left_to_the_id_map() -> None:
    assert "accountnumber" not in drafted(Party("key", False, "A", company="A", number="x" * 21))
    assert "ctd365_customernumber" not in drafted(Party("key", False, "A B", number="x" * 51))
    assert "ctd365_customernumber" not in drafted(PERSON, contact_number=None)


def test_a_name_that_does_not_fit_is_a_question_unless_it_may_be_cut() -> None:
    party = Party("key", False, "x" * 161, company="x" * 161)
    answer = draft_customer(party, market())
    assert isinstance(answer, MissingReference)
    assert answer.key == "name"
    draft = draft_customer(party, market(order=OrderRules(cut=frozenset({"name"}))))
    assert isinstance(draft, CustomerDraft)
    assert draft.payload["name"] == "x" * 160
