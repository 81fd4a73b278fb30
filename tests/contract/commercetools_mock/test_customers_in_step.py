"""The connector's own drafts, look-ups and actions against the stand-in, over HTTP."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from shared.commercetools.client import CommercetoolsClient
from shared.commercetools.customers import (
    create_business_unit,
    create_customer,
    find_business_unit,
    find_customers,
    read_business_unit,
    read_customer,
    read_customers,
    update_business_unit,
    update_customer,
)
from shared.errors import Conflict, Permanent
from shared.mapping.commercetools.business_units import business_unit_actions, business_unit_fields
from shared.mapping.commercetools.customer_actions import customer_actions
from shared.mapping.commercetools.customer_documents import associate_ids
from shared.mapping.commercetools.customer_drafts import business_unit_draft, customer_draft
from shared.mapping.commercetools.customer_fields import customer_fields
from shared.market_options.customers import CustomerSync
from shared.markets import Project
from shared.model.customer_fields import same
from tests.published.commercetools import problems_of_requests

from .stand_in import CLIENT_ID, CLIENT_SECRET, Document, StandIn

TRACE = "correlation-1"
CUSTOM = {"vip": "cr_vip"}
BERLIN: Document = {"street": "Example Street 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}
HAMBURG: Document = {"street": "Quay 9", "city": "Hamburg", "country": "DE"}
BONN: Document = {"street": "Lane 2", "city": "Bonn", "country": "DE"}


@pytest.fixture
async def client(mock: StandIn) -> AsyncIterator[CommercetoolsClient]:
    mock.api.delete("/__requests")
    project = Project(
        api_url=mock.url, auth_url=mock.url, client_id=CLIENT_ID, client_secret=SecretStr(CLIENT_SECRET), scopes=""
    )
    async with httpx.AsyncClient() as http:
        yield CommercetoolsClient("demo", project, http)
    recorded = mock.api.get("/__requests").json()["requests"]
    assert problems_of_requests(request for request in recorded if request["method"] != "DELETE") == []


def seeded_key(mock: StandIn, resource: str, **changed: Any) -> str:
    key = f"key-{uuid.uuid4()}"
    mock.seed(resource, {"id": str(uuid.uuid4()), "version": 1, "key": key, **changed})
    return key


def fields_of_an_account(mock: StandIn) -> Document:
    return {
        "company": "Example Trading",
        "email": f"Books.{uuid.uuid4()}@example.com",
        "phone": "+49 30 5550100",
        "customer_group": seeded_key(mock, "customer-group", name="Wholesale"),
        "payment_terms": "30D",
        "billing_address": BERLIN,
        "shipping_address": HAMBURG,
        "addresses": [BONN],
        "custom.vip": True,
    }


def rules_with_type(mock: StandIn) -> CustomerSync:
    names = [{"name": name} for name in ("terms", "vip", "blocked")]
    key = seeded_key(mock, "type", resourceTypeIds=["customer", "business-unit"], fieldDefinitions=names)
    return CustomerSync.model_validate({"type": key, "carried": {"payment_terms": "terms", "blocked": "blocked"}})


def differing(wanted: Document, shown: Any) -> Document:
    return {name: shown[name] for name in wanted if not same(shown[name], wanted[name])}


CHANGES: Document = {
    "company": "Other Trading",
    "phone": None,
    "customer_group": None,
    "payment_terms": "60D",
    "blocked": True,
    "billing_address": {**BERLIN, "city": "Potsdam"},
    "shipping_address": None,
    "addresses": [{**BONN, "postal_code": "53111"}, {**HAMBURG, "street": "Quay 10"}],
    "custom.vip": None,
}


async def test_a_customer_is_created_found_changed_and_comes_to_rest(
    mock: StandIn, client: CommercetoolsClient
) -> None:
    rules, fields = rules_with_type(mock), fields_of_an_account(mock)
    fields |= {"vat_id": f"DE{uuid.uuid4()}", "locale": "de-DE"}
    store, number = seeded_key(mock, "store"), str(uuid.uuid4())
    draft = customer_draft(fields, rules, CUSTOM, external_id=number, password="x", stores=[store])
    assert isinstance(draft, dict)
    created = await create_customer(client, draft, TRACE)
    for wanted in ({"external_id": number}, {"email": fields["email"].upper()}, {"vat_id": fields["vat_id"]}):
        assert [one["id"] for one in await find_customers(client, TRACE, **wanted, stores={store})] == [created["id"]]
    assert await find_customers(client, TRACE, external_id=number, stores={"elsewhere"}) == []
    document = await read_customer(client, created["id"], TRACE)
    assert document is not None
    before = customer_fields(document, rules, CUSTOM)
    assert differing(fields, before) == {}

    def actions_for(current: Document) -> list[Document]:
        actions = customer_actions(current, before, CHANGES, rules, CUSTOM)
        assert isinstance(actions, list), actions
        return actions

    changed = await update_customer(client, document, actions_for, TRACE)
    assert differing(CHANGES, customer_fields(changed, rules, CUSTOM)) == {}
    assert await update_customer(client, changed, actions_for, TRACE) == changed
    with pytest.raises(Conflict):
        await update_customer(client, document, actions_for, TRACE)
    with pytest.raises(Permanent) as refused:
        await create_customer(client, draft, TRACE)
    assert refused.value.code == "DuplicateField"


async def test_a_company_is_created_found_changed_and_comes_to_rest(mock: StandIn, client: CommercetoolsClient) -> None:
    rules, fields, number = rules_with_type(mock), fields_of_an_account(mock), f"A/{uuid.uuid4()}"
    draft = business_unit_draft(fields, rules, CUSTOM, number=number, stores=[])
    assert isinstance(draft, dict)
    created = await create_business_unit(client, draft, TRACE)
    document = await find_business_unit(client, draft["key"], TRACE)
    assert document is not None
    assert document["id"] == created["id"]
    before = business_unit_fields(document, (), rules, CUSTOM)
    assert differing(fields, before) == {}

    def actions_for(current: Document) -> list[Document]:
        actions = business_unit_actions(current, before, CHANGES, rules, CUSTOM)
        assert isinstance(actions, list), actions
        return actions

    changed = await update_business_unit(client, document, actions_for, TRACE)
    assert differing(CHANGES, business_unit_fields(changed, (), rules, CUSTOM)) == {}
    assert await update_business_unit(client, changed, actions_for, TRACE) == changed
    assert await read_business_unit(client, created["id"], TRACE) == changed


async def test_the_associates_of_a_company_are_read_at_once(mock: StandIn, client: CommercetoolsClient) -> None:
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for customer_id in ids:
        mock.seed("customer", {"id": customer_id, "version": 1, "email": f"{customer_id}@example.com", "addresses": []})
    unit = {"associates": [{"customer": {"typeId": "customer", "id": one}} for one in reversed(ids)]}
    found = await read_customers(client, associate_ids(unit), TRACE)
    assert [one["id"] for one in found] == list(reversed(ids))
