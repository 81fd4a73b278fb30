"""Columns and alternate keys that the connector needs in Dataverse: what is missing, and creating it. Idempotent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shared.dynamics.dataverse_tracking import TRACKED, is_tracked, track
from shared.dynamics.odata import ODataClient
from shared.errors import NotFound, Permanent, Transient
from shared.mapping.dataverse.fields import LOCALE_LIMIT, VAT_ID_LIMIT
from shared.market_options.dataverse import DataverseOptions

SERVICE = "Dataverse"
ENGLISH = 1033  # labels need a language; every organisation has this one
COLUMN_LENGTH = 100
CONTACT_NUMBER_LENGTH = 50
ACTIVE, FAILED = "Active", "Failed"
INDEX_POLLS = 60
INDEX_POLL_SECONDS = 5.0

type Kind = Literal["column", "key", "tracking", "webhook"]
type Pause = Callable[[float], Awaitable[None]]
type Report = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Column:
    """A text column that must be there, at least this long."""

    table: str
    name: str
    label: str
    length: int


@dataclass(frozen=True, slots=True)
class Key:
    """An alternate key over one column."""

    table: str
    column: str

    @property
    def name(self) -> str:
        """The key's own name."""
        return f"{self.column}_key"


@dataclass(frozen=True, slots=True)
class Existing:
    """What a table has: columns with their length (None: no text), keys with their columns and state."""

    columns: dict[str, int | None]
    keys: dict[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that set-up looks after. `state` says how it is now, `problem` what a person must correct."""

    kind: Kind
    table: str
    name: str
    state: Literal["there", "missing", "building", "wrong"]
    problem: str = ""


def wanted(options: Iterable[DataverseOptions]) -> tuple[tuple[Column, ...], tuple[Key, ...]]:
    """Return the columns and keys that these markets use, each once."""
    columns: dict[tuple[str, str], Column] = {}
    keys: dict[tuple[str, str], Key] = {}
    for option in options:
        for column in _columns(option):
            columns[column.table, column.name] = column
        keys["salesorder", option.order_key] = Key("salesorder", option.order_key)
    return tuple(columns.values()), tuple(keys.values())


def _columns(options: DataverseOptions) -> list[Column]:
    columns = [Column("salesorder", options.order_key, "commercetools order id", COLUMN_LENGTH)]
    if options.order_number:
        columns.append(Column("salesorder", options.order_number, "commercetools order number", COLUMN_LENGTH))
    if options.purchase_order_number:
        columns.append(Column("salesorder", options.purchase_order_number, "Purchase order number", COLUMN_LENGTH))
    if options.contact_number:
        columns.append(Column("contact", options.contact_number, "Customer number", CONTACT_NUMBER_LENGTH))
    if options.account_vat_id:
        columns.append(Column("account", options.account_vat_id, "Tax id", VAT_ID_LIMIT))
    if options.locale:
        columns += [Column(table, options.locale, "Language", LOCALE_LIMIT) for table in ("account", "contact")]
    return columns


def compare(columns: Sequence[Column], keys: Sequence[Key], existing: dict[str, Existing]) -> list[Step]:
    """Say for every column and key whether it is there. Pure."""
    return [_column_step(column, existing[column.table]) for column in columns] + [
        _key_step(key, existing[key.table]) for key in keys
    ]


def _column_step(column: Column, table: Existing) -> Step:
    if column.name not in table.columns:
        return Step("column", column.table, column.name, "missing")
    length = table.columns[column.name]
    if length is None or length < column.length:
        found = "is no text column" if length is None else f"takes {length} characters"
        problem = f"it {found}, a text of {column.length} characters is needed: name another column in the market map"
        return Step("column", column.table, column.name, "wrong", problem)
    return Step("column", column.table, column.name, "there")


def _key_step(key: Key, table: Existing) -> Step:
    state = table.keys.get((key.column,))
    if state is None:
        return Step("key", key.table, key.name, "missing")
    if state == FAILED:
        problem = f"its index failed: two rows have the same {key.column}; correct them and reactivate the key"
        return Step("key", key.table, key.name, "wrong", problem)
    return Step("key", key.table, key.name, "there" if state == ACTIVE else "building")


class DataverseSetup:
    """Set-up of one organisation. `pause` is how it waits for an index."""

    def __init__(
        self, api: ODataClient, options: Iterable[DataverseOptions], correlation_id: str, pause: Pause = asyncio.sleep
    ) -> None:
        self._api = api
        self._columns, self._keys = wanted(options)
        self._trace = correlation_id
        self._pause = pause

    async def plan(self) -> list[Step]:
        """Return every step with its present state; writes nothing."""
        tables = sorted({column.table for column in self._columns} | {key.table for key in self._keys})
        existing = {table: await self._existing(table) for table in tables}
        tracking = {table: await is_tracked(self._api, table, self._trace) for table in TRACKED}
        return compare(self._columns, self._keys, existing) + [
            Step("tracking", table, "change tracking", "there" if is_on else "missing")
            for table, is_on in tracking.items()
        ]

    async def apply(self, steps: Sequence[Step], report: Report) -> None:
        """Create what is missing, columns first, and wait until every key can be used. Raises Permanent, Transient."""
        for step in steps:
            if step.state == "wrong":
                raise Permanent(SERVICE, f"set up {step.kind} {step.table}.{step.name}", step.problem)
        for step in steps:
            if step.state == "missing":
                await self._create(step)
                report(step)
        await self._wait_for_keys()

    async def _create(self, step: Step) -> None:
        if step.kind == "column":
            column = next(one for one in self._columns if (one.table, one.name) == (step.table, step.name))
            await self._post(step.table, "Attributes", column_definition(column))
        elif step.kind == "tracking":
            await track(self._api, step.table, self._trace)
        else:
            key = next(one for one in self._keys if (one.table, one.name) == (step.table, step.name))
            await self._post(step.table, "Keys", key_definition(key))

    async def _post(self, table: str, part: str, body: dict[str, Any]) -> None:
        await self._api.call("POST", f"{_definition(table)}/{part}", self._trace, json=body)

    async def _existing(self, table: str) -> Existing:
        wanted_here = [column.name for column in self._columns if column.table == table]
        columns = {name: length for name in wanted_here async for length in self._length(table, name)}
        rows = self._api.rows(
            f"{_definition(table)}/Keys", self._trace, select="SchemaName,KeyAttributes,EntityKeyIndexStatus"
        )
        keys = {tuple(row["KeyAttributes"]): str(row["EntityKeyIndexStatus"]) async for row in rows}
        return Existing(columns, keys)

    async def _length(self, table: str, name: str) -> AsyncIterator[int | None]:
        """Yield the length of a column, None when it is no text, nothing when it does not exist."""
        try:
            row = await self._api.get(f"{_definition(table)}/Attributes(LogicalName='{name}')", self._trace)
        except NotFound:
            return
        yield row.get("MaxLength")

    async def _wait_for_keys(self) -> None:
        for _ in range(INDEX_POLLS):
            steps = [step for step in await self.plan() if step.kind == "key"]
            wrong = next((step for step in steps if step.state == "wrong"), None)
            if wrong is not None:
                raise Permanent(SERVICE, f"set up key {wrong.table}.{wrong.name}", wrong.problem)
            if all(step.state == "there" for step in steps):
                return
            await self._pause(INDEX_POLL_SECONDS)
        text = "the index of an alternate key is still being built: run the command again later"
        raise Transient(SERVICE, "wait for alternate keys", text)


def _definition(table: str) -> str:
    return f"EntityDefinitions(LogicalName='{table}')"


def column_definition(column: Column) -> dict[str, Any]:
    """Return the body that creates a text column."""
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": column.name,
        "DisplayName": _label(column.label),
        "Description": _label("Written by the commercetools connector"),
        "RequiredLevel": {"Value": "None", "CanBeChanged": True},
        "MaxLength": column.length,
        "FormatName": {"Value": "Text"},
    }


def key_definition(key: Key) -> dict[str, Any]:
    """Return the body that creates an alternate key."""
    return {"SchemaName": key.name, "DisplayName": _label(key.name), "KeyAttributes": [key.column]}


def _label(text: str) -> dict[str, Any]:
    label = {
        "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel",
        "Label": text,
        "LanguageCode": ENGLISH,
    }
    return {"@odata.type": "Microsoft.Dynamics.CRM.Label", "LocalizedLabels": [label]}
