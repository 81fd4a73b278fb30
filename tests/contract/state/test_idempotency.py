from __future__ import annotations

import asyncio
from datetime import timedelta

from shared.state.protocols import State
from shared.state.records import AlreadyDone, Busy, Claimed, Superseding
from tests.contract.state.stores import Store

LEASE = timedelta(minutes=5)
SHORT = timedelta(seconds=1)
KEY = "orders:shop/order#1?"


async def claimed(state: State, payload_hash: str = "a", lease: timedelta = LEASE, after: str | None = None) -> Claimed:
    result = await state.idempotency.claim(KEY, payload_hash, lease, after=after)
    assert isinstance(result, Claimed)
    return result


async def test_the_first_claim_of_a_key_is_fresh(state: State) -> None:
    claim = await claimed(state)
    assert (claim.key, claim.fresh) == (KEY, True)


async def test_a_held_key_is_busy_until_its_lease_ends(state: State) -> None:
    await claimed(state)
    first = await state.idempotency.claim(KEY, "a", LEASE)
    second = await state.idempotency.claim(KEY, "b", timedelta(hours=9))
    assert isinstance(first, Busy)
    assert first == second


async def test_of_twenty_claims_at_once_exactly_one_holds_the_key(state: State) -> None:
    results = await asyncio.gather(*(state.idempotency.claim(KEY, "a", LEASE) for _ in range(20)))
    assert sorted(type(result).__name__ for result in results) == ["Busy"] * 19 + ["Claimed"]


async def test_of_twenty_claims_of_a_released_key_exactly_one_holds_it(state: State) -> None:
    await state.idempotency.release(await claimed(state))
    results = await asyncio.gather(*(state.idempotency.claim(KEY, "a", LEASE) for _ in range(20)))
    assert sorted(type(result).__name__ for result in results) == ["Busy"] * 19 + ["Claimed"]


async def test_different_keys_do_not_meet(state: State) -> None:
    first = await state.idempotency.claim("orders:1", "a", LEASE)
    second = await state.idempotency.claim("orders:2", "a", LEASE)
    assert isinstance(first, Claimed)
    assert isinstance(second, Claimed)


async def test_a_completed_key_answers_the_same_payload_with_its_result(state: State) -> None:
    claim = await claimed(state)
    assert await state.idempotency.complete(claim, {"number": "SO-1", "lines": [{"sku": "Größe ☃"}]})
    again = await state.idempotency.claim(KEY, "a", LEASE)
    assert again == AlreadyDone({"number": "SO-1", "lines": [{"sku": "Größe ☃"}]})


async def test_a_completed_key_is_superseding_for_another_payload_and_can_be_claimed_after_it(state: State) -> None:
    await state.idempotency.complete(await claimed(state), {"number": "SO-1"})
    superseding = await state.idempotency.claim(KEY, "b", LEASE)
    assert isinstance(superseding, Superseding)
    claim = await claimed(state, "b", after=superseding.etag)
    assert not claim.fresh
    assert await state.idempotency.complete(claim, {"number": "SO-2"})
    assert await state.idempotency.claim(KEY, "b", LEASE) == AlreadyDone({"number": "SO-2"})


async def test_an_etag_of_an_older_completion_does_not_claim(state: State) -> None:
    await state.idempotency.complete(await claimed(state), {})
    old = await state.idempotency.claim(KEY, "b", LEASE)
    assert isinstance(old, Superseding)
    await state.idempotency.complete(await claimed(state, "b", after=old.etag), {})
    again = await state.idempotency.claim(KEY, "c", LEASE, after=old.etag)
    assert isinstance(again, Superseding)
    assert again.etag != old.etag


async def test_of_twenty_claims_after_the_same_completion_exactly_one_holds_the_key(state: State) -> None:
    await state.idempotency.complete(await claimed(state), {})
    done = await state.idempotency.claim(KEY, "b", LEASE)
    assert isinstance(done, Superseding)
    results = await asyncio.gather(*(state.idempotency.claim(KEY, "b", LEASE, after=done.etag) for _ in range(20)))
    assert sorted(type(result).__name__ for result in results) == ["Busy"] * 19 + ["Claimed"]


async def test_a_lapsed_claim_is_taken_over_and_is_not_fresh(store: Store) -> None:
    await claimed(store.state, lease=SHORT)
    await store.let_pass(SHORT)
    assert not (await claimed(store.state)).fresh


async def test_a_late_worker_changes_nothing_of_its_successors_claim(store: Store) -> None:
    idempotency = store.state.idempotency
    late = await claimed(store.state, lease=SHORT)
    await store.let_pass(SHORT)
    successor = await claimed(store.state)
    assert not await idempotency.complete(late, {"number": "late"})
    assert not await idempotency.release(late)
    assert not await idempotency.mark_unknown(late)
    assert isinstance(await idempotency.claim(KEY, "a", LEASE), Busy)
    assert await idempotency.complete(successor, {"number": "successor"})
    assert await idempotency.claim(KEY, "a", LEASE) == AlreadyDone({"number": "successor"})


async def test_a_late_worker_cannot_undo_its_successors_completion(store: Store) -> None:
    late = await claimed(store.state, lease=SHORT)
    await store.let_pass(SHORT)
    await store.state.idempotency.complete(await claimed(store.state), {"number": "successor"})
    assert not await store.state.idempotency.release(late)
    assert not await store.state.idempotency.complete(late, {"number": "late"})
    assert await store.state.idempotency.claim(KEY, "a", LEASE) == AlreadyDone({"number": "successor"})


async def test_a_lapsed_claim_that_nobody_took_over_can_still_be_completed(store: Store) -> None:
    claim = await claimed(store.state, lease=SHORT)
    await store.let_pass(SHORT)
    assert await store.state.idempotency.complete(claim, {})


async def test_after_an_unknown_outcome_the_next_claim_is_not_fresh(state: State) -> None:
    assert await state.idempotency.mark_unknown(await claimed(state))
    assert not (await claimed(state)).fresh


async def test_after_a_release_the_next_claim_is_not_fresh(state: State) -> None:
    assert await state.idempotency.release(await claimed(state))
    assert not (await claimed(state)).fresh


async def test_settling_twice_the_same_way_is_true_and_another_way_is_false(state: State) -> None:
    claim = await claimed(state)
    assert await state.idempotency.complete(claim, {"number": "SO-1"})
    assert await state.idempotency.complete(claim, {"number": "SO-1"})
    assert not await state.idempotency.release(claim)
    assert await state.idempotency.claim(KEY, "a", LEASE) == AlreadyDone({"number": "SO-1"})


async def test_a_shorter_result_leaves_nothing_of_a_longer_one(state: State) -> None:
    await state.idempotency.complete(await claimed(state), {"text": "x" * 100_000})
    done = await state.idempotency.claim(KEY, "b", LEASE)
    assert isinstance(done, Superseding)
    await state.idempotency.complete(await claimed(state, "b", after=done.etag), {"text": "y"})
    assert await state.idempotency.claim(KEY, "b", LEASE) == AlreadyDone({"text": "y"})
