from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue

from shared.mapping.business_central.contacts import ContactEdit, contact_edits, contact_of, shape_contacts
from tests.fakes.markets import market


def contact(name: str, email: str = "", phone: str = "") -> dict[str, Any]:
    return {"id": f"id of {name}", "displayName": name, "email": email, "phoneNumber": phone}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Example Buyer", {"first_name": "Example", "last_name": "Buyer"}),
        ("Example van der Buyer", {"first_name": "Example van der", "last_name": "Buyer"}),
        ("Buyer", {"last_name": "Buyer"}),
        ("", {}),
    ],
)
def test_the_last_word_is_the_last_name(name: str, expected: dict[str, str]) -> None:
    assert contact_of(contact(name)) == expected


def test_who_is_called_by_the_e_mail_address_has_no_name() -> None:
    assert contact_of(contact("buyer@example.com", "Buyer@example.com")) == {"email": "buyer@example.com"}
    assert shape_contacts([{"email": "Buyer@Example.com"}], market()) == [{"email": "buyer@example.com"}]
    (edit,) = contact_edits([{"email": "buyer@example.com"}], [])
    assert edit.body["displayName"] == "buyer@example.com"


def test_who_has_neither_name_nor_address_is_left_out() -> None:
    assert shape_contacts([{"phone": "1"}, {}, {"last_name": "Buyer"}], market()) == [
        {"phone": "1"},
        {"last_name": "Buyer"},
    ]


def test_a_known_person_is_changed_and_an_unknown_one_added() -> None:
    known = contact("Example Buyer", "buyer@example.com")
    wanted: JsonValue = [
        {"email": "buyer@example.com", "first_name": "Example", "last_name": "Purchaser"},
        {"email": "second@example.com", "last_name": "Second"},
    ]
    assert contact_edits(wanted, [known]) == [
        ContactEdit(known, {"displayName": "Example Purchaser", "email": "buyer@example.com", "phoneNumber": ""}),
        ContactEdit(None, {"displayName": "Second", "email": "second@example.com", "phoneNumber": ""}),
    ]


def test_who_is_as_wanted_or_not_wanted_any_more_is_left_alone() -> None:
    rows = [contact("Example Buyer", "buyer@example.com"), contact("Second Buyer", "second@example.com")]
    wanted: JsonValue = [{"email": "buyer@example.com", "first_name": "Example", "last_name": "Buyer"}]
    assert contact_edits(wanted, rows) == []
    assert contact_edits(None, rows) == []


def test_two_persons_with_one_address_are_told_apart_by_their_names() -> None:
    rows = [contact("First Buyer", "shared@example.com"), contact("Second Buyer", "shared@example.com")]
    wanted: JsonValue = [
        {"email": "shared@example.com", "first_name": "Second", "last_name": "Buyer"},
        {"email": "shared@example.com", "first_name": "Third", "last_name": "Buyer"},
    ]
    (edit,) = contact_edits(wanted, rows)
    assert edit.row == rows[0]
    assert edit.body["displayName"] == "Third Buyer"


def test_a_person_without_an_address_is_known_by_the_whole_name() -> None:
    rows = [contact("Example Buyer"), contact("Other Buyer")]
    (edit,) = contact_edits([{"first_name": "Other", "last_name": "Buyer", "phone": "1"}], rows)
    assert edit.row == rows[1]
    assert edit.body["phoneNumber"] == "1"
