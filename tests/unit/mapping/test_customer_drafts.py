"""Customers and companies of the back-end as drafts; every draft is checked against the published OpenAPI."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shared.mapping.commercetools.business_units import business_unit_fields
from shared.mapping.commercetools.customer_drafts import business_unit_draft, business_unit_key, customer_draft
from shared.mapping.commercetools.customer_fields import customer_fields
from shared.market_options.customers import CustomerSync
from shared.model.back_end import MissingReference
from shared.model.customer_fields import same
from tests.fakes.commercetools_customers import new_document
from tests.published.commercetools import SUBSET, problems_of
from tests.unit.mapping.customers import CUSTOM, RULES, Json

PASSWORD = "made for this test"
BERLIN: Json = {"street": "Example Street 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}
BONN: Json = {"street": "Lane 2", "city": "Bonn", "country": "DE"}
FIELDS: Json = {
    "name": "Example Trading",
    "company": "Example Trading",
    "email": "books@example.com",
    "phone": "+49 30 5550100",
    "vat_id": "DE123456789",
    "locale": "de-DE",
    "customer_group": "wholesale",
    "payment_terms": "30D",
    "blocked": False,
    "billing_address": BERLIN,
    "shipping_address": BONN,
    "addresses": [{**BONN, "street": "Lane 4"}],
}
DEFINITIONS = json.loads(SUBSET.read_text(encoding="utf-8"))["definitions"]


def drafted(fields: Json, rules: CustomerSync = RULES, stores: tuple[str, ...] = ("se-b2b",)) -> Json:
    draft = customer_draft(fields, rules, CUSTOM, external_id="10000", password=PASSWORD, stores=stores)
    assert isinstance(draft, dict), draft
    check(draft, "customers", "CustomerDraft")
    return draft


def company(fields: Json, number: str = "10000") -> Json:
    draft = business_unit_draft(fields, RULES, CUSTOM, number=number, stores=("se-b2b",))
    assert isinstance(draft, dict), draft
    check(draft, "business-units", "BusinessUnitDraft")
    return draft


def check(draft: Json, path: str, definition: str) -> None:
    assert draft.keys() <= DEFINITIONS[definition]["properties"].keys()
    request = {"method": "POST", "path": f"/shop/{path}", "query": "", "body": draft}
    assert list(problems_of(request)) == []


def test_a_customer_of_the_back_end_becomes_one_that_shows_the_same_fields() -> None:
    draft = drafted(FIELDS)
    shown = customer_fields(new_document("customers", draft, 1, ()), RULES, CUSTOM)
    assert {name: value for name, value in FIELDS.items() if not same(shown[name], value)} == {}
    assert (draft["externalId"], draft["stores"]) == ("10000", [{"typeId": "store", "key": "se-b2b"}])


def test_a_customer_of_every_store_has_no_stores() -> None:
    assert "stores" not in drafted(FIELDS, stores=())


@pytest.mark.parametrize(
    ("way", "sign_in"),
    [
        ("reset", {"authenticationMode": "Password", "password": PASSWORD}),
        ("external", {"authenticationMode": "ExternalAuth"}),
    ],
)
def test_the_password_is_the_given_one_or_kept_elsewhere(way: str, sign_in: Json) -> None:
    draft = drafted(FIELDS, RULES.model_copy(update={"password": way}))
    assert {name: draft[name] for name in ("authenticationMode", "password") if name in draft} == sign_in


def test_equal_default_addresses_are_one_address() -> None:
    draft = drafted({**FIELDS, "shipping_address": BERLIN, "addresses": []})
    assert (len(draft["addresses"]), draft["defaultBillingAddress"], draft["defaultShippingAddress"]) == (1, 0, 0)
    assert draft["addresses"][0]["phone"] == FIELDS["phone"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"name": "Example Customer"}, {"firstName": "Example", "lastName": "Customer"}),
        ({"name": "Example Trading", "vat_id": "DE123456789"}, {"companyName": "Example Trading"}),
        ({"name": "Example Trading", "company": "Example Trading"}, {"companyName": "Example Trading"}),
        ({"name": "A B", "first_name": "A", "last_name": "B", "company": None}, {"firstName": "A", "lastName": "B"}),
        ({}, {}),
    ],
)
def test_a_customer_is_named_as_a_company_or_a_person(names: Json, expected: Json) -> None:
    draft = drafted({"email": "someone@example.com", **names})
    assert {name: draft[name] for name in ("companyName", "firstName", "lastName") if name in draft} == expected


def test_empty_fields_are_left_out() -> None:
    draft = drafted({"email": "someone@example.com", "vat_id": None, "addresses": [], "blocked": False}, stores=())
    assert draft.keys() == {"externalId", "email", "authenticationMode", "password"}


@pytest.mark.parametrize(
    ("changed", "rules", "named"),
    [
        ({"email": None}, RULES, "e-mail"),
        ({"billing_address": {"city": "Berlin"}}, RULES, "billing_address"),
        ({}, RULES.model_copy(update={"type": None}), "terms"),
    ],
)
def test_what_commercetools_insists_on_is_a_question_that_names_it(
    changed: Json, rules: CustomerSync, named: str
) -> None:
    fields = {**FIELDS, **changed}
    question = customer_draft(fields, rules, CUSTOM, external_id="10000", password=PASSWORD, stores=())
    assert isinstance(question, MissingReference)
    assert named in question.text


def test_an_account_becomes_a_company_that_shows_the_same_fields() -> None:
    draft = company({**FIELDS, "blocked": True})
    unit = new_document("business-units", draft, 1, ())
    shown = business_unit_fields(unit, (), RULES, CUSTOM)
    held = {name: value for name, value in FIELDS.items() if name not in ("vat_id", "locale", "blocked")}
    assert {name: value for name, value in held.items() if not same(shown[name], value)} == {}
    assert (shown["blocked"], draft["key"], draft["unitType"]) == (True, "10000", "Company")


def test_an_account_without_a_name_is_a_question() -> None:
    question = business_unit_draft({"email": "a@example.com"}, RULES, {}, number="10000", stores=())
    assert isinstance(question, MissingReference)
    assert "10000" in question.text


@pytest.mark.parametrize("number", ["1", "A/1", "A-1", "Ä", "x" * 300, "", "C 00001"])
def test_a_key_is_what_commercetools_takes_and_differs_whenever_the_number_does(number: str) -> None:
    key = business_unit_key(number)
    assert re.fullmatch(r"[A-Za-z0-9_-]{2,256}", key)
    others: list[Any] = ["1", "A/1", "A-1", "Ä", "x" * 300, "", "C 00001"]
    assert [other for other in others if business_unit_key(other) == key] == [number]
