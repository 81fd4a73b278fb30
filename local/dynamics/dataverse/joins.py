"""Filters that name a column of the row that a lookup points to, as `salesorderid/statecode eq 0`: one step only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from local.dynamics.dataverse.catalogue import Catalogue
from local.dynamics.odata.definitions import EntitySet, Field, Row
from local.dynamics.odata.product import Request
from local.dynamics.odata.store import Store

MARK = "__"  # stands for the slash in names that the filter's compiler understands; no column has it
_PATH = re.compile(r"\b([a-z]\w*)/([a-z]\w*)\b(?=(?:[^']*'[^']*')*[^']*$)")  # outside quotes

type Joined = Mapping[str, tuple[str, str]]  # name in the filter: lookup, column


def joined_in(request: Request) -> Joined:
    """Return what a filter names through lookups."""
    found = _PATH.findall(request.query.get("$filter", ""))
    return {f"{lookup}{MARK}{column}": (lookup, column) for lookup, column in found}


def without_paths(request: Request) -> Request:
    """Spell the paths of the filter as names."""
    text = _PATH.sub(rf"\1{MARK}\2", request.query["$filter"])
    return replace(request, query={**request.query, "$filter": text})


def with_paths(request: Request) -> Request:
    """Spell the names as paths again, for links."""
    text = re.sub(rf"\b([a-z]\w*?){MARK}", r"\1/", request.query.get("$filter", ""))
    return replace(request, query={**request.query, "$filter": text}) if text else request


def widened(catalogue: Catalogue, entity_set: EntitySet, joined: Joined) -> EntitySet:
    """Return the set with the columns that are joined to it; what does not exist stays unknown."""
    table = catalogue.tables[entity_set.name]
    extra: dict[str, Field] = {}
    for name, (lookup, column) in joined.items():
        target = catalogue.tables.get(table.lookups[lookup].target) if lookup in table.lookups else None
        if target is not None and column in target.fields:
            extra[name] = replace(target.fields[column], name=name)
    return replace(entity_set, fields={**entity_set.fields, **extra})


def with_values(
    catalogue: Catalogue, store: Store, scope: str, entity_set: EntitySet, rows: Sequence[Row]
) -> list[Row]:
    """Return the rows with the values of joined columns; without a row to point to they are null."""
    table = catalogue.tables[entity_set.name]
    paths = [(name, *name.split(MARK)) for name in entity_set.fields if MARK in name]
    lookups = {name: (table.lookups[lookup], column) for name, lookup, column in paths}
    result = []
    for row in rows:
        values: Row = {}
        for name, (lookup, column) in lookups.items():
            pointed = store.table(scope, lookup.target).rows.get((row[lookup.stored_as],))
            values[name] = pointed[column] if pointed else None
        result.append(row | values)
    return result
