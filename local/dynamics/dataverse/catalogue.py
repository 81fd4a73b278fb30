"""The tables as they are at the moment: published columns, custom columns, lookups and alternate keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.dynamics.odata.definitions import Definitions, EntitySet, Field, load_definitions

PENDING, ACTIVE, FAILED = "Pending", "Active", "Failed"


@dataclass(frozen=True)
class Column:
    """What the core's fields do not say about a column."""

    access: str = "full"
    values: tuple[int, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    precision: str = ""


@dataclass(frozen=True)
class Lookup:
    """A navigation property that can be bound: where the id is stored and what it points to."""

    column: str
    target: str
    access: str = "full"

    @property
    def stored_as(self) -> str:
        """The property that shows the id."""
        return f"_{self.column}_value"


@dataclass
class AlternateKey:
    """A key that customisation has defined; it counts once its index is there."""

    name: str
    attributes: tuple[str, ...]
    status: str = PENDING


@dataclass
class Table:
    """One table with everything that customisation may add."""

    entity_set: EntitySet
    fields: dict[str, Field]
    columns: Mapping[str, Column]
    lookups: Mapping[str, Lookup]
    keys: list[AlternateKey] = field(default_factory=list)
    custom: set[str] = field(default_factory=set)
    tracked: bool = True

    @property
    def name(self) -> str:
        """The logical name."""
        return self.entity_set.entity_name

    @property
    def id_column(self) -> str:
        """The primary key."""
        return self.entity_set.key[0]

    def column(self, name: str) -> Column:
        """Return the facts about a column; custom columns have none."""
        return self.columns.get(name, Column())

    def key_of(self, names: tuple[str, ...]) -> AlternateKey | None:
        """Return the usable alternate key of exactly these columns."""
        usable = (key for key in self.keys if key.status == ACTIVE and set(key.attributes) == set(names))
        return next(usable, None)


class Catalogue:
    """All tables."""

    def __init__(self, definitions: Definitions, tables: Mapping[str, Table]) -> None:
        self.definitions = definitions
        self.tables = tables

    def by_logical_name(self, name: str) -> Table | None:
        """Return the table with this logical name."""
        return next((table for table in self.tables.values() if table.name == name), None)


def _column(source: Mapping[str, Any]) -> Column:
    return Column(
        access="read" if source.get("readOnly") else source.get("access", "full"),
        values=tuple(source.get("values", ())),
        low=Decimal(source["min"]) if "min" in source else None,
        high=Decimal(source["max"]) if "max" in source else None,
        precision=source.get("precision", ""),
    )


def load_catalogue(*paths: Path) -> Catalogue:
    """Read the published definitions; each file has tables of its own."""
    known: dict[str, EntitySet] = {}
    source: dict[str, Any] = {}
    for path in paths:
        definitions = load_definitions(path)
        known |= definitions.entity_sets
        source |= json.loads(path.read_text(encoding="utf-8"))["entitySets"]
    tables = {}
    for name, entity_set in known.items():
        fields = dict(entity_set.fields)  # customisation adds columns to the published ones
        own = replace(entity_set, fields=fields)
        columns = {key: _column(part) for key, part in source[name]["fields"].items()}
        lookups = {key: Lookup(**part) for key, part in source[name]["lookups"].items()}
        tables[name] = Table(own, fields, columns, lookups)
    sets = {name: table.entity_set for name, table in tables.items()}
    return Catalogue(replace(definitions, entity_sets=sets), tables)
