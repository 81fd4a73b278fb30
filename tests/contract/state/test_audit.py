from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from shared.state.protocols import State
from shared.state.records import AuditEntry

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


def entry(step: str, at: datetime = MIDNIGHT, entity_id: str = "order/1", **fields: str) -> AuditEntry:
    values: dict[str, Any] = {
        "outcome": "done",
        "why": "OrderCreated",
        "actor": "flow",
        "correlation_id": "correlation-1",
    } | fields
    return AuditEntry(
        at=at, flow="orders", market="emea", entity_type="order", entity_id=entity_id, step=step, **values
    )


async def append(state: State, *entries: AuditEntry) -> None:
    for each in entries:
        await state.audit.append(each)


async def test_an_entry_comes_back_whole(state: State) -> None:
    written = AuditEntry(
        MIDNIGHT, "orders", "emea", "order", "order-1", "write", "done", "why", "flow", "correlation-1",
        attempt=3, document_number="SO-1", dynamics_id="id-1", before={"a": 1}, after={"a": [2, "ü"]}, closes="item-1",
    )  # fmt: skip
    await state.audit.append(written)
    assert [found async for found in state.audit.by_entity("order-1")] == [written]


async def test_entries_of_one_entity_are_read_oldest_first_however_they_arrived(state: State) -> None:
    late, early = entry("late", MIDNIGHT + timedelta(microseconds=1)), entry("early")
    await append(state, late, entry("foreign", entity_id="order/2"), early)
    assert [found async for found in state.audit.by_entity("order/1")] == [early, late]


async def test_entries_of_the_same_instant_keep_their_order_of_arrival(state: State) -> None:
    written = [entry(f"step {number}") for number in (3, 1, 2, 9, 0, 7, 5)]
    await append(state, *written)
    assert [found async for found in state.audit.by_entity("order/1")] == written
    assert [found async for found in state.audit.by_day(MIDNIGHT)] == written


async def test_a_day_is_a_utc_day_and_merges_all_entities_oldest_first(state: State) -> None:
    inside = [entry(f"{number}", MIDNIGHT + timedelta(minutes=number), f"order-{number % 40}") for number in range(60)]
    before = entry("before", MIDNIGHT - timedelta(microseconds=1))
    after = entry("after", MIDNIGHT + timedelta(days=1))
    await append(state, before, *reversed(inside), after)
    assert [found async for found in state.audit.by_day(MIDNIGHT + timedelta(hours=13))] == inside
    in_tokyo = datetime(2026, 11, 25, 3, tzinfo=timezone(timedelta(hours=9)))
    assert [found async for found in state.audit.by_day(in_tokyo)] == inside


async def test_a_day_can_be_read_by_outcome(state: State) -> None:
    done, refused = entry("1"), entry("2", outcome="dead letter's", entity_id="order-2")
    await append(state, done, refused)
    assert [found async for found in state.audit.by_day(MIDNIGHT, "dead letter's")] == [refused]
    assert [found async for found in state.audit.by_day(MIDNIGHT, "no such")] == []


async def test_a_document_number_finds_every_entry_of_the_entities_that_carry_it(state: State) -> None:
    first = entry("accepted", document_number="ORD/1")
    second = entry("created", MIDNIGHT + timedelta(seconds=2), document_number="SO-1")
    third = entry("written back", MIDNIGHT + timedelta(seconds=3))
    payment = entry("paid", MIDNIGHT + timedelta(seconds=1), "payment-1", document_number="ORD/1")
    await append(state, first, second, third, payment, entry("foreign", entity_id="order/2"))
    assert [found async for found in state.audit.by_document_number("ORD/1")] == [first, payment, second, third]
    assert [found async for found in state.audit.by_document_number("SO-1")] == [first, second, third]
    assert [found async for found in state.audit.by_document_number("ORD")] == []
    assert [found async for found in state.audit.by_document_number("")] == []
