from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.dynamics.finance_records import entity_path, infolog_text
from shared.mapping.finance.countries import ALPHA_3, country_code
from shared.mapping.finance.customers import draft_customer
from shared.model.back_end import CustomerDraft, MissingReference, Party
from tests.contract.connectors.finance_harness import finance_market
from tests.unit.mapping.orders import ADDRESS


def payload(party: Party, **options: Any) -> dict[str, Any]:
    draft = draft_customer(party, finance_market(**options))
    assert isinstance(draft, CustomerDraft), draft
    return dict(draft.payload)


PERSON = Party("key", False, "Example Customer", "customer@example.com", phone="+46 1", address=ADDRESS)
COMPANY = Party("key", False, "Example Ltd", "orders@example.com", "Example Ltd", vat_id="SE1")


def test_a_person_has_two_names_and_an_address() -> None:
    assert payload(PERSON, sales_tax_group="DOM") == {
        "dataAreaId": "demf",
        "PartyType": "Person",
        "CustomerGroupId": "ONLINE",
        "PersonFirstName": "Example",
        "PersonLastName": "Customer",
        "PrimaryContactEmail": "customer@example.com",
        "PrimaryContactPhone": "+46 1",
        "AddressDescription": "Example Customer",
        "AddressStreet": "Example Street 1",
        "AddressCity": "Example Town",
        "AddressCountryRegionId": "SWE",
        "SalesTaxGroup": "DOM",
    }


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("One Two Three", "One Two", "Three"), ("Mononym", None, "Mononym"), ("a@example.com", None, "a@example.com")],
)
def test_a_name_without_parts_is_split_at_its_last_space(name: str, first: str | None, last: str) -> None:
    found = payload(Party("key", True, name))
    assert (found.get("PersonFirstName"), found["PersonLastName"]) == (first, last)


def test_a_company_is_an_organization_and_its_vat_id_goes_only_where_the_market_says() -> None:
    plain = payload(COMPANY)
    assert (plain["PartyType"], plain["OrganizationName"]) == ("Organization", "Example Ltd")
    assert "SE1" not in plain.values()
    assert payload(COMPANY, vat_id_field="TaxExemptNumber")["TaxExemptNumber"] == "SE1"


def test_only_a_company_has_an_organization_number() -> None:
    person = Party("key", False, "Example Customer", vat_id="SE1")
    assert payload(COMPANY, vat_id_field="OrganizationNumber")["OrganizationNumber"] == "SE1"
    assert "SE1" not in payload(person, vat_id_field="OrganizationNumber").values()
    assert payload(person, vat_id_field="TaxExemptNumber")["TaxExemptNumber"] == "SE1"


def test_without_a_customer_group_a_person_is_asked() -> None:
    found = draft_customer(PERSON, finance_market(customer_group=None))
    assert isinstance(found, MissingReference)
    assert found.kind == "customer_group"
    assert "finance.customer_group" in found.hint


@pytest.mark.parametrize(
    ("alpha_2", "alpha_3"),
    [("DE", "DEU"), ("SE", "SWE"), ("US", "USA"), ("GB", "GBR"), ("CH", "CHE"), ("AT", "AUT"), ("IE", "IRL")],
)
def test_countries_have_three_letters(alpha_2: str, alpha_3: str) -> None:
    assert country_code(alpha_2, finance_market()) == alpha_3


def test_the_table_of_countries_is_whole_and_pairs_are_unique() -> None:
    assert len(ALPHA_3) == 249 + 1  # ISO 3166-1 and Kosovo
    assert len(set(ALPHA_3.values())) == len(ALPHA_3)
    assert all(len(short) == 2 and len(long) == 3 and (short + long).isupper() for short, long in ALPHA_3.items())


def test_the_market_may_spell_a_country_in_its_own_way_and_an_unknown_one_is_a_question() -> None:
    assert country_code("DE", finance_market(countries={"DE": "GER"})) == "GER"
    found = country_code("ZZ", finance_market())
    assert isinstance(found, MissingReference)
    assert "finance.countries" in found.hint
    drafted = draft_customer(
        Party("key", False, "x", address=ADDRESS.model_copy(update={"country": "ZZ"})), finance_market()
    )
    assert drafted == found


def error(inner: str) -> httpx.Response:
    body = {"error": {"code": "", "message": "An error has occurred.", "innererror": {"message": inner}}}
    return httpx.Response(400, json=body)


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (
            "Write failed for table row of type 'SalesOrderLineV3Entity'. Infolog: Warning: Inventory dimension Site "
            "is mandatory and must consequently be specified.; Error: Update has been canceled..",
            "Warning: Inventory dimension Site is mandatory and must consequently be specified",
        ),
        ("Infolog: Info: One.; Warning: Two.; Error: Three.", "Error: Three; Info: One; Warning: Two"),
        ("Infolog: Error: Update has been canceled..", "Error: Update has been canceled"),
        ("Infolog: Error: one; two.; Error: three.", "Error: one; two; Error: three"),
        ("The key is not valid.", "The key is not valid."),
    ],
)
def test_the_cause_of_an_error_is_what_was_logged_errors_first(inner: str, text: str) -> None:
    assert infolog_text(error(inner)) == ("", text)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (httpx.Response(400, json={"error": {"code": "X", "message": "plain"}}), ("X", "plain")),
        (httpx.Response(502, text="<html>"), ("", "<html>")),
        (httpx.Response(502, json=["no", "error"]), ("", '["no","error"]')),
    ],
)
def test_errors_of_another_form_are_read_as_they_are(response: httpx.Response, text: tuple[str, str]) -> None:
    assert infolog_text(response) == text


def test_keys_are_quoted_and_escaped() -> None:
    assert entity_path("Things", "DEMF", Number="A'1 /#") == "Things(dataAreaId='demf',Number='A''1%20%2F%23')"
