"""A Business Unit as a company's fields, and changes of the back-end as its update actions."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from shared.mapping.commercetools import UnmappableCustomer
from shared.mapping.commercetools.business_units import business_unit_actions, business_unit_fields
from shared.mapping.commercetools.customer_documents import associate_ids
from shared.model.back_end import MissingReference
from shared.model.customer_fields import FIELD_NAMES, Fields
from tests.unit.mapping.customers import (
    BILLING,
    CUSTOM,
    CUSTOM_TYPE,
    OTHER,
    RULES,
    SHIPPING,
    Json,
    applied,
    check_published,
    customer,
    names,
    person,
)

GROUP = {"customerGroup": {"typeId": "customer-group", "id": "g1", "obj": {"id": "g1", "key": "wholesale"}}}


def unit(**changed: Any) -> Json:
    document = {
        "id": "unit-1",
        "version": 7,
        "key": "10000",
        "unitType": "Company",
        "status": "Active",
        "name": "Example Trading",
        "contactEmail": "books@example.com",
        "customerGroupAssignments": [GROUP],
        "addresses": [BILLING, SHIPPING, OTHER],
        "defaultBillingAddressId": "a1",
        "defaultShippingAddressId": "a2",
        **changed,
    }
    return copy.deepcopy({name: value for name, value in document.items() if value is not None})


def actions_for(document: Json, after: Fields) -> list[Json]:
    before = business_unit_fields(document, (), RULES, CUSTOM)
    actions = business_unit_actions(document, before, after, RULES, CUSTOM)
    assert isinstance(actions, list), actions
    check_published(f"business-units/{document['id']}", document["version"], actions)
    return actions


def test_a_company_tells_its_name_email_group_addresses_and_status() -> None:
    fields = business_unit_fields(unit(), (), RULES, CUSTOM)
    assert (fields["name"], fields["company"], fields["email"]) == (
        "Example Trading",
        "Example Trading",
        "books@example.com",
    )
    assert (fields["customer_group"], fields["blocked"], fields["phone"]) == ("wholesale", False, "+49 30 5550100")
    assert fields["addresses"] == [{"street": "Market 3", "city": "Cologne", "country": "DE"}]
    assert not fields.keys() & {"first_name", "last_name", "vat_id", "locale"}
    assert fields.keys() <= {*FIELD_NAMES, "custom.vip"}


def test_its_associates_are_its_contacts() -> None:
    associates = [person(id="c1", email="buyer@example.com"), customer(id="c2")]
    assert business_unit_fields(unit(), associates, RULES, CUSTOM)["contacts"] == [
        {"email": "buyer@example.com", "first_name": "Anna Maria", "last_name": "van Example"},
        {"email": "books@example.com", "phone": "+49 30 5550100"},
    ]


def test_an_associate_with_several_roles_is_one_person() -> None:
    people = [{"customer": {"typeId": "customer", "id": one}} for one in ("c1", "c2", "c1")]
    assert associate_ids(unit(associates=people)) == ("c1", "c2")


@pytest.mark.parametrize(
    ("groups", "expected"),
    [([], {"customer_group": None}), ([GROUP, GROUP], {}), ([{"customerGroup": {"id": "g"}}], {})],
)
def test_a_unit_tells_its_group_only_when_there_is_one_with_a_known_key(groups: list[Json], expected: Json) -> None:
    fields = business_unit_fields(unit(customerGroupAssignments=groups), (), RULES, CUSTOM)
    assert {name: fields[name] for name in fields if name == "customer_group"} == expected


def test_a_unit_that_lacks_something_is_refused_with_the_path() -> None:
    with pytest.raises(UnmappableCustomer) as refused:
        business_unit_fields(unit(name=None), (), RULES, CUSTOM)
    assert refused.value.component == "name"


@pytest.mark.parametrize(
    ("after", "action"),
    [
        ({"company": "Other"}, {"action": "changeName", "name": "Other"}),
        ({"name": "Other"}, {"action": "changeName", "name": "Other"}),
        ({"email": "o@example.com"}, {"action": "setContactEmail", "contactEmail": "o@example.com"}),
        ({"email": None}, {"action": "setContactEmail"}),
        ({"blocked": True}, {"action": "changeStatus", "status": "Inactive"}),
        ({"customer_group": None}, {"action": "setCustomerGroupAssignments", "customerGroupAssignments": []}),
        (
            {"customer_group": "retail"},
            {
                "action": "setCustomerGroupAssignments",
                "customerGroupAssignments": [{"customerGroup": {"typeId": "customer-group", "key": "retail"}}],
            },
        ),
    ],
)
def test_one_changed_field_is_one_action(after: Fields, action: Json) -> None:
    assert actions_for(unit(), after) == [action]
    assert actions_for(applied(unit(), [action], "business-units"), after) == []


def test_addresses_and_custom_fields_change_as_those_of_a_customer() -> None:
    document = unit(custom={"type": CUSTOM_TYPE, "fields": {}})
    billing = business_unit_fields(document, (), RULES, CUSTOM)["billing_address"]
    assert isinstance(billing, dict)
    actions = actions_for(
        document, {"billing_address": {**billing, "city": "Potsdam"}, "payment_terms": "60D", "addresses": []}
    )
    assert names(actions) == ["changeAddress", "removeAddress", "setCustomField"]


def test_who_the_contacts_are_is_not_changed_here() -> None:
    assert actions_for(unit(), {"contacts": [{"email": "new@example.com"}]}) == []


def test_a_blocked_unit_is_said_by_its_status_not_by_a_custom_field() -> None:
    document = unit(status="Inactive", custom={"type": CUSTOM_TYPE, "fields": {"blocked": False}})
    assert business_unit_fields(document, (), RULES, CUSTOM)["blocked"] is True
    assert names(actions_for(document, {"blocked": False})) == ["changeStatus"]


@pytest.mark.parametrize(
    ("document", "after", "named"),
    [
        (unit(), {"shipping_address": {"city": "Berlin"}}, "shipping_address"),
        (
            unit(custom={"type": {"id": "t", "obj": {"key": "loyalty"}}, "fields": {}}),
            {"payment_terms": "1"},
            "loyalty",
        ),
    ],
)
def test_what_cannot_be_written_is_a_question(document: Json, after: Fields, named: str) -> None:
    before = business_unit_fields(document, (), RULES, CUSTOM)
    question = business_unit_actions(document, before, after, RULES, CUSTOM)
    assert isinstance(question, MissingReference)
    assert named in question.text
