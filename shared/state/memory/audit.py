"""The audit log in a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from shared.state.audit_entries import erased
from shared.state.codec import copied
from shared.state.records import AuditEntry


class MemoryAuditLog:
    """Every entry in order of arrival; sorting by time is stable, so an instant keeps that order."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    async def append(self, entry: AuditEntry) -> None:
        """Add an entry."""
        self._entries.append(copied(entry))

    async def by_entity(self, entity_id: str) -> AsyncIterator[AuditEntry]:
        """Entries of one entity."""
        for entry in self._select(lambda entry: entry.entity_id == entity_id):
            yield entry

    async def by_document_number(self, number: str) -> AsyncIterator[AuditEntry]:
        """Entries of every entity that carries the number in any entry."""
        entities = {entry.entity_id for entry in self._entries if entry.document_number == number and number}
        for entry in self._select(lambda entry: entry.entity_id in entities):
            yield entry

    async def by_day(self, day: datetime, outcome: str | None = None) -> AsyncIterator[AuditEntry]:
        """Entries of one UTC day."""
        date = day.astimezone(UTC).date()
        for entry in self._select(lambda entry: entry.at.astimezone(UTC).date() == date):
            if outcome is None or entry.outcome == outcome:
                yield entry

    async def erase(self, entity_id: str) -> int:
        """Take out what was written and why."""
        mine = [index for index, entry in enumerate(self._entries) if entry.entity_id == entity_id]
        for index in mine:
            self._entries[index] = erased(self._entries[index])
        return len(mine)

    async def forget(self, before: datetime, limit: int) -> int:
        """Remove the entries of days that ended before, oldest first."""
        first_day = before.astimezone(UTC).date()
        old = sorted((entry for entry in self._entries if entry.at.astimezone(UTC).date() < first_day), key=_at)[:limit]
        removed = {id(entry) for entry in old}
        self._entries = [entry for entry in self._entries if id(entry) not in removed]
        return len(old)

    def _select(self, wanted: Callable[[AuditEntry], bool]) -> list[AuditEntry]:
        return sorted((copied(entry) for entry in self._entries if wanted(entry)), key=_at)


def _at(entry: AuditEntry) -> datetime:
    return entry.at
