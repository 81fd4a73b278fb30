"""Processes that share a back-end's limits through one store, in one process and a hundred times as fast."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from shared.dynamics.limiter.limits import Limits
from shared.errors import Permanent, Throttled, Transient
from tests.unit.limiter.busy_back_end import RULES, BusyBackEnd, Process

THREE = Limits(in_flight=3, requests=60_000)
ONE = Limits(in_flight=1, requests=60_000)


@pytest.fixture
def back_end() -> BusyBackEnd:
    return BusyBackEnd()


async def throttled(process: Process) -> Throttled:
    with pytest.raises(Throttled) as raised:
        await process.get()
    return raised.value


async def test_one_process_alone_uses_all_slots_and_no_more(back_end: BusyBackEnd) -> None:
    process = back_end.process(THREE)
    await process.get_many(40)
    assert (back_end.most["user-1"], back_end.served["user-1"]) == (3, 40)


async def test_three_processes_together_use_no_more_slots_than_one_and_all_get_on(back_end: BusyBackEnd) -> None:
    processes = [back_end.process(THREE) for _ in range(3)]
    await asyncio.gather(*(process.get_many(40) for process in processes))
    assert (back_end.most["user-1"], back_end.served["user-1"]) == (3, 120)


async def test_more_processes_than_slots_take_turns(back_end: BusyBackEnd) -> None:
    processes = [back_end.process(ONE) for _ in range(4)]
    await asyncio.gather(*(process.get_many(5) for process in processes))
    assert (back_end.most["user-1"], back_end.served["user-1"]) == (1, 20)


async def test_several_application_users_add_up(back_end: BusyBackEnd) -> None:
    process = back_end.process(THREE, "user-1", "user-2")
    await process.get_many(100)
    assert back_end.most == {"user-1": 3, "user-2": 3}
    assert back_end.served["user-1"] + back_end.served["user-2"] == 100


async def test_a_user_that_must_pause_is_stood_in_for_by_another(back_end: BusyBackEnd) -> None:
    process = back_end.process(ONE, "user-1", "user-2")
    back_end.refuse = [httpx.Response(429, headers={"Retry-After": "60"})]
    with pytest.raises(Throttled):
        await process.get()
    paused = next(iter(back_end.served))
    await process.get_many(10)
    assert back_end.served[paused] == 1
    assert back_end.served.total() == 11


async def test_a_single_request_takes_a_slot_of_one_user_only(back_end: BusyBackEnd) -> None:
    await back_end.process(THREE, "user-1", "user-2").get()
    holders = [len((await back_end.store.sheet(user)).holders) for user in ("user-1", "user-2")]
    assert sorted(holders) == [0, 1]


async def test_whoever_would_wait_long_is_told_to_come_back(back_end: BusyBackEnd) -> None:
    back_end.seconds = 1.0
    first, second = back_end.process(ONE), back_end.process(ONE)
    running = asyncio.create_task(first.get())
    await back_end.reached.wait()
    error = await throttled(second)
    assert (error.code, error.status) == ("NoRoom", None)
    assert (error.retry_after or 0) >= 1
    assert back_end.served["user-1"] == 1
    assert await running == {}


async def test_requests_that_are_used_up_are_refused_without_a_call_until_some_are_earned(
    back_end: BusyBackEnd,
) -> None:
    process = back_end.process(Limits(in_flight=5, requests=10, window_seconds=1000))
    await process.get()
    error = await throttled(process)
    assert back_end.served["user-1"] == 1
    assert 60 < (error.retry_after or 0) < 1000 / 9 + 1


async def test_a_retry_after_that_one_process_met_stops_the_others_too(back_end: BusyBackEnd) -> None:
    first, second = back_end.process(THREE), back_end.process(THREE)
    await second.get()
    back_end.refuse = [httpx.Response(429, headers={"Retry-After": "30"})]
    await throttled(first)
    await asyncio.sleep(RULES.fresh)
    error = await throttled(second)
    assert 29 < (error.retry_after or 0) < 32
    assert back_end.served["user-1"] == 2


async def test_a_process_that_starts_during_a_pause_keeps_to_it(back_end: BusyBackEnd) -> None:
    back_end.refuse = [httpx.Response(429, headers={"Retry-After": "30"})]
    first = back_end.process(THREE)
    await throttled(first)
    await first.limiter.close()
    assert 28 < ((await throttled(back_end.process(THREE))).retry_after or 0) < 32
    assert back_end.served["user-1"] == 1


async def test_a_429_without_retry_after_pauses_for_a_while_and_then_goes_on(back_end: BusyBackEnd) -> None:
    patient = replace(RULES, max_wait=5.0)
    process = back_end.process(THREE, rules=patient)
    back_end.refuse = [httpx.Response(429)]
    await throttled(process)
    assert (await back_end.store.sheet()).ceiling is None
    await process.get_many(5)
    assert (await back_end.store.sheet()).ceiling == 1.5
    assert back_end.served["user-1"] == 6


async def test_a_recommended_parallelism_is_kept(back_end: BusyBackEnd) -> None:
    back_end.headers = {"x-ms-dop-hint": "2"}
    process = back_end.process(Limits(in_flight=52))
    await process.get()
    await asyncio.sleep(3 * RULES.settle)
    await process.get_many(40)
    assert back_end.most["user-1"] == 2


async def test_an_idle_process_gives_everything_back(back_end: BusyBackEnd) -> None:
    process = back_end.process(THREE)
    await process.get_many(10)
    assert (await back_end.store.sheet()).holders
    await asyncio.sleep(RULES.idle + 4 * RULES.settle)
    assert (await back_end.store.sheet()).holders == {}
    seen = back_end.store.operations
    await asyncio.sleep(5 * RULES.settle)
    assert back_end.store.operations == seen


async def test_a_process_that_ends_gives_everything_back_at_once(back_end: BusyBackEnd) -> None:
    process = back_end.process(THREE, "user-1", "user-2")
    await process.get_many(10)
    await process.limiter.close()
    assert [(await back_end.store.sheet(user)).holders for user in ("user-1", "user-2")] == [{}, {}]


async def test_many_requests_need_few_operations_of_the_store(back_end: BusyBackEnd) -> None:
    process = back_end.process(Limits(in_flight=50), rules=replace(RULES, settle=0.3, max_wait=5.0))
    for _ in range(20):
        await process.get_many(25)
    assert back_end.served["user-1"] == 500
    assert back_end.store.operations < 100


# The store fails


@pytest.mark.parametrize("method", ["read", "write"])
async def test_without_the_store_nothing_is_sent_and_with_it_everything_goes_on(
    back_end: BusyBackEnd, method: str
) -> None:
    back_end.store.broken = {method}
    process = back_end.process(THREE)
    with pytest.raises(Transient, match="no request without a grant"):
        await process.get()
    assert back_end.served["user-1"] == 0
    back_end.store.broken = set()
    await process.get_many(5)
    assert back_end.served["user-1"] == 5


async def test_grants_run_out_soon_after_the_store_failed(back_end: BusyBackEnd) -> None:
    process = back_end.process(THREE)
    await process.get()
    back_end.store.broken = {"read"}
    await asyncio.sleep(RULES.fresh)
    with pytest.raises(Transient):
        await process.get()
    assert back_end.served["user-1"] == 1


async def test_a_write_whose_answer_is_lost_ends_the_grants_until_the_next_settlement(back_end: BusyBackEnd) -> None:
    back_end.store.after = {"write"}
    process = back_end.process(THREE)
    with pytest.raises(Transient):
        await process.get()
    back_end.store.after = set()
    await process.get_many(9)
    assert (back_end.most["user-1"], back_end.served["user-1"]) == (3, 9)


async def test_a_missing_table_is_no_reason_to_give_a_message_up(back_end: BusyBackEnd) -> None:
    back_end.store.broken = {"read"}
    back_end.store.error = Permanent("Azure Tables", "read leases", "Create the tables first")
    with pytest.raises(Transient, match="Create the tables first"):
        await back_end.process(THREE).get()


# Callers that go away


async def test_a_caller_that_stops_waiting_leaves_its_place_to_the_others(back_end: BusyBackEnd) -> None:
    back_end.seconds = 0.05
    process = back_end.process(ONE)
    callers = [asyncio.create_task(process.get()) for _ in range(6)]
    await asyncio.sleep(0.01)
    for caller in callers[1:4]:
        caller.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(result) for result in results[1:4]] == [asyncio.CancelledError] * 3
    assert [results[0], *results[4:]] == [{}, {}, {}]
    assert back_end.most["user-1"] == 1


async def test_a_request_that_breaks_frees_its_slot(back_end: BusyBackEnd) -> None:
    process = back_end.process(ONE)
    back_end.refuse = [httpx.Response(500), httpx.Response(404)]
    for kind in (Transient, Permanent):
        with pytest.raises(kind):
            await process.get()
    assert await process.get() == {}


async def test_a_renewed_token_counts_as_two_requests(back_end: BusyBackEnd) -> None:
    # Three of the hundred may go at once, and hardly one is earned within the test.
    process = back_end.process(Limits(in_flight=5, requests=100, window_seconds=100_000))
    back_end.refuse = [httpx.Response(401)]
    await process.get()
    await process.limiter.close()
    assert back_end.served["user-1"] == 2
    assert round((await back_end.store.sheet()).tokens, 1) == 1.0
