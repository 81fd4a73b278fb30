"""One table: a thin layer over the SDK that knows rows, etags, the store's clock and the project's errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.errors import Conflict, NotFound
from shared.state.tables.faults import missing_is_conflict, translated

SCHEMA_VERSION = 1
# The SDK would not repeat a POST or PATCH whose connection broke, since it may have been done. Here it can be repeated:
# every write is conditional, and whoever is refused reads again and recognises its own row.
_REPEATABLE: Mapping[str, Any] = {"retry_on_methods": frozenset({"POST", "PATCH", "PUT", "DELETE"})}
Fields = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read. `written_at` and `read_at` come from the store: its Timestamp and the Date of its answer."""

    partition: str
    row_key: str
    etag: str
    written_at: datetime
    read_at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Insert:
    """In a transaction: create a row that must not exist."""

    row_key: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Replace:
    """In a transaction: replace a row that must still have this etag."""

    row_key: str
    fields: Fields
    etag: str


@dataclass(frozen=True, slots=True)
class Delete:
    """In a transaction: delete a row that must still have this etag."""

    row_key: str
    etag: str


@dataclass(frozen=True, slots=True)
class Upsert:
    """In a transaction: write a row, whatever is there."""

    row_key: str
    fields: Fields


Step = Insert | Replace | Delete | Upsert


class _StoreClock:
    """Remembers the Date header of the latest answer."""

    def __init__(self) -> None:
        self.now = datetime.min.replace(tzinfo=UTC)

    def __call__(self, response: Any) -> None:
        # Without a Date no claim ever lapses: waiting is safe, taking over too early is not.
        if date := response.http_response.headers.get("Date"):
            self.now = parsedate_to_datetime(date).astimezone(UTC)


