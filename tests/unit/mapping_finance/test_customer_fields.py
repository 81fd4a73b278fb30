"""Customers as fields of CustomersV3: what Finance would make of values, and nothing that it was not asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from shared.mapping.finance.customer_fields import PARTY_TYPE, columns, fields_of, row_values, shape
from shared.market_options.customers import CustomerSync
from shared.market_options.trade import CodePair, CustomFieldRules
from shared.markets import CustomerRules, Market, OrderRules
from shared.model.back_end import MissingReference
from shared.model.customer_fields import Fields, same
from tests.contract.connectors.finance_harness import finance_market

GROUPS = (CodePair(commercetools="wholesale", back_end="WS"), CodePair(commercetools="vip", back_end="WS"))
ADDRESS: dict[str, JsonValue] = {
    "street": "Example Street 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}


def market(*, groups: tuple[CodePair, ...] = (), custom: dict[str, str] | None = None, **options: Any) -> Market:
    rules = CustomerRules(sync=CustomerSync(groups=groups))
    own = CustomFieldRules(customer=custom or {})
    return finance_market(**options).model_copy(update={"customers": rules, "custom_fields": own})


def shaped(fields: Fields, where: Market | None = None) -> Fields:
    found = shape(fields, where or market())
    assert not isinstance(found, MissingReference), found
    return found


def values(fields: Fields, kind: str = "Organization", where: Market | None = None) -> dict[str, Any]:
    found = row_values(fields, kind, where or market())
    assert not isinstance(found, MissingReference), found
    return found


def refused(fields: Fields, where: Market | None = None) -> MissingReference:
    found = shape(fields, where or market())
    assert isinstance(found, MissingReference), found
    return found


def test_an_organization_has_a_company_and_a_person_has_two_names() -> None:
    everybody = {"name": "Example Ltd", "company": "Example Ltd", "first_name": "Example", "last_name": "Buyer"}
    assert shaped(everybody) == {"company": "Example Ltd"}
    assert shaped({**everybody, "company": " "}) == {"first_name": "Example", "last_name": "Buyer"}


@pytest.mark.parametrize(
    ("first", "last", "name", "expected"),
    [
        ("One", "Two", "One Two", ("One", "Two")),
        (None, "Two", "Two", (None, "Two")),
        ("One", None, "One", (None, "One")),
        (None, None, "One Two Three", ("One Two", "Three")),
        (None, None, "customer@example.com", (None, "customer@example.com")),
    ],
)
def test_a_person_without_last_name_gets_one_because_finance_wants_one(
    first: str | None, last: str | None, name: str, expected: tuple[str | None, str]
) -> None:
    found = shaped({"first_name": first, "last_name": last, "company": None, "name": name})
    assert (found["first_name"], found["last_name"]) == expected


def test_fields_that_commercetools_does_not_carry_are_not_made_up() -> None:
    assert shaped({"company": "Example Ltd", "email": "a@example.com"}) == {
        "company": "Example Ltd",
        "email": "a@example.com",
    }


@pytest.mark.parametrize("name", ["name", "contacts", "addresses", "customer_group", "vat_id", "custom.other"])
def test_what_finance_cannot_hold_here_is_left_out(name: str) -> None:
    assert name not in shaped({"company": "Example Ltd", name: [{"email": "a@example.com"}]})
    assert name not in fields_of({PARTY_TYPE: "Organization"}, [], market())


def test_an_address_loses_what_finance_has_no_place_for() -> None:
    full = {**ADDRESS, "company": "Example Ltd", "first_name": "Example", "last_name": "Buyer", "phone": "+49 1"}
    full["state"] = "BE"
    assert shaped({"billing_address": full})["billing_address"] == ADDRESS


def test_a_state_is_kept_where_finance_has_the_same_states() -> None:
    address = {**ADDRESS, "country": "US", "state": "NY"}
    assert shaped({"shipping_address": address})["shipping_address"] == address
    assert values({"shipping_address": address})["DeliveryAddressState"] == "NY"
    assert values({"shipping_address": ADDRESS})["DeliveryAddressState"] == ""


def test_lines_below_the_street_are_lines_of_the_street() -> None:
    address = {**ADDRESS, "additional": "Building C"}
    assert values({"billing_address": address})["AddressStreet"] == "Example Street 1\nBuilding C"
    assert shaped({"billing_address": address})["billing_address"] == address


def test_a_street_number_of_its_own_is_read_into_the_street_and_emptied_with_the_next_write() -> None:
    row = {"AddressStreet": "Example Street\r\nBuilding C", "AddressStreetNumber": "1", "AddressCountryRegionId": "DEU"}
    found = fields_of(row, [], market())["billing_address"]
    assert found == {"street": "Example Street 1", "additional": "Building C", "country": "DE"}
    assert values({"billing_address": ADDRESS})["AddressStreetNumber"] == ""


def test_an_address_that_is_gone_empties_all_its_parts() -> None:
    emptied = values({"shipping_address": None})
    assert set(emptied.values()) == {""}
    assert {"DeliveryAddressStreet", "DeliveryAddressCity", "DeliveryAddressCountryRegionId"} <= emptied.keys()
    assert shaped({"shipping_address": None}) == {"shipping_address": None}


@pytest.mark.parametrize(
    ("own", "code", "country"),
    [
        ({}, "SWE", "SE"),
        ({}, "swe", "SE"),
        ({"GB": "UK"}, "UK", "GB"),
        ({"GB": "UK"}, "GBR", None),
        ({"XI": "GBR"}, "GBR", "GB"),
        ({}, "QQQ", None),
    ],
)
def test_countries_come_back_with_two_letters(own: dict[str, str], code: str, country: str | None) -> None:
    row = {"AddressCity": "Example Town", "AddressCountryRegionId": code}
    found = fields_of(row, [], market(countries=own))["billing_address"]
    assert found == {"city": "Example Town"} | ({"country": country} if country else {})


def test_a_country_that_only_finance_knows_is_read_by_the_iso_code_beside_it() -> None:
    row = {"AddressCountryRegionId": "QQQ", "AddressCountryRegionISOCode": "SE"}
    assert fields_of(row, [], market())["billing_address"] == {"country": "SE"}


def test_a_country_without_code_is_a_question() -> None:
    assert refused({"billing_address": {**ADDRESS, "country": "ZZ"}}).kind == "country"
    assert refused({"addresses": [{**ADDRESS, "country": "ZZ"}]}, market(more_addresses=True)).kind == "country"


def test_what_is_too_long_is_a_question_unless_the_market_cuts_it() -> None:
    long = {"company": None, "first_name": "A" * 26, "last_name": "B"}
    assert refused(long).key == "PersonFirstName"
    cutting = market().model_copy(update={"order": OrderRules(cut=frozenset({"PersonFirstName"}))})
    assert shaped(long, cutting)["first_name"] == "A" * 25


@pytest.mark.parametrize(
    ("given_limit", "held", "written"),
    [
        ("2500", "2500.00", 2500.0),
        ("0.5", "0.50", 0.5),
        ("10.125", "10.125", 10.125),
        ("0", None, 0.0),
        (None, None, 0.0),
    ],
)
def test_a_credit_limit_has_at_least_two_decimals_and_none_is_zero(
    given_limit: str | None, held: str | None, written: float
) -> None:
    assert shaped({"credit_limit": given_limit}) == {"credit_limit": held}
    assert values({"credit_limit": given_limit}) == {"CreditLimit": written}


@pytest.mark.parametrize("text", ["much", "-1", "NaN", "Infinity", "1e30"])
def test_a_credit_limit_that_is_no_amount_is_a_question(text: str) -> None:
    found = refused({"credit_limit": text})
    assert (found.kind, found.key) == ("credit_limit", text)


@pytest.mark.parametrize(
    ("hold", "blocked"),
    [("No", False), ("All", True), ("Invoice", True), ("Payment", False), ("Requisition", False), ("Never", False)],
)
def test_who_cannot_order_or_be_invoiced_is_blocked(hold: str, blocked: bool) -> None:
    assert fields_of({"OnHoldStatus": hold}, [], market())["blocked"] is blocked


def test_blocking_holds_everything_and_releasing_holds_nothing() -> None:
    assert values({"blocked": True}) == {"OnHoldStatus": "All"}
    assert values({"blocked": False}) == {"OnHoldStatus": "No"}


def test_customer_groups_are_price_groups_by_the_first_pair_and_an_unknown_one_is_none() -> None:
    where = market(groups=GROUPS)
    assert values({"customer_group": "vip"}, where=where) == {"DiscountPriceGroupId": "WS"}
    assert shaped({"customer_group": "vip"}, where) == {"customer_group": "wholesale"}
    assert shaped({"customer_group": "unknown"}, where) == {"customer_group": None}
    assert fields_of({"DiscountPriceGroupId": "ws"}, [], where)["customer_group"] == "wholesale"
    assert fields_of({"DiscountPriceGroupId": "OTHER"}, [], where)["customer_group"] is None


def test_a_tax_id_goes_where_the_market_says_and_only_organizations_have_a_number() -> None:
    company, person = {"company": "Example Ltd", "vat_id": "DE1"}, {"company": None, "vat_id": "DE1"}
    numbers, exempt = market(vat_id_field="OrganizationNumber"), market(vat_id_field="TaxExemptNumber")
    assert values(company, where=numbers)["OrganizationNumber"] == "DE1"
    assert shaped(company, numbers)["vat_id"] == shaped(person, exempt)["vat_id"] == "DE1"
    assert "vat_id" not in shaped(person, numbers)


OWN = {"memo": "SalesMemo", "count": "CreditRating", "once": "IsOneTimeCustomer"}


def test_own_fields_pass_through_and_truth_is_a_no_yes() -> None:
    fields: Fields = {"custom.memo": "text", "custom.count": 5, "custom.once": True}
    where = market(custom=OWN)
    assert values(fields, where=where) == {"SalesMemo": "text", "CreditRating": 5, "IsOneTimeCustomer": "Yes"}
    assert shaped(fields, where) == fields
    assert values({"custom.memo": None}, where=where) == {"SalesMemo": None}


@pytest.mark.parametrize("compound", [["a"], {"typeId": "product", "id": "1"}])
def test_an_own_field_that_is_a_list_or_an_object_is_left_alone(compound: JsonValue) -> None:
    where = market(custom=OWN)
    assert shaped({"custom.memo": compound}, where) == {}
    assert values({"custom.memo": compound}, where=where) == {}


def test_unset_values_of_finance_are_none() -> None:
    row = {"SalesMemo": "", "CreditRating": "1900-01-01T12:00:00Z", "LanguageId": "", "CreditLimit": 0}
    found = fields_of(row, [], market(custom=OWN))
    assert [found[name] for name in ("custom.memo", "custom.count", "locale", "credit_limit")] == [None] * 4


def test_an_address_that_stands_twice_is_one() -> None:
    where = market(more_addresses=True)
    assert shaped({"addresses": [ADDRESS, {**ADDRESS, "company": "Example Ltd"}]}, where)["addresses"] == [ADDRESS]


def test_changes_write_the_fields_that_they_name_and_no_others() -> None:
    assert values({"phone": None}) == {"PrimaryContactPhone": ""}
    assert values({"last_name": "Example"}, "Person") == {"PersonLastName": "Example"}
    assert values({"first_name": "Example"}, "Organization") == {}
    assert values({"locale": "sv-SE", "payment_terms": "NET30"}) == {"LanguageId": "sv", "PaymentTerms": "NET30"}


def test_every_field_that_is_written_is_also_read() -> None:
    where = market(groups=GROUPS, custom=OWN, vat_id_field="TaxExemptNumber")
    names = ("email", "phone", "locale", "customer_group", "payment_terms", "credit_limit", "blocked", "vat_id")
    fields: Fields = dict.fromkeys((*names, "billing_address", "shipping_address", "company", "custom.memo"), None)
    person: Fields = {"first_name": "A", "last_name": "B"}
    written = values(fields, where=where).keys() | values(person, "Person", where).keys()
    assert written <= set(columns(where))


TEXTS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=25))
PLACES = st.fixed_dictionaries(
    {"country": st.sampled_from(["DE", "US", "SE", "GB"])},
    optional={"street": TEXTS, "additional": TEXTS, "city": TEXTS, "state": st.sampled_from(["NY", "BE"])},
)
CUSTOMERS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("company", "first_name", "last_name", "name", "email", "phone"), TEXTS),
        "locale": st.sampled_from([None, "de-DE", "de-AT", "en", "en-US", "zh-Hans", "pt-BR"]),
        "customer_group": st.sampled_from([None, "vip", "other"]),
        "credit_limit": st.one_of(st.none(), st.decimals(0, 10**9, places=3).map(str)),
        "blocked": st.booleans(),
        "billing_address": st.one_of(st.none(), PLACES),
        "addresses": st.lists(PLACES, max_size=3),
    }
)


@given(CUSTOMERS)
def test_shaping_what_is_shaped_changes_nothing(fields: dict[str, JsonValue]) -> None:
    where = market(groups=GROUPS, more_addresses=True)
    once = shaped(fields, where)
    again = shaped({**fields, **once}, where)
    assert again.keys() == once.keys()
    assert {name: again[name] for name in once if not same(again[name], once[name])} == {}
