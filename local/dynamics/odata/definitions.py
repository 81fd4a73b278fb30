"""Entity definitions: data, read once from a JSON file beside this package."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
EMPTY_DATE = "0001-01-01"
DEFAULTS: Mapping[str, Any] = {
    "Edm.String": "",
    "Edm.Guid": ZERO_GUID,
    "Edm.Decimal": Decimal(0),
    "Edm.Int32": 0,
    "Edm.Int64": 0,
    "Edm.Boolean": False,
    "Edm.Date": EMPTY_DATE,
    "Edm.DateTimeOffset": "0001-01-01T00:00:00Z",
}


@dataclass(frozen=True)
class Field:
    """One property of an entity."""

    name: str
    type: str
    max_length: int | None = None
    code: bool = False
    read_only: bool = False
    options: tuple[str, ...] = ()
    enum: str = ""  # name of the enumeration type that the options belong to
    nullable: bool = False
    empty: Any = None  # what unset looks like where the product differs from DEFAULTS

    @property
    def default(self) -> Any:
        """The value that an unset property has."""
        if self.nullable:
            return None
        if self.empty is not None:
            return self.empty
        return self.options[0] if self.options else DEFAULTS.get(self.type)


@dataclass(frozen=True)
class Navigation:
    """A navigation property: rows of another set whose child field equals the parent field."""

    name: str
    entity_set: str
    many: bool
    child_field: str
    parent_field: str


@dataclass(frozen=True)
class EntitySet:
    """What the service knows about one entity set."""

    name: str
    entity_name: str
    type_name: str
    fields: Mapping[str, Field]
    navigation: Mapping[str, Navigation]
    actions: tuple[str, ...]
    insertable: bool
    modifiable: bool
    deletable: bool
    key: tuple[str, ...] = ("id",)

    def defaults(self) -> Row:
        """Return a row in which nothing is set."""
        return {name: definition.default for name, definition in self.fields.items()}

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """Return the row's key."""
        return tuple(row[name] for name in self.key)


@dataclass(frozen=True)
class Definitions:
    """All entity sets of one product."""

    namespace: str
    entity_sets: Mapping[str, EntitySet] = field(default_factory=dict)

    def get(self, name: str) -> EntitySet | None:
        """Return the entity set, or None when the product has no such set."""
        return self.entity_sets.get(name)


def _field(name: str, source: Mapping[str, Any]) -> Field:
    return Field(
        name=name,
        type=source["type"],
        max_length=source.get("maxLength"),
        code=source.get("code", False),
        read_only=source.get("readOnly", False),
        options=tuple(source.get("options", ())),
        enum=source.get("enum", ""),
        nullable=source.get("nullable", False),
        empty=source.get("empty"),
    )


def _navigation(name: str, source: Mapping[str, Any]) -> Navigation:
    return Navigation(name, source["entitySet"], source["many"], source["childField"], source["parentField"])


def _entity_set(name: str, source: Mapping[str, Any], namespace: str) -> EntitySet:
    return EntitySet(
        name=name,
        entity_name=source["entityName"],
        type_name=f"{namespace}.{source['entityName']}",
        fields={key: _field(key, value) for key, value in source["fields"].items()},
        navigation={key: _navigation(key, value) for key, value in source["navigation"].items()},
        actions=tuple(source["actions"]),
        insertable=source["insertable"],
        modifiable=source["modifiable"],
        deletable=source["deletable"],
        key=tuple(source.get("key", ("id",))),
    )


def load_definitions(path: Path) -> Definitions:
    """Read the definitions of one product."""
    source = json.loads(path.read_text(encoding="utf-8"))
    namespace = source["namespace"]
    sets = {name: _entity_set(name, part, namespace) for name, part in source["entitySets"].items()}
    return Definitions(namespace, sets)
