"""A commercetools customer as fields that both sides can compare."""

from __future__ import annotations

import pytest

from shared.mapping.commercetools import UnmappableCustomer
from shared.mapping.commercetools.customer_fields import customer_fields
from shared.market_options.customers import CustomerSync
from shared.model.customer_fields import FIELD_NAMES
from tests.unit.mapping.customers import BILLING, CUSTOM, CUSTOM_TYPE, OTHER, RULES, SHIPPING, customer, person

PLAIN = CustomerSync()


def test_a_company_tells_its_names_numbers_group_and_addresses() -> None:
    fields = customer_fields(customer(), PLAIN, {})
    assert fields == {
        "name": "Example Trading",
        "first_name": None,
        "last_name": None,
        "company": "Example Trading",
        "email": "books@example.com",
        "phone": "+49 30 5550100",
        "vat_id": "DE123456789",
        "locale": "de-DE",
        "customer_group": "wholesale",
        "billing_address": {
            "company": "Example Trading",
            "street": "Example Street 1",
            "additional": "C",
            "postal_code": "10115",
            "city": "Berlin",
            "country": "DE",
        },
        "shipping_address": {"street": "Harbour", "postal_code": "20457", "city": "Hamburg", "country": "DE"},
        "addresses": [{"street": "Market 3", "city": "Cologne", "country": "DE"}],
    }
    assert fields.keys() <= set(FIELD_NAMES)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({}, "Anna Maria van Example"),
        ({"middleName": "Middle"}, "Anna Maria Middle van Example"),
        ({"companyName": "Example Trading"}, "Example Trading"),
        ({"firstName": None, "lastName": None}, "books@example.com"),
        ({"firstName": None}, "van Example"),
    ],
)
def test_the_whole_name_is_the_company_or_the_person_or_the_email(changed: dict[str, str | None], name: str) -> None:
    assert customer_fields(person(**changed), PLAIN, {})["name"] == name


def test_without_a_default_billing_address_there_is_no_phone_to_compare() -> None:
    fields = customer_fields(person(), PLAIN, {})
    assert "phone" not in fields
    assert (fields["billing_address"], fields["shipping_address"], fields["addresses"]) == (None, None, [])


def test_the_mobile_number_stands_in_for_the_phone() -> None:
    billing = {**BILLING, "phone": None, "mobile": "+49 170 5550100"}
    assert customer_fields(customer(addresses=[billing]), PLAIN, {})["phone"] == "+49 170 5550100"


def test_a_phone_that_a_custom_field_carries_leaves_that_of_the_address_to_the_address() -> None:
    rules = CustomerSync.model_validate({"carried": {"phone": "phone"}})
    fields = customer_fields(customer(custom={"type": CUSTOM_TYPE, "fields": {"phone": "1"}}), rules, {})
    assert fields["phone"] == "1"
    assert isinstance(fields["billing_address"], dict)
    assert fields["billing_address"]["phone"] == "+49 30 5550100"


def test_one_address_with_both_roles_is_told_as_both() -> None:
    fields = customer_fields(customer(addresses=[SHIPPING], defaultBillingAddressId="a2"), PLAIN, {})
    assert fields["billing_address"] == fields["shipping_address"] != None  # noqa: E711 - compares, and is there
    assert fields["addresses"] == []


def test_addresses_that_read_the_same_are_told_once() -> None:
    twin = {**OTHER, "id": "a4", "fax": "2"}
    assert customer_fields(customer(addresses=[OTHER, twin]), PLAIN, {})["addresses"] == [
        {"street": "Market 3", "city": "Cologne", "country": "DE"}
    ]


@pytest.mark.parametrize(
    ("changed", "group"),
    [
        ({"customerGroup": None}, {"customer_group": None}),
        ({"customerGroup": {"typeId": "customer-group", "id": "g1"}}, {}),  # not expanded
        ({"customerGroup": {"typeId": "customer-group", "id": "g1", "obj": {"id": "g1"}}}, {}),  # a group without a key
        ({"customerGroup": None, "customerGroupAssignments": [{"customerGroup": {"id": "g1"}}]}, {}),
    ],
)
def test_a_group_whose_key_is_not_known_is_left_out(changed: dict[str, object], group: dict[str, object]) -> None:
    fields = customer_fields(customer(**changed), PLAIN, {})
    assert {name: fields[name] for name in fields if name == "customer_group"} == group


def test_custom_fields_carry_what_commercetools_has_no_field_for() -> None:
    custom = {"type": CUSTOM_TYPE, "fields": {"terms": "30D", "limit": 5000, "blocked": True, "vip": True}}
    fields = customer_fields(customer(custom=custom), RULES, CUSTOM)
    assert (fields["payment_terms"], fields["credit_limit"], fields["blocked"]) == ("30D", "5000", True)
    assert fields["custom.vip"] is True


def test_a_customer_without_custom_fields_has_empty_ones_and_is_not_blocked() -> None:
    fields = customer_fields(customer(), RULES, CUSTOM)
    assert (fields["payment_terms"], fields["credit_limit"], fields["blocked"]) == (None, None, False)
    assert fields["custom.vip"] is None


def test_a_custom_field_that_is_no_plain_value_is_left_alone() -> None:
    custom = {"type": CUSTOM_TYPE, "fields": {"vip": {"typeId": "product", "id": "p1"}}}
    assert "custom.vip" not in customer_fields(customer(custom=custom), RULES, CUSTOM)


def test_a_customer_without_an_email_is_refused_with_the_path() -> None:
    with pytest.raises(UnmappableCustomer) as refused:
        customer_fields(customer(email=None), PLAIN, {})
    assert refused.value.component == "email"
