"""Customers and addresses."""

import pytest

from shared.mapping.commercetools import UnmappableCustomer, customer_from_document
from tests.unit.money.documents import sample


def test_the_example_customer_is_mapped() -> None:
    document = sample("customer.example.json")
    customer = customer_from_document(document, "demo")
    assert (customer.project, customer.id, customer.email) == ("demo", document["id"], document["email"])
    assert customer.name == f"{document['firstName']} {document['lastName']}"
    assert customer.default_billing_address is None


def test_a_company_is_mapped_with_its_numbers_addresses_group_and_stores() -> None:
    document = sample("customer.example.json") | {
        "companyName": "Example Customer",
        "vatId": "SE000000000001",
        "customerNumber": "C-1",
        "externalId": "10000",
        "customerGroup": {"typeId": "customer-group", "id": "group-1"},
        "stores": [{"typeId": "store", "key": "se-b2b"}],
        "addresses": [
            {"id": "a", "country": "SE", "streetName": "Main Street", "streetNumber": "1", "pOBox": "77"},
            {"id": "b", "country": "DE", "city": "Example City", "additionalStreetInfo": "Gate 3"},
        ],
        "defaultBillingAddressId": "b",
        "defaultShippingAddressId": "a",
    }
    customer = customer_from_document(document, "demo")
    assert (customer.name, customer.vat_id, customer.number) == ("Example Customer", "SE000000000001", "C-1")
    assert (customer.external_id, customer.group, customer.stores) == ("10000", "group-1", ("se-b2b",))
    assert customer.default_billing_address is not None
    assert customer.default_billing_address.additional_lines == ("Gate 3",)
    assert customer.default_shipping_address is not None
    assert customer.default_shipping_address.street_line == "Main Street 1"
    assert customer.default_shipping_address.po_box == "77"


def test_a_customer_without_email_is_refused_with_the_path() -> None:
    document = sample("customer.example.json")
    del document["email"]
    with pytest.raises(UnmappableCustomer) as refused:
        customer_from_document(document, "demo")
    assert refused.value.component == "email"
