"""Lease sheets: conditional, apart from each other, and dated by the store's clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import Permanent
from shared.state.protocols import State
from shared.state.tables import TablesState
from shared.state.tables.leases import StoreTime
from tests.contract.state.stores import CLOCK_RESOLUTION, Store, unused_prefix

KEY = "https://bc.example.com/v2.0/tenant/production/api/v2.0|client/1?"
SHEET = {"holders": {"a": {"slots": 2}}, "tokens": 1.25, "text": "Größe ☃"}


async def test_a_sheet_that_nobody_wrote_is_empty_and_can_be_written(state: State) -> None:
    sheet = await state.leases.read(KEY)
    assert sheet.data == {}
    assert await state.leases.write(KEY, SHEET, sheet.etag)
    assert (await state.leases.read(KEY)).data == SHEET


async def test_a_sheet_is_replaced_as_a_whole(state: State) -> None:
    await state.leases.write(KEY, SHEET, (await state.leases.read(KEY)).etag)
    assert await state.leases.write(KEY, {"tokens": 3}, (await state.leases.read(KEY)).etag)
    assert (await state.leases.read(KEY)).data == {"tokens": 3}


async def test_a_sheet_that_somebody_wrote_meanwhile_is_left_alone(state: State) -> None:
    seen = await state.leases.read(KEY)
    assert await state.leases.write(KEY, SHEET, seen.etag)
    assert not await state.leases.write(KEY, {"tokens": 3}, seen.etag)
    assert (await state.leases.read(KEY)).data == SHEET


async def test_of_ten_writers_at_once_exactly_one_writes(state: State) -> None:
    seen = await state.leases.read(KEY)
    written = await asyncio.gather(*(state.leases.write(KEY, {"writer": number}, seen.etag) for number in range(10)))
    assert sorted(written) == [False] * 9 + [True]
    assert (await state.leases.read(KEY)).data == {"writer": written.index(True)}


async def test_ten_processes_that_meet_an_absent_sheet_see_the_same_one(state: State) -> None:
    seen = await asyncio.gather(*(state.leases.read(KEY) for _ in range(10)))
    assert len({sheet.etag for sheet in seen}) == 1


async def test_sheets_of_different_keys_do_not_meet(state: State) -> None:
    await state.leases.write("bc|user-1", SHEET, (await state.leases.read("bc|user-1")).etag)
    assert (await state.leases.read("bc|user-2")).data == {}


async def test_the_time_of_a_sheet_moves_with_the_stores_clock(store: Store) -> None:
    pause = timedelta(seconds=2)
    before = (await store.state.leases.read(KEY)).now
    await store.let_pass(pause)
    passed = (await store.state.leases.read(KEY)).now - before
    assert pause <= passed + CLOCK_RESOLUTION
    assert passed > timedelta(seconds=1)


async def test_a_missing_table_says_what_to_do(tables_connection_string: str) -> None:
    state = TablesState.from_connection_string(tables_connection_string, prefix=unused_prefix())
    try:
        with pytest.raises(Permanent, match="Create the tables first"):
            await state.leases.read(KEY)
    finally:
        await state.close()


TWELVE = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("started_at", [0.0, 0.25, 0.999])
def test_the_time_is_never_ahead_of_the_store_and_soon_close_to_it(started_at: float) -> None:
    elapsed = 0.0
    time = StoreTime(lambda: 7000 + elapsed)
    for _ in range(40):
        true = TWELVE + timedelta(seconds=started_at + elapsed)
        found = time.after(true.replace(microsecond=0))
        assert found <= true + timedelta(microseconds=2)
        elapsed += 0.37
    assert true - found < timedelta(seconds=0.05)


def test_the_time_follows_a_store_whose_clock_was_set_back() -> None:
    elapsed = 0.0
    time = StoreTime(lambda: elapsed)
    time.after(TWELVE + timedelta(minutes=5))
    for _ in range(64):
        elapsed += 1
        found = time.after(TWELVE + timedelta(seconds=elapsed))
    assert found == TWELVE + timedelta(seconds=elapsed)
