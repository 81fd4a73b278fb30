"""What is old goes; what somebody may still need stays, however old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.state.protocols import State
from shared.state.records import AlreadyDone, AuditEntry, Claimed, Question, ReviewItem, WaitingMessage
from shared.state.tables import TablesState
from shared.state.tables.keys import key
from tests.contract.state.stores import Store

LEASE = timedelta(minutes=5)
A_WHILE = timedelta(seconds=0.2)
DAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUESTION = Question("emea", "item", "sku:A", "Which item is SKU A?")
WAITING = WaitingMessage("orders", "message-1", 7, "order-1")


async def claimed(state: State, name: str) -> Claimed:
    claim = await state.idempotency.claim(name, "a", LEASE)
    assert isinstance(claim, Claimed)
    return claim


async def done(state: State, name: str) -> None:
    assert await state.idempotency.complete(await claimed(state, name), {"number": name})


async def half_time(store: Store) -> datetime:
    """A moment after all that was written and before all that will be."""
    await store.let_pass(A_WHILE)
    moment = store.now()
    await store.let_pass(A_WHILE)
    return moment


# Idempotency


async def test_old_keys_that_are_done_are_forgotten_and_later_ones_are_not(store: Store) -> None:
    for name in ("old-1", "old-2"):
        await done(store.state, name)
    before = await half_time(store)
    await done(store.state, "young")
    assert await store.state.idempotency.forget_done(before, 100) == 2
    assert (await claimed(store.state, "old-1")).fresh
    assert await store.state.idempotency.claim("young", "a", LEASE) == AlreadyDone({"number": "young"})
    assert await store.state.idempotency.forget_done(before, 100) == 0


async def test_keys_that_are_not_done_are_never_forgotten(store: Store) -> None:
    idempotency = store.state.idempotency
    await idempotency.release(await claimed(store.state, "released"))
    await idempotency.mark_unknown(await claimed(store.state, "unknown"))
    held = await claimed(store.state, "held")
    assert await idempotency.forget_done(await half_time(store), 100) == 0
    assert not (await claimed(store.state, "released")).fresh
    assert not (await claimed(store.state, "unknown")).fresh
    assert await idempotency.complete(held, {})


async def test_no_more_keys_are_forgotten_than_one_run_may(store: Store) -> None:
    for number in range(5):
        await done(store.state, f"order-{number}")
    before = await half_time(store)
    assert [await store.state.idempotency.forget_done(before, 2) for _ in range(4)] == [2, 2, 1, 0]


# Audit


def entry(days_ago: int, entity_id: str = "order-1", number: str = "") -> AuditEntry:
    at = DAY - timedelta(days=days_ago)
    return AuditEntry(
        at, "orders", "emea", "order", entity_id, f"step {days_ago}", "Done", "", "flow", "c", document_number=number
    )


async def append(state: State, *entries: AuditEntry) -> None:
    for each in entries:
        await state.audit.append(each)


async def of_entity(state: State, entity_id: str = "order-1") -> list[AuditEntry]:
    return [found async for found in state.audit.by_entity(entity_id)]


async def of_number(state: State, number: str) -> list[AuditEntry]:
    return [found async for found in state.audit.by_document_number(number)]


async def test_entries_of_days_that_ended_before_are_forgotten_in_every_listing(state: State) -> None:
    old, edge, young = entry(3, number="SO-1"), entry(2), entry(1)
    await append(state, young, old, edge)
    assert await state.audit.forget(DAY - timedelta(days=2), 100) == 1
    assert await of_entity(state) == [edge, young]
    assert [found async for found in state.audit.by_day(old.at)] == []
    assert [found async for found in state.audit.by_day(edge.at)] == [edge]


async def test_an_entity_is_found_by_the_numbers_of_the_entries_that_are_left(state: State) -> None:
    await append(state, entry(9, "gone", "SO-1"), entry(9, "kept", "SO-2"), entry(1, "kept", "SO-2"))
    assert await state.audit.forget(DAY - timedelta(days=5), 100) == 2
    assert await of_number(state, "SO-1") == []
    assert await of_number(state, "SO-2") == [entry(1, "kept", "SO-2")]


async def test_the_oldest_days_go_first_and_no_more_than_one_run_may(state: State) -> None:
    await append(state, *(entry(days, f"order-{days}") for days in (7, 9, 8, 1)))
    before = DAY - timedelta(days=5)
    assert await state.audit.forget(before, 2) == 2
    assert await of_entity(state, "order-7") == [entry(7, "order-7")]
    assert [await state.audit.forget(before, 2) for _ in range(2)] == [1, 0]
    assert await of_entity(state, "order-1") == [entry(1, "order-1")]


async def test_more_entries_than_one_transaction_takes_are_forgotten(state: State) -> None:
    await append(state, *(replace(entry(9, "order-1"), step=f"{number}") for number in range(120)))
    assert await state.audit.forget(DAY, 1000) == 120
    assert await of_entity(state) == []


# Review


async def resolved(state: State, about: str, *waiting: WaitingMessage) -> ReviewItem:
    item = await state.review.ask(replace(QUESTION, key=about), None)
    for message in waiting:
        await state.review.ask(replace(QUESTION, key=about), message)
    return await state.review.resolve(item.id, {"item": "1000"}, "reviewer@example.com")


async def test_old_resolved_items_are_forgotten_and_later_ones_are_not(store: Store) -> None:
    old = await resolved(store.state, "old", WAITING, replace(WAITING, sequence_number=8))
    before = await half_time(store)
    young = await resolved(store.state, "young")
    assert await store.state.review.forget_resolved(before, 100) == 1
    assert await store.state.review.get(old.id) is None
    assert [item async for item in store.state.review.list_items("resolved")] == [young]


async def test_open_items_are_never_forgotten(store: Store) -> None:
    item = await store.state.review.ask(QUESTION, WAITING)
    assert await store.state.review.forget_resolved(await half_time(store), 100) == 0
    assert await store.state.review.get(item.id) == item


async def test_a_forgotten_question_that_is_asked_again_is_a_new_item_with_nothing_waiting(store: Store) -> None:
    old = await resolved(store.state, "sku:A", WAITING)
    await store.state.review.forget_resolved(await half_time(store), 100)
    again = await store.state.review.ask(QUESTION, None)
    assert again.id != old.id
    assert (again.status, again.asked, again.waiting) == ("open", 1, ())


async def test_no_more_items_are_forgotten_than_one_run_may(store: Store) -> None:
    for number in range(5):
        await resolved(store.state, f"sku:{number}")
    before = await half_time(store)
    assert [await store.state.review.forget_resolved(before, 2) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.parametrize("kind", ["idempotency", "audit", "review"])
async def test_forgetting_where_nothing_is_does_nothing(state: State, kind: str) -> None:
    forget = {
        "idempotency": state.idempotency.forget_done,
        "audit": state.audit.forget,
        "review": state.review.forget_resolved,
    }
    assert await forget[kind](datetime(2200, 1, 1, tzinfo=UTC), 100) == 0


async def test_no_pointer_is_left_of_a_number_that_no_entry_carries(tables_state: TablesState) -> None:
    await append(tables_state, entry(9, number="SO-1"))
    index = tables_state._tables["auditindex"]
    assert len([row async for row in index.rows(key("n", "SO-1"))]) == 1
    assert await tables_state.audit.forget(datetime(2200, 1, 1, tzinfo=UTC), 100) == 1
    assert [row async for row in index.rows(key("n", "SO-1"))] == []


async def test_an_item_that_many_messages_wait_for_goes_with_all_of_them(tables_state: TablesState) -> None:
    item = await resolved(tables_state, "sku:A", *(replace(WAITING, sequence_number=number) for number in range(120)))
    table = tables_state._tables["review"]
    assert await tables_state.review.forget_resolved(datetime(2200, 1, 1, tzinfo=UTC), 100) == 1
    rows = [row.row_key async for row in table.rows(item.id[0])]
    assert [row_key.partition(":")[0] for row_key in rows] == ["question"]
