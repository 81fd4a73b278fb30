"""What Dataverse makes of a customer's fields."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue

from shared.mapping.dataverse.customer_fields import fields_of, shape
from shared.mapping.dataverse.member_edits import Member, MemberEdit, address_edits, contact_edits
from shared.market_options.customers import CustomerSync
from shared.market_options.dataverse import DataverseOptions
from shared.markets import CustomerRules, Market, OrderRules
from shared.model.back_end import MissingReference
from shared.model.customer_fields import Fields
from tests.fakes.markets import market

PERSON: Fields = {"first_name": "Example", "last_name": "Customer"}


def a_market(*, cut: frozenset[str] = frozenset(), groups: tuple[Any, ...] = (), **options: Any) -> Market:
    sync = CustomerSync.model_validate({"groups": groups})
    return market(
        dataverse=DataverseOptions.model_validate(options),
        customers=CustomerRules(sync=sync),
        order=OrderRules(cut=cut),
    )


def shaped(fields: Fields, **options: Any) -> Fields:
    found = shape(fields, a_market(**options))
    assert not isinstance(found, MissingReference), found
    return found


def test_only_what_was_given_is_shaped() -> None:
    assert shaped({**PERSON, "email": "a@example.com"}) == {**PERSON, "email": "a@example.com"}


def test_a_company_is_known_by_its_name() -> None:
    given = {**PERSON, "name": "Example Trading", "company": "Example Trading", "vat_id": " DE1 "}
    assert shaped(given) == {"name": "Example Trading", "vat_id": "DE1"}


@pytest.mark.parametrize("name", ["account_vat_id", "locale"])
def test_without_a_column_a_field_is_left_out(name: str) -> None:
    field = {"account_vat_id": "vat_id", "locale": "locale"}[name]
    given = {"company": "Example Trading", "name": "Example Trading", "vat_id": "DE1", "locale": "de"}
    assert given.keys() - shaped(given, **{name: None}).keys() == {"company", field}


def test_the_last_word_of_a_name_is_the_last_name() -> None:
    address: dict[str, JsonValue] = {
        "street": "Example Street 1",
        "first_name": "Example",
        "last_name": "van der Customer",
        "country": "NL",
    }
    expected = {**address, "first_name": "Example van der", "last_name": "Customer"}
    assert shaped({**PERSON, "billing_address": address})["billing_address"] == expected


def test_countries_are_spelled_as_the_organisation_does_and_read_as_codes() -> None:
    address: dict[str, JsonValue] = {"street": "Example Street 1", "country": "DE"}
    assert shaped({**PERSON, "billing_address": address}, countries={"DE": "Germany"})["billing_address"] == address
    row = {"address1_line1": "Example Street 1", "address1_country": "GERMANY"}
    known = fields_of("contact", row, [], [], a_market(countries={"DE": "Germany"}))
    unknown = fields_of("contact", row, [], [], a_market())
    assert known["billing_address"] == address
    assert unknown["billing_address"] == {**address, "country": "GERMANY"}


def test_a_second_line_that_somebody_added_is_part_of_the_address() -> None:
    row = {"address1_line1": "Example Street 1", "address1_line2": "Building C", "address1_line3": "Floor 2"}
    found = fields_of("contact", row, [], [], a_market())["billing_address"]
    assert found == {"street": "Example Street 1", "additional": "Building C, Floor 2"}


def test_an_empty_address_is_none() -> None:
    assert shaped({**PERSON, "billing_address": None, "shipping_address": {}}) == {
        **PERSON,
        "billing_address": None,
        "shipping_address": None,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [("1000", "1000.00"), ("1000.5", "1000.50"), ("0.125", "0.125"), ("1E+3", "1000.00"), (None, None), ("", None)],
)
def test_amounts_are_spelled_alike_on_both_sides(given: JsonValue, expected: JsonValue) -> None:
    assert shaped({**PERSON, "credit_limit": given})["credit_limit"] == expected


@pytest.mark.parametrize(
    ("name", "value"), [("payment_terms", "NET30"), ("credit_limit", "much"), ("credit_limit", "NaN")]
)
def test_what_the_column_cannot_take_is_a_question(name: str, value: str) -> None:
    found = shape({**PERSON, name: value}, a_market())
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("wrong_value", name)


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"first_name": "x" * 51}, "firstname"),
        ({"email": "x" * 101}, "emailaddress1"),
        ({"billing_address": {"city": "x" * 81}}, "address1_city"),
        ({"shipping_address": {"company": "x" * 101}}, "address2_name"),
        ({"addresses": [{"postal_code": "x" * 21}]}, "postalcode"),
        ({"contacts": [{"last_name": "x" * 51}]}, "lastname"),
    ],
)
def test_what_is_too_long_is_a_question_or_cut(fields: Fields, column: str) -> None:
    found = shape({**PERSON, **fields}, a_market())
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("value_too_long", column)
    assert not isinstance(shape({**PERSON, **fields}, a_market(cut=frozenset({column}))), MissingReference)


def test_without_groups_the_group_is_left_out() -> None:
    assert "customer_group" not in shaped({**PERSON, "customer_group": "wholesale"})


def test_an_inactive_record_is_blocked() -> None:
    assert fields_of("contact", {"statecode": 1, "creditonhold": False}, [], [], a_market())["blocked"] is True


FIRST, SECOND = Member("1", "e1", {"city": "Berlin"}), Member("2", "e2", {"city": "Bonn"})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([{"city": "Bonn"}, {"city": "Berlin"}], []),
        ([{"city": "Bonn"}, {"city": "Cologne"}], [MemberEdit(FIRST, 1)]),
        ([{"city": "Bonn"}], [MemberEdit(FIRST, None)]),
        ([{"city": "Bonn"}, {"city": "Berlin"}, {"city": "Ulm"}], [MemberEdit(None, 2)]),
        ([], [MemberEdit(FIRST, None), MemberEdit(SECOND, None)]),
    ],
)
def test_rows_of_addresses_are_kept_rewritten_added_or_removed(
    wanted: list[JsonValue], expected: list[MemberEdit]
) -> None:
    assert address_edits(wanted, [FIRST, SECOND]) == expected


KNOWN = Member("1", "e1", {"email": "a@example.com", "last_name": "Example"})
NAMED = Member("2", "e2", {"last_name": "Customer"})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"email": "A@example.com", "last_name": "Other"}, MemberEdit(KNOWN, 0)),
        ({"last_name": "CUSTOMER", "phone": "1"}, MemberEdit(NAMED, 0)),
        ({"email": "b@example.com", "last_name": "Example"}, MemberEdit(None, 0)),
        ({"last_name": "Example"}, MemberEdit(None, 0)),
    ],
)
def test_a_person_is_known_by_e_mail_and_only_without_one_by_name(wanted: JsonValue, expected: MemberEdit) -> None:
    assert contact_edits([wanted], [KNOWN, NAMED]) == [expected]
