from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import Conflict
from shared.state.protocols import State
from shared.state.records import IdPair

PAIR = IdPair("emea", "order", "ct/1#a?b\\c", "00000000-0000-0000-0000-000000000001", "SO-1", {"company": "CRONUS"})


async def partners(state: State, commercetools_id: str, dynamics_id: str) -> tuple[IdPair | None, IdPair | None]:
    return (
        await state.id_map.by_commercetools_id("emea", "order", commercetools_id),
        await state.id_map.by_dynamics_id("emea", "order", dynamics_id),
    )


async def test_a_pair_is_found_from_both_sides(state: State) -> None:
    await state.id_map.put(PAIR)
    assert await partners(state, PAIR.commercetools_id, PAIR.dynamics_id) == (PAIR, PAIR)


async def test_an_unknown_id_has_no_partner(state: State) -> None:
    assert await partners(state, "nothing", "nothing") == (None, None)


async def test_putting_a_pair_again_replaces_its_details_on_both_sides(state: State) -> None:
    await state.id_map.put(PAIR)
    changed = replace(PAIR, dynamics_number="SO-2", details={})
    await state.id_map.put(changed)
    assert await partners(state, PAIR.commercetools_id, PAIR.dynamics_id) == (changed, changed)


@pytest.mark.parametrize("taken", [{"commercetools_id": "other"}, {"dynamics_id": "other"}])
async def test_an_id_that_belongs_to_another_partner_is_a_conflict(state: State, taken: dict[str, Any]) -> None:
    await state.id_map.put(PAIR)
    second = replace(PAIR, **taken)
    with pytest.raises(Conflict, match="belong together already"):
        await state.id_map.put(second)
    assert await partners(state, PAIR.commercetools_id, PAIR.dynamics_id) == (PAIR, PAIR)
    assert await partners(state, "other", "other") == (None, None)


async def test_the_same_ids_in_another_scope_or_entity_are_another_pair(state: State) -> None:
    await state.id_map.put(PAIR)
    await state.id_map.put(replace(PAIR, scope="apac", dynamics_id="2"))
    await state.id_map.put(replace(PAIR, entity="customer", dynamics_id="3"))
    assert await partners(state, PAIR.commercetools_id, PAIR.dynamics_id) == (PAIR, PAIR)


async def test_a_removed_pair_frees_both_ids(state: State) -> None:
    await state.id_map.put(PAIR)
    await state.id_map.remove(PAIR)
    assert await partners(state, PAIR.commercetools_id, PAIR.dynamics_id) == (None, None)
    await state.id_map.put(replace(PAIR, dynamics_id="2"))
    await state.id_map.put(replace(PAIR, commercetools_id="2"))


async def test_removing_a_pair_that_is_not_there_touches_no_other(state: State) -> None:
    await state.id_map.put(PAIR)
    await state.id_map.remove(replace(PAIR, dynamics_id="2"))
    await state.id_map.remove(replace(PAIR, commercetools_id="2"))
    assert await partners(state, PAIR.commercetools_id, PAIR.dynamics_id) == (PAIR, PAIR)


@pytest.mark.parametrize("contested", ["commercetools_id", "dynamics_id"])
async def test_of_ten_puts_at_once_for_one_id_at_most_one_succeeds_and_it_is_kept(state: State, contested: str) -> None:
    free = "dynamics_id" if contested == "commercetools_id" else "commercetools_id"
    partners_of: list[dict[str, Any]] = [{free: f"partner-{number}"} for number in range(10)]
    pairs = [replace(PAIR, **partner) for partner in partners_of]
    results = await asyncio.gather(*(state.id_map.put(pair) for pair in pairs), return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), Conflict}
    winners = [pair for pair, result in zip(pairs, results, strict=True) if result is None]
    found = [await partners(state, pair.commercetools_id, pair.dynamics_id) for pair in pairs]
    kept = [pair for pair, sides in zip(pairs, found, strict=True) if sides == (pair, pair)]
    assert len(winners) <= 1
    assert kept == winners


async def test_the_same_pair_put_ten_times_at_once_is_one_pair(state: State) -> None:
    await asyncio.gather(*(state.id_map.put(PAIR) for _ in range(10)))
    assert await partners(state, PAIR.commercetools_id, PAIR.dynamics_id) == (PAIR, PAIR)
