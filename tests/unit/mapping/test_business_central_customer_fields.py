from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from shared.mapping.business_central.customer_fields import fields_of, kind_of, payload_of, shape_customer
from shared.market_options.trade import CustomFieldRules
from shared.markets import Market, OrderRules
from shared.model.back_end import MissingReference
from shared.model.customer_fields import Fields, is_empty, same
from tests.fakes.markets import market
from tests.fakes.unhurried import unhurried

EVERYTHING_MAY_BE_CUT = OrderRules(
    cut=frozenset(
        {
            "displayName",
            "addressLine1",
            "addressLine2",
            "city",
            "state",
            "postalCode",
            "country",
            "phoneNumber",
            "email",
            "taxRegistrationNumber",
            "paymentTerms",
        }
    )
)
COMPANY: Fields = {"name": "Example Trading", "company": "Example Trading", "email": "books@example.com"}
CARD: dict[str, Any] = {
    "type": "Person",
    "displayName": "Example Customer",
    "email": "Customer@Example.com",
    "phoneNumber": "",
    "taxRegistrationNumber": "",
    "addressLine1": "",
    "addressLine2": "",
    "city": "",
    "state": "",
    "postalCode": "",
    "country": "",
    "creditLimit": 0,
    "blocked": "_x0020_",
}


def shaped(fields: Fields, rules: Market | None = None) -> Fields:
    result = shape_customer(fields, rules or market())
    assert not isinstance(result, MissingReference), result
    return result


def test_only_what_is_given_and_can_be_held_is_shaped() -> None:
    given_fields: Fields = {
        "name": "Example Customer",
        "first_name": "Example",
        "last_name": "Customer",
        "locale": "de-DE",
        "customer_group": "wholesale",
        "shipping_address": {"city": "Berlin"},
        "addresses": [],
        "phone": None,
    }
    assert shaped(given_fields) == {"name": "Example Customer", "phone": None}


def test_company_and_contacts_are_for_companies_alone() -> None:
    contacts: JsonValue = [{"email": "Buyer@example.com", "first_name": "Example", "last_name": "Buyer"}]
    assert shaped({**COMPANY, "contacts": contacts}).keys() == {"name", "company", "email", "contacts"}
    assert shaped({**COMPANY, "company": None, "contacts": contacts}).keys() == {"name", "email"}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": "Example Customer"}, "Example Customer"),
        ({"name": None, "company": "Example Trading"}, "Example Trading"),
        ({"name": "", "first_name": "Example", "last_name": "Customer"}, "Example Customer"),
        ({"name": None, "email": "books@example.com"}, "books@example.com"),
        ({"name": "Example Customer", "company": "  "}, "Example Customer"),
    ],
)
def test_a_card_always_has_a_name(fields: Fields, name: str) -> None:
    assert shaped(fields)["name"] == name


def test_codes_are_upper_case_and_e_mail_addresses_lower_case() -> None:
    fields = shaped(
        {
            "email": "Books@Example.COM",
            "vat_id": "de123456789",
            "payment_terms": "14 days",
            "billing_address": {"street": "Example Street 1", "postal_code": "sw1a 1aa", "country": "gb"},
        }
    )
    assert fields == {
        "email": "books@example.com",
        "vat_id": "DE123456789",
        "payment_terms": "14 DAYS",
        "billing_address": {"street": "Example Street 1", "postal_code": "SW1A 1AA", "country": "GB"},
    }


def test_parts_of_an_address_that_the_card_does_not_have_are_left_out() -> None:
    address: JsonValue = {"company": "Example Trading", "first_name": "Example", "phone": "1", "city": "Berlin"}
    assert shaped({"billing_address": address})["billing_address"] == {"city": "Berlin"}
    assert shaped({"billing_address": {"company": "Example Trading"}})["billing_address"] is None


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("1000", "1000.00"),
        ("1000.50", "1000.50"),
        (1000, "1000.00"),
        (0.1, "0.10"),
        ("1000.125", "1000.125"),
        ("1E+3", "1000.00"),
        ("0.00", None),
        (0, None),
        (None, None),
        ("", None),
    ],
)
def test_a_credit_limit_is_spelled_exactly_and_none_is_zero(given_value: JsonValue, expected: str | None) -> None:
    assert shaped({"credit_limit": given_value})["credit_limit"] == expected


@pytest.mark.parametrize("value", ["much", "NaN", "Infinity", [1]])
def test_a_credit_limit_that_is_no_amount_is_named(value: JsonValue) -> None:
    found = shape_customer({"credit_limit": value}, market())
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("no_amount", "credit_limit")


def test_what_is_too_long_is_named_or_cut_where_the_market_map_allows_it() -> None:
    fields: Fields = {"phone": "1" * 31}
    found = shape_customer(fields, market())
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("value_too_long", "phoneNumber")
    cutting = market(order=OrderRules(cut=frozenset({"phoneNumber"})))
    assert shaped(fields, cutting) == {"phone": "1" * 30}


