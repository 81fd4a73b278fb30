"""What happens to any row: identity, state, time stamps, alternate keys, the change log."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.dynamics.dataverse.catalogue import ACTIVE, AlternateKey, Table
from local.dynamics.dataverse.changes import Changes
from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.rules import EntityRules
from local.dynamics.odata.store import Store


class Settings:
    """What a test may change while the simulator runs."""

    def __init__(self) -> None:
        self.pricing_decimals = 2
        self.price_list_required = True
        self.base_currency = "EUR"
        self.tax_shift = Decimal(0)
        self.webhook_retry_seconds = 5.0
        self.webhook_limit_bytes = 262_144
        self.age_days = 0.0  # how far the organisation's clock is ahead


class TableRules(EntityRules):
    """The rules of a table that has none of its own."""

    # Columns that a new row of this table has unless it says otherwise.
    standard: Mapping[str, Any] = {"statecode": 0, "statuscode": 1}
    required: tuple[str, ...] = ()

    def __init__(
        self, table: Table, store: Store, changes: Changes, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(table.entity_set, store, MESSAGES, clock)
        self.table = table
        self.changes = changes
        self.settings = settings

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new row made of the validated values."""
        row = self.complete(scope, self.blank() | dict(values))
        key = self.entity_set.key_of(row)
        if key in self.store.table(scope, self.entity_set.name).rows:
            raise MESSAGES.error("exists")
        return self.save(scope, row)

    def blank(self) -> Row:
        """Return a new row without values."""
        known = {name: value for name, value in self.standard.items() if name in self.entity_set.fields}
        stamp = {"createdon": self._now()} if "createdon" in self.entity_set.fields else {}
        return self.entity_set.defaults() | known | stamp | {self.table.id_column: str(uuid.uuid4())}

    def complete(self, scope: str, row: Row) -> Row:  # noqa: ARG002  # tables need it
        """Check and complete a new row."""
        for name in self.required:
            if row.get(name) in (None, ""):
                raise MESSAGES.error("required", property=name, type=self.table.name)
        return row

    def delete(self, scope: str, row: Row) -> None:
        """Remove the row and log it."""
        super().delete(scope, row)
        self.changes.note(self.entity_set.name, row[self.table.id_column], row, None)

    def save(self, scope: str, row: Row) -> Row:
        """Store the row with its time of modification; alternate keys stay unique."""
        for key in self.table.keys:
            if key.status == ACTIVE:
                self._check_unique(scope, key, row)
        if "modifiedon" in self.entity_set.fields:
            row = row | {"modifiedon": self._now()}
        before = self.find(scope, self.entity_set.name, row[self.table.id_column])
        number = self.changes.note(self.entity_set.name, row[self.table.id_column], before, row)
        if "versionnumber" in self.entity_set.fields:
            row = row | {"versionnumber": number}
        return self.store.put(scope, self.entity_set.name, self.entity_set.key_of(row), row)

    def _check_unique(self, scope: str, key: AlternateKey, row: Row) -> None:
        first, *rest = key.attributes
        if any(row[name] is None for name in key.attributes):
            return
        for other in self.store.table(scope, self.entity_set.name).find(first, row[first]):
            same = all(other[name] == row[name] for name in rest)
            if same and other[self.table.id_column] != row[self.table.id_column]:
                raise MESSAGES.error("duplicate_key", key=key.name, columns=", ".join(key.attributes))

    def find(self, scope: str, entity_set: str, row_id: str | None) -> Row | None:
        """Return the row of another table."""
        return self.store.table(scope, entity_set).rows.get((row_id,)) if row_id else None

    def _now(self) -> str:
        return self.clock().isoformat(timespec="seconds").replace("+00:00", "Z")


class ProductRules(TableRules):
    """New products are drafts; number, unit group and unit are needed."""

    standard: Mapping[str, Any] = {"statecode": 2, "statuscode": 0, "productstructure": 1, "quantitydecimal": 0}
    required = ("name", "productnumber", "_defaultuomscheduleid_value", "_defaultuomid_value")


class NamedRules(TableRules):
    """Tables whose rows need a name."""

    required = ("name",)