class Table:
    """Reads and conditional writes on one table."""

    def __init__(self, client: TableClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """The table's name with its prefix."""
        return self._client.table_name

    async def ensure(self) -> None:
        """Create the table unless it exists."""
        # Several instances may start at once: whoever comes second finds the table there.
        with suppress(Conflict), translated(f"create table {self.name}"):
            await self._client.create_table()

    async def get(self, partition: str, row_key: str) -> Row | None:
        """Read one row."""
        clock = _StoreClock()
        try:
            with translated(self._action("read", partition, row_key)):
                entity = await self._client.get_entity(partition, row_key, raw_response_hook=clock)
        except NotFound:
            return None
        return _row(entity, clock.now)

    async def insert(self, partition: str, row_key: str, fields: Fields) -> str:
        """Create a row and return its etag. Raises Conflict when it exists."""
        with translated(self._action("insert", partition, row_key)):
            return _etag(await self._client.create_entity(_entity(partition, row_key, fields), **_REPEATABLE))

    async def replace(self, partition: str, row_key: str, fields: Fields, etag: str) -> str:
        """Replace a row that still has this etag and return the new one. Raises Conflict otherwise."""
        return await self._update(partition, row_key, fields, etag, UpdateMode.REPLACE)

    async def merge(self, partition: str, row_key: str, fields: Fields, etag: str) -> str:
        """Change some fields of a row that still has this etag. Raises Conflict otherwise."""
        return await self._update(partition, row_key, fields, etag, UpdateMode.MERGE)

    async def write(self, partition: str, row_key: str, fields: Fields, seen: Row | None) -> str:
        """Insert when nothing was seen, else replace exactly what was seen."""
        if seen is None:
            return await self.insert(partition, row_key, fields)
        return await self.replace(partition, row_key, fields, seen.etag)

    async def upsert(self, partition: str, row_key: str, fields: Fields) -> None:
        """Write a row, whatever is there."""
        with translated(self._action("write", partition, row_key)):
            await self._client.upsert_entity(_entity(partition, row_key, fields), mode=UpdateMode.REPLACE)

    async def delete(self, partition: str, row_key: str, etag: str) -> None:
        """Delete a row that still has this etag; a row that is gone already is fine."""
        with suppress(NotFound), translated(self._action("delete", partition, row_key)):
            await self._client.delete_entity(
                partition, row_key, etag=etag, match_condition=MatchConditions.IfNotModified
            )

    async def discard(self, partition: str, row_key: str) -> None:
        """Delete a row, whatever is in it; a row that is gone already is fine."""
        with suppress(NotFound), translated(self._action("delete", partition, row_key)):
            await self._client.delete_entity(partition, row_key)

    async def transaction(self, partition: str, steps: Sequence[Step]) -> None:
        """Do all steps in one partition or none. Raises Conflict when any row is not as expected."""
        with missing_is_conflict(), translated(f"transaction in {self.name} partition {partition}"):
            await self._client.submit_transaction([_operation(partition, step) for step in steps], **_REPEATABLE)

    async def rows(
        self, partition: str, *, begins: str = "", first: str = "", last: str = "", **equal: str
    ) -> AsyncIterator[Row]:
        """Rows of one partition in key order: with a row key prefix, in a range, with equal properties if given."""
        conditions = ["PartitionKey eq @partition"]
        parameters: dict[str, Any] = {"partition": partition}
        if begins:
            # Keys are ASCII (see `keys`), so DEL closes the range of a prefix.
            conditions.append("RowKey ge @begins and RowKey lt @ends")
            parameters |= {"begins": begins, "ends": begins + "\x7f"}
        for name, operator, bound in (("first", "ge", first), ("last", "le", last)):
            if bound:
                conditions.append(f"RowKey {operator} @{name}")
                parameters[name] = bound
        async for row in self._query(f"partition {partition}", conditions, parameters, equal):
            yield row

    async def partitions(self, first: str, last: str) -> AsyncIterator[Row]:
        """Rows of the partitions from the first key up to before the last, in key order."""
        conditions = ["PartitionKey ge @first and PartitionKey lt @last"]
        async for row in self._query(f"from {first}", conditions, {"first": first, "last": last}, {}):
            yield row

    async def old_rows(self, written_before: datetime, *, begins: str = "", **equal: str) -> AsyncIterator[Row]:
        """Rows that were last written before. The whole table is read through: for work of the night only."""
        conditions = ["Timestamp lt @before"]
        parameters: dict[str, Any] = {"before": written_before}
        if begins:
            conditions.append("RowKey ge @begins and RowKey lt @ends")
            parameters |= {"begins": begins, "ends": begins + "\x7f"}
        async for row in self._query(f"before {written_before:%Y-%m-%d}", conditions, parameters, equal):
            yield row

    async def _query(
        self, what: str, conditions: Sequence[str], parameters: Mapping[str, Any], equal: Mapping[str, str]
    ) -> AsyncIterator[Row]:
        wanted = " and ".join([*conditions, *(f"{name} eq @{name}" for name in equal)])
        clock = _StoreClock()
        with translated(f"query {self.name} {what}"):
            found = self._client.query_entities(wanted, parameters={**parameters, **equal}, raw_response_hook=clock)
            async for entity in found:
                yield _row(entity, clock.now)

    async def _update(self, partition: str, row_key: str, fields: Fields, etag: str, mode: UpdateMode) -> str:
        with missing_is_conflict(), translated(self._action("update", partition, row_key)):
            return _etag(
                await self._client.update_entity(
                    _entity(partition, row_key, fields),
                    mode=mode,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                    **_REPEATABLE,
                )
            )

    def _action(self, verb: str, partition: str, row_key: str) -> str:
        return f"{verb} {self.name} {partition} / {row_key}"


def _entity(partition: str, row_key: str, fields: Fields) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": row_key, "SchemaVersion": SCHEMA_VERSION, **fields}


def _operation(partition: str, step: Step) -> Any:
    unchanged = {"match_condition": MatchConditions.IfNotModified}
    match step:
        case Insert(row_key, fields):
            return "create", _entity(partition, row_key, fields)
        case Replace(row_key, fields, etag):
            options = {"mode": UpdateMode.REPLACE, "etag": etag, **unchanged}
            return "update", _entity(partition, row_key, fields), options
        case Delete(row_key, etag):
            return "delete", _entity(partition, row_key, {}), {"etag": etag, **unchanged}
        case Upsert(row_key, fields):
            return "upsert", _entity(partition, row_key, fields), {"mode": UpdateMode.REPLACE}


def _etag(metadata: Mapping[str, Any]) -> str:
    return str(metadata["etag"])


def _row(entity: TableEntity, read_at: datetime) -> Row:
    return Row(
        partition=entity["PartitionKey"],
        row_key=entity["RowKey"],
        etag=_etag(entity.metadata),
        written_at=_utc(entity.metadata["timestamp"]),
        read_at=read_at,
        fields=entity,
    )


def _utc(timestamp: datetime | None) -> datetime:
    # A store that sends no Timestamp cannot lapse a claim either: such a row counts as written at the end of time.
    if timestamp is None:
        return datetime.max.replace(tzinfo=UTC) - timedelta(days=366)
    # The SDK's own subclass of datetime stops here.
    return datetime.combine(timestamp.date(), timestamp.timetz()).astimezone(UTC)