def test_a_contact_that_is_too_long_is_named() -> None:
    found = shape_customer({**COMPANY, "contacts": [{"last_name": "x" * 101}]}, market())
    assert isinstance(found, MissingReference)
    assert found.key == "displayName"


def test_a_card_is_read_with_every_field_that_it_can_hold() -> None:
    assert fields_of(CARD, None, market()) == {
        "name": "Example Customer",
        "email": "customer@example.com",
        "phone": None,
        "vat_id": None,
        "payment_terms": None,
        "credit_limit": None,
        "blocked": False,
        "billing_address": None,
    }
    company = fields_of(CARD | {"type": "Company", "creditLimit": 2500.5}, "COD", market())
    assert (company["company"], company["credit_limit"], company["payment_terms"]) == (
        "Example Customer",
        "2500.50",
        "COD",
    )


@pytest.mark.parametrize("blocked", ["Ship", "Invoice", "All"])
def test_every_block_is_a_block(blocked: str) -> None:
    assert fields_of(CARD | {"blocked": blocked}, None, market())["blocked"] is True


@pytest.mark.parametrize("blocked", ["", " ", "_x0020_"])
def test_a_blank_is_none(blocked: str) -> None:
    assert fields_of(CARD | {"blocked": blocked}, None, market())["blocked"] is False


def test_a_change_becomes_the_properties_of_the_card() -> None:
    changes: Fields = {
        "name": "Example Trading",
        "phone": None,
        "billing_address": {"street": "Quay 9", "city": "Bremen"},
        "credit_limit": None,
        "blocked": True,
    }
    assert payload_of(changes, market()) == {
        "displayName": "Example Trading",
        "phoneNumber": "",
        "addressLine1": "Quay 9",
        "addressLine2": "",
        "city": "Bremen",
        "state": "",
        "postalCode": "",
        "country": "",
        "creditLimit": 0,
        "blocked": "All",
    }
    assert payload_of({"blocked": False}, market()) == {"blocked": "_x0020_"}
    assert payload_of({"company": "Example Trading"}, market()) == {"displayName": "Example Trading"}
    assert payload_of({}, market()) == {}


def test_custom_fields_are_passed_on_and_equal_numbers_are_spelled_alike() -> None:
    rules = market(custom_fields=CustomFieldRules(customer={"homepage": "website", "score": "salespersonCode"}))
    fields: Fields = {"custom.homepage": "https://example.com", "custom.score": 5.0, "custom.other": "x"}
    assert shaped(fields, rules) == {"custom.homepage": "https://example.com", "custom.score": 5}
    assert payload_of(fields, rules) == {"website": "https://example.com", "salespersonCode": 5.0}
    read = fields_of(CARD | {"website": ""}, None, rules)
    assert read["custom.homepage"] is None
    assert "custom.score" not in read


def test_a_new_card_is_a_company_s_when_there_is_a_company() -> None:
    assert (kind_of(COMPANY), kind_of({"name": "Example Customer"})) == ("Company", "Person")


texts = st.none() | st.text(max_size=120)
addresses = st.none() | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(["street", "city", "postal_code", "state"], texts)
)
customers = st.fixed_dictionaries(
    {"name": st.text(min_size=1), "company": texts},
    optional={
        "email": texts,
        "phone": texts,
        "vat_id": texts,
        "payment_terms": texts,
        "blocked": st.booleans() | st.none(),
        "credit_limit": st.none() | st.decimals(0, 10**9, places=3).map(str),
        "billing_address": st.none() | addresses,
        "contacts": st.lists(
            st.fixed_dictionaries({}, optional={"first_name": texts, "last_name": texts, "email": texts})
        ),
    },
)


@unhurried
@given(customers)
def test_shaping_twice_is_shaping_once(fields: Fields) -> None:
    rules = market(order=EVERYTHING_MAY_BE_CUT)
    once = shaped(fields, rules)
    twice = shaped({**fields, **once}, rules)
    assert {name: value for name, value in twice.items() if not same(value, once[name])} == {}


@unhurried
@given(customers)
def test_what_is_written_is_read_back_as_it_was_shaped(fields: Fields) -> None:
    rules = market(order=EVERYTHING_MAY_BE_CUT)
    once = {name: value for name, value in shaped(fields, rules).items() if name != "contacts"}
    row = CARD | {"type": kind_of(once), "displayName": ""} | payload_of(once, rules)
    terms = once.get("payment_terms")
    read = fields_of(row, str(terms) if terms else None, rules)
    assert {name: value for name, value in once.items() if not same(value, read[name])} == {}
    assert is_empty(once.get("company")) or read["company"] == once["company"]
