"""Messages of both sides down the real road: in any order, however often, against others who are faster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from shared.market_options.customers import CustomerSync
from shared.markets import BackEndType
from shared.model.customer_fields import same
from tests.contract.customers.test_no_loop import KINDS
from tests.contract.customers.world import World
from tests.fakes.commercetools import Json

ONE = "customers/customer-1"
PERSONAL = ("person@example.com", "renamed@example.com", "5550100", "5550111", "Example Street")


@pytest.fixture(params=KINDS)
async def kind(request: pytest.FixtureRequest) -> BackEndType:
    found: BackEndType = request.param
    return found


@pytest.fixture
async def world(kind: BackEndType) -> AsyncIterator[World]:
    sync = CustomerSync(create_in_back_end="always", create_in_commercetools="always", when_deleted="block")
    world = World(kind, sync=sync)
    await world.begin()
    await world.pull()  # whoever else there is becomes a customer of the shop, or a question
    await world.settle()
    world.shop.written = 0
    yield world
    await world.close()


def rename(document: Json) -> None:
    document["email"] = "renamed@example.com"


def call(number: str) -> Any:
    return lambda document: document["addresses"][0].update(phone=f"+49 30 {number}")


def message(world: World, kind: str) -> None:
    """A message beside the change that it tells; its order among others is nobody's promise."""
    number = len(world.pending) + len(world.shop.told)
    more = {"type": kind, "id": f"message-{number}", "sequenceNumber": number}
    world.shop.tell(ONE, "Message", **more)


async def deliver_in_any_order(world: World, dice: Random) -> None:
    """Every notification one to five times, all of them shuffled."""
    world._collect()
    pending = [one for one in world.pending for _ in range(dice.randrange(1, 6))]
    dice.shuffle(pending)
    world.pending.clear()
    for notification in pending:
        await notification()
        world.broker.take_in()
        await world.work(dice.randrange(3))
    await world.settle()


async def outcomes(world: World, key: str = "customer-1") -> list[str]:
    return [entry.outcome for entry in await world.bench.audit(key) if entry.step == "outcome"]


async def steps(world: World, key: str = "customer-1") -> list[str]:
    return [entry.step for entry in await world.bench.audit(key)]


@pytest.mark.parametrize("seed", range(3))
async def test_messages_of_changes_in_any_order_and_any_number_end_in_the_same_state(world: World, seed: int) -> None:
    for change, kinds in (
        (rename, ["CustomerEmailChanged", "CustomerPasswordUpdated"]),
        (call("5550111"), ["CustomerAddressChanged"]),
        (lambda document: document.update(lastName="Shopper"), ["CustomerLastNameSet", "CustomerEmailVerified"]),
    ):
        world.edit_shop("customer-1", change)
        for one in kinds:
            message(world, one)
    await deliver_in_any_order(world, Random(seed))
    theirs = (await world.state("customer-1")).fields
    assert (theirs["email"], theirs["phone"]) == ("renamed@example.com", "+49 30 5550111")
    await world.check_rest()
    world.check_accounts()
    assert (world.writes["back-end"] <= 3, world.shop.written) == (True, 0)


@pytest.mark.parametrize("seed", range(3))
async def test_a_deletion_with_erasure_in_any_order_ends_with_the_customer_blocked_and_forgotten(
    world: World, seed: int
) -> None:
    world.bench.road = replace(world.bench.road, mask=dict)  # so that there is something to erase
    world.edit_shop("customer-1", rename)
    await world.settle()
    number = (await world.state("customer-1")).number
    world.edit_shop("customer-1", call("5550111"))
    message(world, "CustomerDeleted")
    world.shop.delete(ONE, erasure=True)
    await deliver_in_any_order(world, Random(seed))
    assert (await world.state("customer-1")).fields["blocked"] is True
    assert await world.bench.state.snapshots.get(world.market.name, "customer", "customer-1") is None
    assert "personal data erased" in await steps(world)
    kept = [str(entry) async for entry in world.bench.state.audit.by_document_number(number)]
    kept += [str(entry) for entry in await world.bench.audit("customer-1")]
    assert kept
    assert [text for text in kept if any(value in text for value in PERSONAL)] == []
    world.check_accounts()
    # Nobody comes back: neither by the echo of the block, nor by a pull of everything, nor when they change it there.
    await world.edit_back_end("customer-1", {"phone": "+49 30 5550199"})
    await world.check_rest()
    assert [document["id"] for document in world.shop.all_of("customers") if document["id"] == "customer-1"] == []
    assert not [one for one in world.shop.all_of("customers") if one.get("externalId") == number]


