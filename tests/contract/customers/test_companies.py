"""Business Units: companies of the shop with associates, on the real road, each back-end as far as it holds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.market_options.customers import CustomerSync
from shared.model.customer_fields import CustomerState, same
from tests.contract.connectors.customer_harness import COMPANY
from tests.contract.connectors.harness import TRACE
from tests.contract.customers.desk import BERLIN, SHOPPER
from tests.contract.customers.test_no_loop import KINDS
from tests.contract.customers.world import World
from tests.fakes.commercetools import Json

UNIT = "business-units/unit-1"
DOCUMENT: Json = {
    "id": "unit-1",
    "version": 1,
    "key": "example-trading",
    "unitType": "Company",
    "status": "Active",
    "name": "Example Trading",
    "contactEmail": "books@example.com",
    "addresses": [{**BERLIN, "country": "DE", "phone": "+49 30 5550100"}],
    "defaultBillingAddressId": "a-1",
    "associates": [{"customer": {"typeId": "customer", "id": "customer-1"}, "associateRoleAssignments": []}],
    "createdAt": "2026-11-24T10:00:00.000Z",
    "lastModifiedAt": "2026-11-24T10:00:00.000Z",
}


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    sync = CustomerSync(
        create_in_back_end="always", create_in_commercetools="always", companies="business_unit", when_deleted="block"
    )
    world = World(request.param, sync=sync)
    world.shop.put("customers", SHOPPER)  # the associate; nobody has told of him
    world.shop.put("business-units", DOCUMENT)
    yield world
    await world.close()


async def told(world: World, kind: str = "ResourceUpdated", **more: Any) -> None:
    world.shop.tell(UNIT, kind, **more)
    await world.settle()


async def state_of(world: World, key: str = "unit-1") -> CustomerState:
    pair = await world.bench.state.id_map.by_commercetools_id(world.market.name, "business-unit", key)
    assert pair is not None
    return await world.read(world.market, pair.dynamics_id, TRACE)


async def at_rest(world: World) -> None:
    before = world.total_writes
    await told(world)
    world._tell((await state_of(world)).id)
    await world.settle()
    assert world.total_writes == before


async def test_a_company_is_created_with_its_associates_where_the_back_end_has_persons(world: World) -> None:
    await told(world, "ResourceCreated")
    state = await state_of(world)
    name = "company" if "company" in state.fields else "name"
    assert (state.fields[name], state.fields["email"], state.fields["blocked"]) == (
        "Example Trading",
        "books@example.com",
        False,
    )
    held = {"business_central": True, "dataverse": True, "finance": False}
    assert ("contacts" in state.fields) == held[world.kind]
    if held[world.kind]:
        contacts: Any = state.fields["contacts"]
        assert [one["email"] for one in contacts] == ["person@example.com"]
    await at_rest(world)
    world.check_accounts()


@pytest.mark.parametrize("kind", ["ResourceUpdated", "Message"])
async def test_a_change_of_a_company_arrives_once(world: World, kind: str) -> None:
    await told(world, "ResourceCreated")
    world.writes.clear()
    world.shop.documents[UNIT].update(name="Example Trade", contactEmail="office@example.com", version=7)
    await told(world, kind, type="BusinessUnitNameChanged", id="message-1", sequenceNumber=2)
    state = await state_of(world)
    name = "company" if "company" in state.fields else "name"
    assert (state.fields[name], state.fields["email"]) == ("Example Trade", "office@example.com")
    assert world.writes["back-end"] == 1
    await at_rest(world)


async def test_an_inactive_company_is_blocked_and_an_active_one_is_not(world: World) -> None:
    await told(world, "ResourceCreated")
    for status, blocked, version in (("Inactive", True, 7), ("Active", False, 8)):
        world.shop.documents[UNIT].update(status=status, version=version)
        await told(world, "Message", type="BusinessUnitStatusChanged", id=f"m-{version}", sequenceNumber=version)
        assert (await state_of(world)).fields["blocked"] is blocked
        await at_rest(world)


async def test_a_company_that_was_deleted_is_blocked(world: World) -> None:
    await told(world, "ResourceCreated")
    del world.shop.documents[UNIT]
    await told(world, "Message", type="BusinessUnitDeleted", id="message-9", sequenceNumber=9)
    assert (await state_of(world)).fields["blocked"] is True


async def test_a_new_company_of_the_back_end_becomes_a_business_unit_and_rests(world: World) -> None:
    create = type(world.under_test.sync).create_customer_of
    fields = {**COMPANY, "name": "Another Example", "company": "Another Example", "email": "another@example.com"}
    del fields["customer_group"]
    shaped = world.under_test.shaped({**fields, "vat_id": None})
    made = await create(world.under_test.sync, world.market, shaped, None, TRACE)
    world.under_test.back_end.app.log.clear()
    world._tell(made.id)
    await world.settle()
    (unit,) = [one for one in world.shop.all_of("business-units") if one["id"] != "unit-1"]
    assert (unit["name"], unit["unitType"]) == ("Another Example", "Company")
    state = await state_of(world, unit["id"])
    assert (state.id, state.number) == (made.id, made.number)
    assert same(state.fields["email"], unit["contactEmail"])
    before = world.total_writes
    world._tell(made.id)
    world.shop.tell(f"business-units/{unit['id']}")
    await world.settle()
    assert world.total_writes == before
    world.check_accounts()
