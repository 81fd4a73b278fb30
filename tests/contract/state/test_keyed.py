from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.state.protocols import State
from shared.state.records import Failure, Snapshot

AT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
FAILURE = Failure("orders", "message-1", 7, "orders", "order-1", "refused", "unknown SKU", "correlation-1", AT)
ODD_KEYS = [
    "a/b",
    "a\\b",
    "a#b",
    "a?b",
    "a%b",
    "a%2Fb",
    "a'b",
    'a"b',
    "a\tb\x7f",
    "a b",
    "ü☃🛒",
    "~",
    "a|b",
    "x" * 3000,
    "",
]


async def test_a_cursor_is_none_before_the_first_pull_and_then_moves(state: State) -> None:
    assert await state.cursors.get("orders:shop") is None
    await state.cursors.put("orders:shop", "2026-03-29T01:30:00.000Z|id-1")
    await state.cursors.put("orders:shop", "2026-03-29T01:31:00.000Z|id-2")
    assert await state.cursors.get("orders:shop") == "2026-03-29T01:31:00.000Z|id-2"


async def test_keys_with_odd_characters_stay_apart(state: State) -> None:
    for key in ODD_KEYS:
        await state.cursors.put(key, f"value of {key[:10]} {len(key)}")
    found = {key: await state.cursors.get(key) for key in ODD_KEYS}
    assert found == {key: f"value of {key[:10]} {len(key)}" for key in ODD_KEYS}


async def test_parts_of_a_key_do_not_run_together(state: State) -> None:
    one = Snapshot("a", "b:c", "d", 1, {"name": "one"}, AT)
    other = Snapshot("a", "b", "c:d", 2, {"name": "other"}, AT)
    third = Snapshot("a|b", "c", "d", 3, {"name": "third"}, AT)
    for snapshot in (one, other, third):
        await state.snapshots.put(snapshot)
    assert [await state.snapshots.get(kept.scope, kept.entity, kept.entity_id) for kept in (one, other, third)] == [
        one,
        other,
        third,
    ]


async def test_a_snapshot_is_replaced(state: State) -> None:
    first = Snapshot("emea", "order", "order-1", 3, {"total": "10.00", "lines": [1, 2]}, AT)
    second = replace(first, commercetools_version=4, data={"total": "9.99"})
    assert await state.snapshots.get("emea", "order", "order-1") is None
    await state.snapshots.put(first)
    assert await state.snapshots.get("emea", "order", "order-1") == first
    await state.snapshots.put(second)
    assert await state.snapshots.get("emea", "order", "order-1") == second


@pytest.mark.parametrize("character", ["x", "\n"])
async def test_a_snapshot_of_200_kilobytes_comes_back_whole(state: State, character: str) -> None:
    data = {f"line-{number}": character * 1_000 for number in range(200)}
    snapshot = Snapshot("emea", "order", "order-1", 1, data, AT)
    await state.snapshots.put(snapshot)
    assert await state.snapshots.get("emea", "order", "order-1") == snapshot


async def test_a_snapshot_is_not_changed_through_the_callers_mapping(state: State) -> None:
    data = {"total": "10.00"}
    await state.snapshots.put(Snapshot("emea", "order", "order-1", 1, data, AT))
    data["total"] = "0.00"
    found = await state.snapshots.get("emea", "order", "order-1")
    assert found is not None
    assert found.data == {"total": "10.00"}


async def test_a_failure_is_found_for_its_own_delivery_only(state: State) -> None:
    await state.failures.put(FAILURE)
    assert await state.failures.get("orders", "message-1", 7) == FAILURE
    assert await state.failures.get("orders", "message-1", 8) is None
    assert await state.failures.get("customers", "message-1", 7) is None


async def test_the_latest_failure_is_the_one_with_the_highest_sequence_number(state: State) -> None:
    assert await state.failures.latest("orders", "message-1") is None
    for number in (9, 10_000_000_000, 10):
        await state.failures.put(replace(FAILURE, sequence_number=number))
    await state.failures.put(replace(FAILURE, message_id="message-2", sequence_number=99_000_000_000))
    assert await state.failures.latest("orders", "message-1") == replace(FAILURE, sequence_number=10_000_000_000)