async def test_a_shop_that_is_always_faster_is_left_for_later_and_then_told(kind: BackEndType) -> None:
    world = World(kind, {"owner": "dynamics"})
    await world.begin()
    await world.edit_back_end("customer-1", {"phone": "+49 30 5550111"})
    world.shop.changed_by_others = 4
    started = world.clock()
    await world.settle()
    assert world.shop.changed_by_others == 0
    assert world.shop.documents[ONE]["addresses"][0]["phone"] == "+49 30 5550111"
    assert (await steps(world)).count("changed meanwhile") == 4
    found = await outcomes(world)
    assert found.index("RetryAt") < len(found) - 1 - found[::-1].index("Done")
    assert found.count("RetryAt") == 1
    assert world.clock() - started >= timedelta(seconds=1)
    await world.check_rest()
    world.check_accounts()
    await world.close()


async def test_a_back_end_that_is_always_faster_is_left_for_later_and_then_told(world: World) -> None:
    left = [f"+49 30 555020{place}" for place in range(4)]

    async def be_faster() -> None:
        await world.edit_back_end("customer-1", {"phone": left.pop()})
        if left:
            world.ambush = be_faster

    world.edit_shop("customer-1", rename)
    world.ambush = be_faster
    await world.settle()
    theirs = (await world.state("customer-1")).fields
    assert (theirs["email"], theirs["phone"]) == ("renamed@example.com", "+49 30 5550100")
    assert (await steps(world)).count("changed meanwhile") >= 3
    assert (await outcomes(world)).count("RetryAt") == 1
    await world.check_rest()
    world.check_accounts()


async def test_our_own_half_done_write_never_wins_over_a_newer_change_of_the_shop(
    kind: BackEndType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The back-end was told, commercetools was faster: what is read again there is news, not a conflict."""
    world = World(kind, {"owner": "latest", "fields": {"phone": {"owner": "dynamics"}}})
    await world.begin()
    await world.edit_back_end("customer-1", {"phone": "+49 30 5550111"})
    world.edit_shop("customer-1", rename)
    told = world.under_test.sync.change_customer

    async def change_and_lose_the_race(*arguments: Any) -> Any:
        monkeypatch.setattr(world.under_test.sync, "change_customer", told)
        world.edit_shop("customer-1", lambda document: document.update(email="newest@example.com"))
        world.clock.advance(timedelta(minutes=1))
        return await told(*arguments)

    monkeypatch.setattr(world.under_test.sync, "change_customer", change_and_lose_the_race)
    await world.settle()
    assert world.shop.documents[ONE]["email"] == "newest@example.com"
    assert (await world.state("customer-1")).fields["email"] == "newest@example.com"
    assert await world.questions() == []
    assert "conflict" not in await steps(world)
    await world.check_rest()
    await world.close()


async def test_one_name_with_two_owners_comes_to_rest(kind: BackEndType) -> None:
    """A card of Business Central has one name, which is the company, too: one side owns both."""
    world = World(kind, {"owner": "commercetools", "fields": {"company": {"owner": "dynamics"}}})
    await world.begin()
    world.edit_shop("customer-2", lambda document: document.update(companyName="Example Trading Two"))
    await world.settle()
    ours, theirs = world.fields("customer-2"), (await world.state("customer-2")).fields
    assert [name for name in ("name", "company") if name in theirs and not same(ours[name], theirs[name])] == []
    await world.check_rest()
    await world.close()
