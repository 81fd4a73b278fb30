"""No loop: whatever both sides change, and whenever it is told, it comes to rest, and nothing is written in vain."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from shared.markets import BackEndType
from tests.contract.customers.edits import Hands, random_rules
from tests.contract.customers.world import World

KINDS: tuple[BackEndType, ...] = ("business_central", "dataverse", "finance")
EDITS = 200
ROUNDS = 6  # of asking a person; an answer may be overtaken by what somebody else has changed
MOST_REQUESTS = 3  # of one change in Finance: an address is a row of its own, and so is each that was taken away


async def something_happens(world: World, hands: Hands, dice: Random) -> None:
    """One thing, at random: an edit, a delivery in any order and up to three times, work, a pull, a sweep."""
    world.clock.advance(timedelta(seconds=dice.choice((0, 0.2, 1, 7, 90))))
    match dice.choices(("edit", "race", "deliver", "work", "pull", "sweep"), (30, 4, 40, 50, 4, 2))[0]:
        case "edit":
            await hands.edit()
        case "race":
            world.ambush = hands.edit
        case "deliver":
            await world.deliver(dice.randrange(1000), dice.randrange(1, 4))
        case "work":
            await world.work(dice.randrange(1, 4))
        case "pull":
            await world.pull()
        case _:
            await world.sweep()


async def come_to_rest(world: World, hands: Hands) -> None:
    world.ambush = None
    await world.settle()
    for _ in range(ROUNDS):
        if not await world.questions():
            break
        await hands.answer_questions()
    assert await world.questions() == []


async def check_everything(world: World, hands: Hands) -> None:
    await hands.check()
    await world.check_rest()
    world.check_accounts()
    per_change = MOST_REQUESTS if world.kind == "finance" else 1
    assert world.shop.written <= hands.edits
    assert world.writes["back-end"] <= hands.edits
    assert world.writes["requests"] <= hands.edits * per_change


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1])
async def test_two_hundred_random_edits_on_both_sides_come_to_rest(kind: BackEndType, seed: int) -> None:
    dice = Random(seed)
    world = World(kind, random_rules(dice))
    hands = Hands(world, dice)
    await world.begin()
    while hands.edits < EDITS:
        await something_happens(world, hands, dice)
    await come_to_rest(world, hands)
    await check_everything(world, hands)
    await world.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("owner", ["latest", "review"])
async def test_who_takes_turns_is_never_asked_and_each_change_is_one_write_on_the_other_side(
    kind: BackEndType, owner: str
) -> None:
    world = World(kind, {"owner": owner})
    hands = Hands(world, Random(7))
    await world.begin()
    for turn in range(12):
        side = ("commercetools", "dynamics")[turn % 2]
        before = world.shop.written, world.writes["back-end"]
        await hands.edit(side)
        world.clock.advance(timedelta(minutes=1))
        await world.settle()
        wrote = world.shop.written - before[0], world.writes["back-end"] - before[1]
        assert wrote in ((0, 0), (0, 1) if side == "commercetools" else (1, 0))
    assert await world.questions() == []
    for key in ("customer-1", "customer-2"):
        assert "conflict" not in [entry.step for entry in await world.bench.audit(key)]
    await hands.check()
    assert world.shop.written + world.writes["back-end"] > hands.edits / 2
    await world.close()
