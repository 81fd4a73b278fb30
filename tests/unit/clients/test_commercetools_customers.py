"""Customers and Business Units of a project: exact look-ups, creating, updating, against a project in memory."""

from __future__ import annotations

from typing import Any

import pytest

from shared.commercetools.customers import (
    IDS_AT_ONCE,
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
from shared.errors import Conflict, NotFound, Permanent
from tests.fakes.commercetools import FakeCommercetools

TRACE = "correlation-1"
RENAME = {"action": "setFirstName", "firstName": "Other"}


@pytest.fixture
def shop() -> FakeCommercetools:
    return FakeCommercetools()


def put(shop: FakeCommercetools, customer_id: str, email: str = "", **changed: Any) -> None:
    document = {"id": customer_id, "version": 1, "email": email or f"{customer_id}@example.com", "addresses": []}
    shop.put("customers", {**document, **changed})


def in_stores(*keys: str) -> list[dict[str, str]]:
    return [{"typeId": "store", "key": key} for key in keys]


async def found(shop: FakeCommercetools, **wanted: Any) -> list[str]:
    return [one["id"] for one in await find_customers(shop.client, TRACE, **wanted)]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [("externalId", "external_id"), ("customerNumber", "customer_number"), ("vatId", "vat_id")],
)
async def test_a_customer_is_found_by_an_exact_number(shop: FakeCommercetools, field: str, wanted: str) -> None:
    put(shop, "right", **{field: "10000"})
    put(shop, "longer", **{field: "100001"})
    put(shop, "none")
    assert await found(shop, **{wanted: "10000"}) == ["right"]


@pytest.mark.parametrize("email", ["Mixed@Example.com", "mixed@example.com", "MIXED@EXAMPLE.COM"])
async def test_a_customer_is_found_by_its_email_in_any_case(shop: FakeCommercetools, email: str) -> None:
    put(shop, "right", "Mixed@Example.com")
    put(shop, "other", "xmixed@example.com")
    assert await found(shop, email=email) == ["right"]


@pytest.mark.parametrize("value", ['a"b', "a\\", '" or id is defined or key = "', "ünïcode", "東京", "a\nb"])
async def test_a_value_is_never_read_as_a_part_of_the_query(shop: FakeCommercetools, value: str) -> None:
    put(shop, "right", externalId=value)
    put(shop, "other", externalId="other")
    assert await found(shop, external_id=value) == ["right"]


async def test_stores_keep_their_customers_apart_and_customers_of_every_store_count_everywhere(
    shop: FakeCommercetools,
) -> None:
    for customer_id, stores in (
        ("north", ("north",)),
        ("south", ("south",)),
        ("both", ("north", "south")),
        ("all", ()),
    ):
        put(shop, customer_id, "same@example.com", stores=in_stores(*stores))
    assert await found(shop, email="same@example.com", stores={"north"}) == ["north", "both", "all"]
    assert await found(shop, email="same@example.com", stores={"north", 'so"uth'}) == ["north", "both", "all"]
    assert await found(shop, email="same@example.com") == ["north", "south", "both", "all"]


@pytest.mark.parametrize("wanted", [{}, {"email": ""}, {"email": "a@example.com", "vat_id": "1"}])
async def test_a_look_up_takes_exactly_one_value(shop: FakeCommercetools, wanted: Any) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        await found(shop, **wanted)
    assert shop.api_requests == []


async def test_a_customer_is_read_with_the_key_of_its_group(shop: FakeCommercetools) -> None:
    put(shop, "c1", customerGroup={"typeId": "customer-group", "id": "g1", "obj": {"id": "g1", "key": "wholesale"}})
    document = await read_customer(shop.client, "c1", TRACE)
    assert document is not None
    assert document["customerGroup"]["obj"]["key"] == "wholesale"
    assert await read_customer(shop.client, "gone", TRACE) is None
    plain = await read_customer(shop.client, "c1", TRACE, expand=())
    assert plain is not None
    assert "obj" not in plain["customerGroup"]


