"""The in-memory store: rows by scope and entity set, indexes on demand, transactions that undo."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local.dynamics.odata.definitions import Row

Key = tuple[Any, ...]
ETAG = "@odata.etag"


class Table:
    """The rows of one entity set in one scope; a stored row is replaced, never changed in place."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self._indexes: dict[str, dict[Any, dict[Key, None]]] = {}

    def find(self, field: str, value: Any) -> list[Row]:
        """Return the rows whose field equals the value, in the order they were stored."""
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for key, row in self.rows.items():
                index.setdefault(row.get(field), {})[key] = None
        return [self.rows[key] for key in index.get(value, ())]

    def replace(self, key: Key, row: Row | None) -> Row | None:
        """Store the row (None removes it) and return what was there before."""
        before = self.rows.pop(key, None) if row is None else self.rows.get(key)
        if row is not None:
            self.rows[key] = row
        self._reindex(key, before, row)
        return before

    def _reindex(self, key: Key, before: Row | None, after: Row | None) -> None:
        for field, index in self._indexes.items():
            if before is not None and (after is None or before.get(field) != after.get(field)):
                index[before.get(field)].pop(key, None)
            if after is not None:
                index.setdefault(after.get(field), {})[key] = None


class Transaction:
    """What must be done to undo the changes of an open transaction."""

    def __init__(self) -> None:
        self.log: list[Callable[[], object]] = []

    def undo(self) -> None:
        """Undo the changes made so far, the last one first."""
        while self.log:
            self.log.pop()()


class Store:
    """All tables, and the undo log of the transaction that is open."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], Table] = {}
        self._revision = 0
        self._undo: list[Callable[[], object]] | None = None

    def table(self, scope: str, entity_set: str) -> Table:
        """Return the table, made when it is first asked for."""
        return self.tables.setdefault((scope, entity_set), Table())

    def put(self, scope: str, entity_set: str, key: Key, row: Row) -> Row:
        """Store a new version of the row under a new ETag and return it."""
        self._revision += 1
        stored = row | {ETAG: f'W/"JzQ0O{self._revision:012d}zs="'}
        self._replace(scope, entity_set, key, stored)
        return stored

    def remove(self, scope: str, entity_set: str, key: Key) -> None:
        """Remove the row."""
        self._replace(scope, entity_set, key, None)

    def _replace(self, scope: str, entity_set: str, key: Key, row: Row | None) -> None:
        table = self.table(scope, entity_set)
        before = table.replace(key, row)
        if self._undo is not None:
            self._undo.append(lambda: table.replace(key, before))

    def on_rollback(self, undo: Callable[[], object]) -> None:
        """Run this too when the open transaction is undone."""
        if self._undo is not None:
            self._undo.append(undo)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Undo everything that was stored inside the block when it raises or asks for it; may be nested."""
        outer = self._undo
        transaction = Transaction()
        self._undo = transaction.log
        try:
            yield transaction
        except BaseException:
            transaction.undo()
            raise
        finally:
            self._undo = outer
        if outer is not None:
            outer.extend(transaction.log)
