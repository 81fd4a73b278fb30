from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.errors import Conflict, NotFound
from shared.state.protocols import State
from shared.state.records import Question, ReviewItem, WaitingMessage

QUESTION = Question(
    "emea", "mapping", "sku:A/1#x", "Which item is SKU A/1#x?", {"sku": "A/1#x"}, {"items": []}, "map it"
)
WAITING = WaitingMessage("orders", "message-1", 7, "order-1")


async def listed(state: State, status: str = "open") -> list[ReviewItem]:
    return [item async for item in state.review.list_items(status)]


async def test_a_question_opens_an_item(state: State) -> None:
    item = await state.review.ask(QUESTION, WAITING)
    assert (item.question, item.status, item.asked, item.waiting) == (QUESTION, "open", 1, (WAITING,))
    assert item.first_asked_at == item.last_asked_at
    assert await state.review.get(item.id) == item
    assert await listed(state) == [item]


async def test_the_same_question_counts_up_and_a_message_waits_once(state: State) -> None:
    other = replace(WAITING, message_id="message-2", sequence_number=8)
    first = await state.review.ask(QUESTION, WAITING)
    await state.review.ask(QUESTION, WAITING)
    await state.review.ask(QUESTION, None)
    last = await state.review.ask(QUESTION, other)
    assert (last.id, last.asked, last.waiting) == (first.id, 4, (WAITING, other))
    assert last.first_asked_at == first.first_asked_at
    assert last.last_asked_at > first.last_asked_at
    assert await listed(state) == [last]


async def test_a_question_asked_again_shows_the_newest_values(state: State) -> None:
    first = await state.review.ask(QUESTION, None)
    newest = replace(QUESTION, dynamics={"items": ["1000"]})
    await state.review.ask(newest, None)
    found = await state.review.get(first.id)
    assert found is not None
    assert found.question == newest


async def test_the_same_key_in_another_scope_is_another_question(state: State) -> None:
    first = await state.review.ask(QUESTION, None)
    second = await state.review.ask(replace(QUESTION, scope="apac"), None)
    assert [item.id for item in await listed(state)] == [first.id, second.id]


async def test_open_items_are_listed_oldest_first(state: State) -> None:
    asked = [await state.review.ask(replace(QUESTION, key=f"sku:{number}"), None) for number in range(20)]
    assert await listed(state) == asked


async def test_twenty_messages_asking_at_once_open_one_item_and_all_wait(state: State) -> None:
    messages = [replace(WAITING, message_id=f"message-{number}", sequence_number=number) for number in range(20)]
    await asyncio.gather(*(state.review.ask(QUESTION, message) for message in messages))
    [item] = await listed(state)
    assert item.asked == 20
    assert sorted(item.waiting, key=lambda message: message.sequence_number) == messages


async def test_a_resolved_item_keeps_the_decision_and_is_no_longer_open(state: State) -> None:
    item = await state.review.ask(QUESTION, WAITING)
    resolved = await state.review.resolve(item.id, {"item": "1000"}, "reviewer@example.com")
    assert (resolved.status, resolved.decision, resolved.resolved_by) == (
        "resolved",
        {"item": "1000"},
        "reviewer@example.com",
    )
    assert resolved.resolved_at is not None
    assert resolved.resolved_at >= item.last_asked_at
    assert resolved.waiting == (WAITING,)
    assert await state.review.get(item.id) == resolved
    assert await listed(state) == []
    assert await listed(state, "resolved") == [resolved]


async def test_resolving_twice_is_a_conflict_that_names_who_was_first(state: State) -> None:
    item = await state.review.ask(QUESTION, None)
    await state.review.resolve(item.id, {"item": "1000"}, "first@example.com")
    with pytest.raises(Conflict, match=r"first@example\.com resolved it"):
        await state.review.resolve(item.id, {"item": "2000"}, "second@example.com")
    found = await state.review.get(item.id)
    assert found is not None
    assert found.decision == {"item": "1000"}


async def test_of_ten_people_resolving_at_once_one_succeeds(state: State) -> None:
    item = await state.review.ask(QUESTION, None)
    results = await asyncio.gather(
        *(state.review.resolve(item.id, {"item": str(number)}, "reviewer") for number in range(10)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 9 + ["ReviewItem"]


@pytest.mark.parametrize("item_id", ["", "nothing", "a/b?c#d", "ü"])
async def test_an_unknown_item_is_not_found(state: State, item_id: str) -> None:
    assert await state.review.get(item_id) is None
    with pytest.raises(NotFound, match="no such review item"):
        await state.review.resolve(item_id, {}, "reviewer@example.com")


async def test_a_resolved_question_opens_anew_and_the_resolved_item_stays(state: State) -> None:
    first = await state.review.ask(QUESTION, WAITING)
    resolved = await state.review.resolve(first.id, {"item": "1000"}, "reviewer@example.com")
    second = await state.review.ask(QUESTION, None)
    assert second.id != first.id
    assert (second.status, second.asked, second.waiting, second.decision) == ("open", 1, (), {})
    assert await state.review.get(first.id) == resolved
    assert await listed(state) == [second]


async def test_nothing_that_asks_while_a_person_resolves_is_lost(state: State) -> None:
    item = await state.review.ask(QUESTION, None)
    messages = [replace(WAITING, sequence_number=number) for number in range(10)]
    await asyncio.gather(
        *(state.review.ask(QUESTION, message) for message in messages[:5]),
        state.review.resolve(item.id, {"item": "1000"}, "reviewer@example.com"),
        *(state.review.ask(QUESTION, message) for message in messages[5:]),
    )
    items = await listed(state, "resolved") + await listed(state)
    waiting = [message for item in items for message in item.waiting]
    assert sorted(waiting, key=lambda message: message.sequence_number) == messages
    assert [item.status for item in items].count("resolved") == 1
