"""What happens to a row when it is inserted, modified, deleted or acted on; products refine it."""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.errors import Messages
from local.dynamics.odata.query import Query
from local.dynamics.odata.store import Store

MODIFIED = "lastModifiedDateTime"


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


class EntityRules:
    """The rules of an entity set that has none of its own."""

    def __init__(self, entity_set: EntitySet, store: Store, messages: Messages, clock: Callable[[], datetime]) -> None:
        self.entity_set = entity_set
        self.store = store
        self.messages = messages
        self.clock = clock

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new row made of the validated values."""
        return self.save(scope, self.entity_set.defaults() | {"id": str(uuid.uuid4())} | dict(values))

    def inserted_deep(self, scope: str, row: Row) -> Row:
        """Finish a row after the rows nested in its body were inserted."""
        return self.store.table(scope, self.entity_set.name).rows[self.entity_set.key_of(row)]

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the row with the validated values on top."""
        return self.save(scope, row | dict(values))

    def delete(self, scope: str, row: Row) -> None:
        """Remove the row."""
        self.store.remove(scope, self.entity_set.name, self.entity_set.key_of(row))

    def act(self, scope: str, row: Row, action: str) -> None:  # noqa: ARG002  # products need them
        """Perform a bound action."""
        raise self.messages.error("unknown_action", action=action, type=self.entity_set.type_name)

    def check_listing(self, query: Query, parent: str | None) -> None:
        """Refuse a listing that the product does not serve."""

    def check_nested(self, body: Mapping[str, Any]) -> None:
        """Refuse what may not stand in a body that is nested in its parent's."""

    def save(self, scope: str, row: Row) -> Row:
        """Store the row under a new ETag and modification time."""
        if MODIFIED in self.entity_set.fields:
            stamp = self.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            row = row | {MODIFIED: stamp}
        return self.store.put(scope, self.entity_set.name, self.entity_set.key_of(row), row)
