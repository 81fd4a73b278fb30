"""Recordings of earlier versions, rows as a later version may write them, and the shape of rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.state.tables import data
from tests.releases.history import Entity, Tables

RECORDED = Path(__file__).parents[1] / "data" / "recorded"
VERSIONS = sorted(folder.name for folder in RECORDED.iterdir())
UNKNOWN = {"addedLater": {"by": ["a later version", 2, None]}}
# What these hold is no business of the format: payloads, and one entry for each process.
FREE = frozenset({"before", "after", "data", "details", "decision", "commercetools", "dynamics", "holders"})
# Tables whose rows are looked up by the whole key.
BY_KEY = ("idempotency", "leases", "idmap", "cursors", "snapshots", "failures")


def recorded(version: str, name: str) -> Any:
    return json.loads((RECORDED / version / name).read_text(encoding="utf-8"))


def of_a_later_version(tables: Tables) -> Tables:
    """The same rows with a schema version, properties and fields that this version has never heard of."""
    return {name: [_later(row) for row in rows] for name, rows in tables.items()}


def _later(row: Entity) -> Entity:
    later = {**row, "SchemaVersion": row["SchemaVersion"] + 1, "AddedLater": "by a later version"}
    if "DataParts" in row:
        fields = json.loads(data.join(row))
        later |= data.split(json.dumps(_with_unknown(fields)), "test", "rewrite a row")
    return later


def _with_unknown(value: Any) -> Any:
    """Unknown fields in the record and in the records inside it, but not in what is free."""
    if not isinstance(value, dict):
        return value
    inner = {name: item if name in FREE - {"holders"} else _with_unknown(item) for name, item in value.items()}
    if set(value) and all(isinstance(item, dict) for item in value.values()):
        return inner  # a map of records, whose keys are names
    return inner | UNKNOWN


def keys(tables: Tables) -> set[tuple[str, str, str]]:
    """Where rows lie that are looked up by their key."""
    return {(name, row["PartitionKey"], row["RowKey"]) for name in BY_KEY for row in tables[name]}


def shape(tables: Tables) -> dict[str, set[str]]:
    """What each kind of row has: property names and types, and those of the fields inside its data."""
    found: dict[str, set[str]] = {}
    for name, rows in tables.items():
        for row in rows:
            found.setdefault(_kind(name, row), set()).update(_properties(row))
    return found


def _kind(table: str, row: Entity) -> str:
    match table:
        case "idempotency":
            return f"idempotency {row['State']}"
        case "review":
            return f"review {row['RowKey'].split(':')[0]}"
        case "idmap" | "auditindex":
            return f"{table} {row['PartitionKey'].split('|')[0]}"
        case _:
            return table


def _properties(row: Entity) -> Iterator[str]:
    for name, value in row.items():
        if not name.startswith("Data"):
            yield f"{name}: {type(value).__name__}"
    if "DataParts" in row:
        yield from _fields(json.loads(data.join(row)), "")


def _fields(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: {type(value).__name__}"
        return
    for name, item in value.items():
        here = f"{path}.{name}"
        yield from [f"{here}: free"] if name in FREE else _fields(item, here)
