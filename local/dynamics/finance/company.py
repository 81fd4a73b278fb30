"""Legal entities, the tables beside the data entities, settings and number sequences, as the rules look at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from local.dynamics.finance.messages import not_related
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.store import Store

SCOPE = ""  # one table for all companies: dataAreaId is a column
COMPANY = "dataAreaId"


class Settings(BaseModel):
    """What a test may change while the simulator runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_company: str = "usmf"  # of the service user
    manual_order_numbers: bool = False
    content_id_references: bool = True
    tax_calculation: Literal["line", "total"] = "line"
    tax_shift: Decimal = Decimal(0)
    retry_after_seconds: int = 5  # of an answer 429
    latency_ms: float = 0.0


@dataclass
class Companies:
    """Everything that rules look up."""

    store: Store
    # Tables that have no data entity here, by name, company and key; a company "" is shared by all.
    tables: Mapping[str, dict[tuple[str, str], Mapping[str, Any]]]
    settings: Settings = field(default_factory=Settings)
    _last_numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def next_number(self, company: str, series: str) -> int:
        """Take the next number of a sequence; a sequence is not continuous: numbers of failed writes are lost."""
        self._last_numbers[company, series] = self._last_numbers.get((company, series), 0) + 1
        return self._last_numbers[company, series]

    def knows(self, company: str) -> bool:
        """Say whether there is such a legal entity."""
        return ("", company) in self.tables["companies"]

    def table_row(self, table: str, company: str, key: str) -> Mapping[str, Any] | None:
        """Return a row of a table without data entity."""
        rows = self.tables[table]
        return rows.get((company, key)) or rows.get(("", key))

    def add_row(self, table: str, company: str, key: str) -> None:
        """Add a row with what any rule may look for in it."""
        self.tables[table][company, key] = {"key": key, "codes": (), "currency": "USD", "language": "en-US"}

    def check_table(self, entity: str, table: str, company: str, key: str, field_name: str) -> Mapping[str, Any]:
        """Return the row or refuse the value."""
        row = self.table_row(table, company, key)
        if row is None:
            raise not_related(entity, key, field_name, table)
        return row

    def find(self, entity_set: str, company: str, key: str) -> Row | None:
        """Return the row of an entity set whose key is the company and one more value."""
        return self.store.table(SCOPE, entity_set).rows.get((company, key))

    def check(self, entity: str, entity_set: str, company: str, key: str, field_name: str) -> Row:
        """Return the row or refuse the value."""
        row = self.find(entity_set, company, key)
        if row is None:
            raise not_related(entity, key, field_name, entity_set)
        return row

    def digits(self, currency: str) -> int:
        """Return the decimals that amounts in a currency have."""
        row = self.table_row("currencies", "", currency) or {}
        return int(row.get("digits", 2))