async def test_many_customers_are_read_in_the_order_asked_for_without_those_that_are_gone(
    shop: FakeCommercetools,
) -> None:
    ids = [f"c{number}" for number in range(IDS_AT_ONCE + 1)]
    for customer_id in ids:
        put(shop, customer_id)
    wanted = [*reversed(ids), "gone"]
    assert [one["id"] for one in await read_customers(shop.client, wanted, TRACE)] == list(reversed(ids))
    assert len(shop.api_requests) == 2
    assert await read_customers(shop.client, [], TRACE) == []


async def test_a_created_customer_comes_back_and_a_taken_email_is_a_permanent_failure(shop: FakeCommercetools) -> None:
    draft = {"email": "new@example.com", "externalId": "10000", "authenticationMode": "ExternalAuth"}
    created = await create_customer(shop.client, draft, TRACE)
    assert (created["email"], shop.drafts) == ("new@example.com", [draft])
    assert await found(shop, external_id="10000") == [created["id"]]
    with pytest.raises(Permanent) as refused:
        await create_customer(shop.client, {**draft, "email": "NEW@example.com"}, TRACE)
    assert refused.value.code == "DuplicateField"


async def test_an_update_writes_only_what_is_necessary(shop: FakeCommercetools) -> None:
    put(shop, "c1")
    document = await read_customer(shop.client, "c1", TRACE)
    assert document is not None
    assert await update_customer(shop.client, document, lambda _: [], TRACE) == document
    assert shop.updates == []
    changed = await update_customer(shop.client, document, lambda _: [RENAME], TRACE)
    assert (changed["firstName"], changed["version"]) == ("Other", 2)


async def test_a_customer_that_somebody_else_changed_is_a_conflict_at_once(shop: FakeCommercetools) -> None:
    put(shop, "c1")
    document = await read_customer(shop.client, "c1", TRACE)
    assert document is not None
    shop.changed_by_others = 1
    with pytest.raises(Conflict):
        await update_customer(shop.client, document, lambda _: [RENAME], TRACE)
    assert [request.method for request in shop.api_requests] == ["GET", "POST"]
    assert "firstName" not in shop.documents["customers/c1"]


async def test_with_more_attempts_the_actions_are_worked_out_anew_from_the_expanded_document(
    shop: FakeCommercetools,
) -> None:
    put(shop, "c1", customerGroup={"typeId": "customer-group", "id": "g1", "obj": {"id": "g1", "key": "wholesale"}})
    document = await read_customer(shop.client, "c1", TRACE)
    assert document is not None
    seen: list[str] = []

    def actions_for(current: dict[str, Any]) -> list[dict[str, Any]]:
        seen.append(f"{current['version']}:{current['customerGroup']['obj']['key']}")
        return [RENAME]

    shop.changed_by_others = 1
    changed = await update_customer(shop.client, document, actions_for, TRACE, attempts=3)
    assert (seen, changed["firstName"]) == (["1:wholesale", "2:wholesale"], "Other")


async def test_a_document_is_deleted_in_the_version_that_is_known(shop: FakeCommercetools) -> None:
    put(shop, "c1", version=3)
    with pytest.raises(Conflict):
        await shop.client.delete("customers/c1", 2, TRACE)
    gone = await shop.client.delete("customers/c1", 3, TRACE, dataErasure="true")
    assert (gone["id"], shop.documents) == ("c1", {})
    with pytest.raises(NotFound):
        await shop.client.delete("customers/c1", 3, TRACE)


async def test_a_company_is_created_found_by_its_key_and_updated(shop: FakeCommercetools) -> None:
    group = {"customerGroup": {"typeId": "customer-group", "key": "wholesale"}}
    draft = {"key": "10000", "unitType": "Company", "name": "Example Trading", "customerGroupAssignments": [group]}
    created = await create_business_unit(shop.client, draft, TRACE)
    assert created["customerGroupAssignments"][0]["customerGroup"]["obj"]["key"] == "wholesale"
    assert await find_business_unit(shop.client, "10000", TRACE) == created
    assert await find_business_unit(shop.client, "1000", TRACE) is None
    rename = {"action": "changeName", "name": "Other"}
    changed = await update_business_unit(shop.client, created, lambda _: [rename], TRACE)
    assert await read_business_unit(shop.client, created["id"], TRACE) == changed
    assert changed["name"] == "Other"
