"""Review items in a dict."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from shared.state.codec import copied
from shared.state.records import JSON, Question, ReviewItem, WaitingMessage
from shared.state.review_items import (
    OPEN,
    closed,
    counted_up,
    erased,
    item_id,
    opened,
    question_digest,
    resolved_before,
    unknown_item,
    with_waiting,
)

SERVICE = "memory review store"


class MemoryReviewStore:
    """Items by id, and the newest generation of each question."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._items: dict[str, ReviewItem] = {}
        self._generations: dict[str, int] = {}

    async def ask(self, question: Question, waiting: WaitingMessage | None) -> ReviewItem:
        """Open the question or count it up."""
        digest = question_digest(question)
        generation = self._generations.get(digest, 0)
        current = self._items.get(item_id(digest, generation))
        if current is not None and current.status == OPEN:
            item = counted_up(current, question, self._clock())
        else:
            generation += 1
            item = opened(item_id(digest, generation), question, self._clock())
        self._generations[digest] = generation
        self._items[item.id] = copied(with_waiting(item, waiting))
        return copied(self._items[item.id])

    async def get(self, item_id: str) -> ReviewItem | None:
        """Read an item."""
        found = self._items.get(item_id)
        return None if found is None else copied(found)

    async def list_items(self, status: str = OPEN) -> AsyncIterator[ReviewItem]:
        """Items of one status, oldest first."""
        found = [copied(item) for item in self._items.values() if item.status == status]
        for item in sorted(found, key=lambda item: (item.first_asked_at, item.id)):
            yield item

    async def resolve(self, item_id: str, decision: JSON, actor: str) -> ReviewItem:
        """Close an item."""
        item = self._items.get(item_id)
        if item is None:
            raise unknown_item(SERVICE, item_id)
        if item.status != OPEN:
            raise resolved_before(SERVICE, item)
        self._items[item_id] = copied(closed(item, decision, actor, self._clock()))
        return copied(self._items[item_id])

    async def forget_resolved(self, before: datetime, limit: int) -> int:
        """Remove what was resolved before; the questions' generations go on counting."""
        old = [item.id for item in self._items.values() if item.resolved_at is not None and item.resolved_at < before]
        for identifier in old[:limit]:
            del self._items[identifier]
        return len(old[:limit])

    async def erase(self, key_part: str) -> int:
        """Take out what items with this part in their key tell."""
        found = [item for item in self._items.values() if key_part in item.question.key]
        self._items |= {item.id: erased(item) for item in found}
        return len(found)
