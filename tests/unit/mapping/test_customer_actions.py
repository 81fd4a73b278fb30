"""Changes of the back-end as update actions of a customer; every action is checked against the published OpenAPI."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.mapping.commercetools.customer_actions import customer_actions
from shared.mapping.commercetools.customer_fields import customer_fields
from shared.market_options.customers import CustomerSync
from shared.model.back_end import MissingReference
from shared.model.customer_fields import ADDRESS_PARTS, Fields, same
from tests.unit.mapping.customers import (
    BILLING,
    CUSTOM,
    CUSTOM_TYPE,
    OTHER,
    RULES,
    SHIPPING,
    Json,
    actions_for,
    applied,
    customer,
    names,
    person,
)


def billing(**changed: Any) -> Json:
    shown = customer_fields(customer(), RULES, CUSTOM)["billing_address"]
    assert isinstance(shown, dict)
    return {name: value for name, value in {**shown, **changed}.items() if value is not None}


@pytest.mark.parametrize(
    ("after", "action"),
    [
        ({"company": "Other"}, {"action": "setCompanyName", "companyName": "Other"}),
        ({"company": None}, {"action": "setCompanyName"}),
        ({"first_name": "Other"}, {"action": "setFirstName", "firstName": "Other"}),
        ({"last_name": "Other"}, {"action": "setLastName", "lastName": "Other"}),
        ({"email": "other@example.com"}, {"action": "changeEmail", "email": "other@example.com"}),
        ({"vat_id": None}, {"action": "setVatId"}),
        ({"locale": "en-GB"}, {"action": "setLocale", "locale": "en-GB"}),
        ({"customer_group": None}, {"action": "setCustomerGroup"}),
        (
            {"customer_group": "retail"},
            {"action": "setCustomerGroup", "customerGroup": {"typeId": "customer-group", "key": "retail"}},
        ),
    ],
)
def test_one_changed_field_is_one_action(after: Fields, action: Json) -> None:
    document = customer()
    assert actions_for(document, after) == [action]
    assert actions_for(applied(document, [action]), after) == []


def test_what_does_not_differ_is_no_action() -> None:
    assert actions_for(customer(), customer_fields(customer(), RULES, CUSTOM)) == []


def test_what_only_the_back_end_shows_in_another_way_is_no_action() -> None:
    shown = {"company": "EXAMPLE TR", "vat_id": "DE1234"}
    assert actions_for(customer(), shown, **shown) == []


def test_the_case_of_an_email_is_not_changed() -> None:
    assert actions_for(customer(), {"email": "BOOKS@example.com"}) == []


@pytest.mark.parametrize(
    ("document", "name", "expected"),
    [
        (customer(), "Other Trading", ["setCompanyName:Other Trading"]),
        (person(), "Anna Lisa van Example", ["setFirstName:Anna Lisa"]),
        (person(), "Anna Maria Other Name", ["setLastName:Other Name"]),
        (person(), "Somebody Else", ["setFirstName:Somebody", "setLastName:Else"]),
        (person(), "Mononym", ["setFirstName:", "setLastName:Mononym"]),
        (person(middleName="M"), "Anna Maria M Other", ["setLastName:Other"]),
        (person(middleName="M"), "Berta van Example", ["setFirstName:Berta", "setMiddleName:"]),
        (person(firstName=None, lastName=None), "books@example.com", []),
        (person(firstName=None, lastName=None), "New Name", ["setFirstName:New", "setLastName:Name"]),
    ],
)
def test_a_whole_name_becomes_the_company_or_the_names_of_the_person(
    document: Json, name: str, expected: list[str]
) -> None:
    actions = actions_for(document, {"name": name})
    values = [next((str(one[key]) for key in one if key != "action"), "") for one in actions]
    assert [f"{one['action']}:{value}" for one, value in zip(actions, values, strict=True)] == expected
    assert customer_fields(applied(document, actions), RULES, CUSTOM)["name"] == name


def test_names_of_their_own_say_more_than_the_whole_name() -> None:
    actions = actions_for(person(), {"name": "Berta Other Name", "last_name": "Other Name", "first_name": "Berta"})
    assert [one.get("firstName") or one.get("lastName") for one in actions] == ["Berta", "Other Name"]


def test_a_changed_part_of_an_address_leaves_all_others_as_they_are() -> None:
    (action,) = actions_for(customer(), {"billing_address": billing(city="Potsdam")})
    unchanged = {name: value for name, value in BILLING.items() if name not in ("id", "city")}
    assert action == {"action": "changeAddress", "addressId": "a1", "address": {**unchanged, "city": "Potsdam"}}


def test_a_part_that_the_back_end_shows_cut_keeps_its_full_text() -> None:
    shown = {"street": "EXAMPLE ST", "city": "BERLIN", "country": "DE"}
    after = {"billing_address": {**shown, "city": "POTSDAM"}}
    (action,) = actions_for(customer(), after, billing_address=shown)
    assert (action["address"]["streetName"], action["address"]["streetNumber"]) == ("Example Street", "1")
    assert (action["address"]["city"], action["address"]["postalCode"]) == ("POTSDAM", "10115")


@pytest.mark.parametrize(
    ("street", "name", "number"),
    [
        ("Example Street 2b", "Example Street", "2b"),
        ("Other Street 1", "Other Street", "1"),
        ("Other Street 5", "Other Street 5", None),
        ("Example Street", "Example Street", None),
    ],
)
def test_street_and_number_stay_apart_where_one_of_them_stays(street: str, name: str, number: str | None) -> None:
    (action,) = actions_for(customer(), {"billing_address": billing(street=street)})
    assert (action["address"].get("streetName"), action["address"].get("streetNumber")) == (name, number)


def test_a_post_office_box_stays_one() -> None:
    box = {"id": "a1", "pOBox": "77", "country": "DE"}
    (action,) = actions_for(customer(addresses=[box, SHIPPING]), {"billing_address": {"street": "78", "country": "DE"}})
    assert action["address"] == {"pOBox": "78", "country": "DE"}


def test_lines_below_the_street_stay_where_they_are_or_become_one() -> None:
    address = {**BILLING, "additionalStreetInfo": "Gate 3"}
    document = customer(addresses=[address, SHIPPING])
    (same_lines,) = actions_for(document, {"billing_address": billing(additional="Gate 4, D")})
    assert (same_lines["address"]["additionalStreetInfo"], same_lines["address"]["building"]) == ("Gate 4", "D")
    (one_line,) = actions_for(document, {"billing_address": billing(additional="Gate 5")})
    assert one_line["address"]["additionalStreetInfo"] == "Gate 5"
    assert "building" not in one_line["address"]


def test_the_phone_is_that_of_the_default_billing_address() -> None:
    (action,) = actions_for(customer(), {"phone": "1", "billing_address": billing(city="Potsdam")})
    assert (action["addressId"], action["address"]["phone"], action["address"]["city"]) == ("a1", "1", "Potsdam")


def test_an_emptied_phone_takes_the_mobile_number_with_it() -> None:
    document = customer(addresses=[{**BILLING, "mobile": "2"}, SHIPPING])
    (action,) = actions_for(document, {"phone": None})
    assert not action["address"].keys() & {"phone", "mobile"}


def test_a_first_default_address_is_added_and_given_its_role_at_once() -> None:
    address = {"street": "Quay 9", "city": "Hamburg", "country": "DE"}
    document = person()
    added, role = actions_for(document, {"shipping_address": address})
    assert added["address"] == {
        "streetName": "Quay 9",
        "city": "Hamburg",
        "country": "DE",
        "key": added["address"]["key"],
    }
    assert role == {"action": "setDefaultShippingAddress", "addressKey": added["address"]["key"]}
    after = applied(document, [added, role])
    assert customer_fields(after, RULES, CUSTOM)["shipping_address"] == address
    assert actions_for(after, {"shipping_address": address}, shipping_address=None) == []


def test_one_address_with_both_roles_is_changed_once_when_both_change_alike() -> None:
    document = customer(addresses=[BILLING], defaultShippingAddressId="a1")
    moved = billing(city="Potsdam")
    after = {"billing_address": moved, "shipping_address": {**moved, "phone": BILLING["phone"]}}
    assert names(actions_for(document, after)) == ["changeAddress"]


@pytest.mark.parametrize("role", ["billing", "shipping"])
def test_one_address_with_both_roles_is_parted_when_only_one_of_them_moves(role: str) -> None:
    document = customer(addresses=[BILLING], defaultShippingAddressId="a1")
    moved = billing(street="Quay 9", city="Hamburg")
    actions = actions_for(document, {f"{role}_address": moved})
    assert names(actions) == ["addAddress", f"setDefault{role.title()}Address"]
    after = applied(document, actions)
    kept = "shipping" if role == "billing" else "billing"
    assert after[f"default{kept.title()}AddressId"] == "a1"
    assert after["addresses"][0] == BILLING
    shown = customer_fields(after, RULES, CUSTOM)[f"{role}_address"]
    assert isinstance(shown, dict)
    assert {name: value for name, value in shown.items() if name != "phone"} == moved


def test_a_default_address_that_is_gone_is_removed_unless_it_has_the_other_role_too() -> None:
    assert actions_for(customer(), {"billing_address": None}) == [{"action": "removeAddress", "addressId": "a1"}]
    shared = customer(addresses=[BILLING], defaultShippingAddressId="a1")
    assert actions_for(shared, {"billing_address": None}) == [{"action": "setDefaultBillingAddress"}]


def test_other_addresses_are_added_corrected_and_removed() -> None:
    new = {"street": "Lane 2", "city": "Bonn", "country": "DE"}
    corrected = {"street": "Market 3", "city": "Cologne", "postal_code": "50667", "country": "DE"}
    assert names(actions_for(customer(), {"addresses": []})) == ["removeAddress"]
    (changed,) = actions_for(customer(), {"addresses": [corrected]})
    assert (changed["addressId"], changed["address"]["postalCode"], changed["address"]["fax"]) == ("a3", "50667", "1")
    both = actions_for(customer(), {"addresses": [new]})
    assert names(both) == ["addAddress", "removeAddress"]
    assert "fax" not in both[0]["address"]


def test_the_right_address_is_found_although_the_back_end_shows_them_cut_and_in_another_order() -> None:
    addresses = [
        {"id": "x", "streetName": "Longer Street", "streetNumber": "2", "city": "Bonn", "country": "DE"},
        {"id": "y", "streetName": "Long Street", "city": "Bonn", "country": "DE"},
    ]
    shown_x = {"street": "LONGER", "city": "BONN", "country": "DE"}
    shown_y = {"street": "LONG S", "city": "BONN", "country": "DE"}
    document = customer(addresses=addresses)
    actions = actions_for(document, {"addresses": [shown_x]}, addresses=[shown_y, shown_x])
    assert actions == [{"action": "removeAddress", "addressId": "y"}]


def test_an_address_that_reads_like_a_removed_one_is_removed_with_it() -> None:
    document = customer(addresses=[OTHER, {**OTHER, "id": "a4", "fax": "2"}])
    removed = actions_for(document, {"addresses": []})
    assert [one["addressId"] for one in removed] == ["a3", "a4"]


def test_carried_fields_are_set_with_the_type_or_one_by_one() -> None:
    after = {"payment_terms": "60D", "blocked": True, "custom.vip": True}
    (first,) = actions_for(customer(), after)
    assert first == {
        "action": "setCustomType",
        "type": {"typeId": "type", "key": "erp-customer"},
        "fields": {"terms": "60D", "blocked": True, "vip": True},
    }
    typed = customer(custom={"type": CUSTOM_TYPE, "fields": {"terms": "30D", "vip": True}})
    later = actions_for(typed, {**after, "credit_limit": None})
    assert later == [
        {"action": "setCustomField", "name": "terms", "value": "60D"},
        {"action": "setCustomField", "name": "blocked", "value": True},
    ]
    assert actions_for(typed, {"payment_terms": None}) == [{"action": "setCustomField", "name": "terms", "value": None}]


def test_unblocking_a_customer_that_was_never_blocked_is_no_action() -> None:
    assert actions_for(customer(), {"blocked": False}, blocked=True) == []


def test_a_credit_limit_stays_a_number_where_it_is_one() -> None:
    document = customer(custom={"type": CUSTOM_TYPE, "fields": {"limit": 100}})
    assert actions_for(document, {"credit_limit": "250.50"})[0]["value"] == 250.5
    assert actions_for(document, {"credit_limit": "300.00"})[0]["value"] == 300


@pytest.mark.parametrize(
    ("document", "after", "rules", "named"),
    [
        (customer(), {"email": None}, RULES, "e-mail"),
        (customer(), {"billing_address": {"street": "Quay 9"}}, RULES, "billing_address"),
        (customer(), {"addresses": [{"street": "Quay 9"}]}, RULES, "addresses"),
        (customer(), {"payment_terms": "60D"}, RULES.model_copy(update={"type": None}), "terms"),
        (
            customer(custom={"type": {"typeId": "type", "id": "t", "obj": {"key": "loyalty"}}, "fields": {}}),
            {"payment_terms": "60D"},
            RULES,
            "loyalty",
        ),
    ],
)
def test_what_cannot_be_written_is_a_question_that_names_it(
    document: Json, after: Fields, rules: CustomerSync, named: str
) -> None:
    before = customer_fields(document, rules, CUSTOM)
    question = customer_actions(document, before, after, rules, CUSTOM)
    assert isinstance(question, MissingReference)
    assert named in question.text
    assert question.hint


def test_another_type_that_has_the_field_is_good_enough() -> None:
    other = {"typeId": "type", "id": "t", "obj": {"key": "loyalty", "fieldDefinitions": [{"name": "terms"}]}}
    document = customer(custom={"type": other, "fields": {}})
    assert names(actions_for(document, {"payment_terms": "60D"})) == ["setCustomField"]


# --- whatever changes on both sides: afterwards commercetools shows what the back-end said ---

MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(alphabet="abcXY 1,.-ä", min_size=1, max_size=9).map(str.strip).filter(bool)
OPTIONAL = st.none() | TEXT
RAW_PARTS = [
    *("company", "firstName", "streetName", "streetNumber", "pOBox", "building", "apartment", "postalCode", "city"),
    *("additionalStreetInfo", "additionalAddressInfo", "region", "state", "phone", "mobile", "fax"),
]
RAW_ADDRESS = st.fixed_dictionaries(
    {"country": st.sampled_from(["DE", "FR"])},
    optional=dict.fromkeys(RAW_PARTS, TEXT),
)
PARTS = st.fixed_dictionaries(
    {"country": st.sampled_from(["DE", "FR"])},
    optional={name: TEXT for name in ADDRESS_PARTS if name not in ("country", "phone")},
)


@st.composite
def documents(draw: st.DrawFn) -> Json:
    addresses: list[Json] = [
        {**address, "id": f"id-{place}"} for place, address in enumerate(draw(st.lists(RAW_ADDRESS, max_size=4)))
    ]
    ids = st.sampled_from([None, *(address["id"] for address in addresses)])
    texts = {name: draw(OPTIONAL) for name in ("firstName", "middleName", "lastName", "companyName", "vatId")}
    return customer(addresses=addresses, defaultBillingAddressId=draw(ids), defaultShippingAddressId=draw(ids), **texts)


@st.composite
def changes(draw: st.DrawFn) -> Json:
    values: dict[str, st.SearchStrategy[Any]] = {
        "company": OPTIONAL,
        "first_name": OPTIONAL,
        "last_name": OPTIONAL,
        "vat_id": OPTIONAL,
        "customer_group": st.sampled_from([None, "retail", "wholesale"]),
        "billing_address": st.none() | PARTS,
        "shipping_address": st.none() | PARTS,
        "addresses": st.lists(PARTS, max_size=3),
        "payment_terms": OPTIONAL,
        "blocked": st.booleans(),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(values))))
    return {name: draw(values[name]) for name in sorted(chosen)}


@MANY
@given(documents(), changes())
def test_after_the_actions_the_customer_shows_every_changed_field(document: Json, after: Json) -> None:
    changed = applied(document, actions_for(document, after))
    shown = customer_fields(changed, RULES, CUSTOM)
    without_phone = {name: _without_phone(shown[name]) for name in after}
    wanted = {name: _once(after[name]) for name in after}
    assert {name: value for name, value in wanted.items() if not same(without_phone[name], value)} == {}
    assert actions_for(changed, after) == []


def _without_phone(value: Any) -> Any:
    """Leave the phone out: it is kept on the address that these changes say nothing of."""
    if isinstance(value, list):
        return _once([_without_phone(member) for member in value])
    return {name: part for name, part in value.items() if name != "phone"} if isinstance(value, dict) else value


def _once(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [member for place, member in enumerate(value) if member not in value[:place]]


@MANY
@given(documents(), st.data())
def test_a_change_of_one_part_touches_no_other_text(document: Json, data: st.DataObject) -> None:
    """The back-end shows everything in capitals and cut; only the city is edited there."""
    shown = {name: _shaped(value) for name, value in customer_fields(document, RULES, CUSTOM).items()}
    if not isinstance(shown["shipping_address"], dict):
        return
    city = data.draw(TEXT.map(str.upper))
    actions = actions_for(document, {"shipping_address": {**shown["shipping_address"], "city": city}}, **shown)
    changed = applied(document, actions)
    ids = [address["id"] for address in document["addresses"]]
    position = ids.index(document["defaultShippingAddressId"])
    before = document["addresses"][position]
    current = next(one for one in changed["addresses"] if one["id"] == changed["defaultShippingAddressId"])
    own = {"id", "key", "city"}
    assert {k: v for k, v in current.items() if k not in own} == {k: v for k, v in before.items() if k not in own}
    assert {k: v for k, v in changed.items() if k not in ("addresses", "defaultShippingAddressId")} == {
        k: v for k, v in document.items() if k not in ("addresses", "defaultShippingAddressId")
    }


def _shaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.upper()[:4].strip()
    if isinstance(value, dict):
        return {name: _shaped(part) if name != "country" else part for name, part in value.items()}
    return [_shaped(member) for member in value] if isinstance(value, list) else value
