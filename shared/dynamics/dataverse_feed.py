"""What changed among accounts and contacts, by Dataverse's change tracking.

The cursor holds, for each table, the query of the link by which Dataverse goes on. A link that has lapsed (after seven
days, or when the table's definition changed) means a full listing: Dataverse cannot order one that it tracks, so it is
collected and sorted here, and the links of its beginning are kept until it is through.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.dynamics.odata import ODataClient, Row
from shared.errors import NotFound, Permanent
from shared.mapping.dataverse.notifications import Noticed
from shared.model.customer_fields import ChangePage, RecordChange

SERVICE = "Dataverse"
TRACKED = "odata.track-changes,odata.maxpagesize=5000"
PAGE = 500  # changes of a full listing that are handed over at once
EXPIRED = "0x80044352"  # ExpiredVersionStamp
PARENT = "_parentcustomerid_value"
# Contacts first: a contact of an account counts as a change of the account.
COLUMNS: Mapping[str, str] = {"contacts": f"contactid,versionnumber,{PARENT}", "accounts": "accountid,versionnumber"}


@dataclass(frozen=True, slots=True)
class Position:
    """Where the pull is: a query for each table, and in a full listing the last id that was handed over."""

    queries: Mapping[str, str]
    after: str | None = None

    def cursor(self) -> str:
        """Spell the position."""
        return json.dumps({**self.queries, **({"after": self.after} if self.after else {})}, sort_keys=True)


def position_of(cursor: str | None) -> Position | None:
    """Read a position; None when it is none of ours."""
    try:
        read = json.loads(cursor or "null")
    except ValueError:
        return None
    if not isinstance(read, dict) or not all(isinstance(read.get(table), str) for table in COLUMNS):
        return None
    after = read.get("after")
    return Position({table: read[table] for table in COLUMNS}, after if isinstance(after, str) else None)


class DataverseFeed:
    """Changes of the customers of one organisation."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    async def changes(self, cursor: str | None, correlation_id: str) -> AsyncIterator[ChangePage]:
        """See `TellsChanges.changes`. An account changes with its contacts."""
        position = position_of(cursor)
        if position is not None and position.after is None:
            try:
                async for page in self._delta(position, correlation_id):
                    yield page
            except _LapsedError:
                position = None
            else:
                return
        async for page in self._whole(position, correlation_id):
            yield page

    async def behind(self, noticed: Noticed, correlation_id: str) -> list[str]:
        """Return the ids of the customers that a notice is about; empty when only a pull can tell."""
        if noticed.record_id is None:
            return []
        own = f"{noticed.entity_set}({noticed.record_id})"
        if noticed.entity_set == "accounts":
            return [own]
        column = PARENT if noticed.entity_set == "contacts" else "_parentid_value"
        is_customer = [own] if noticed.entity_set == "contacts" else []
        try:
            parent = (await self._api.get(own, correlation_id, select=column)).get(column)
        except NotFound:
            return is_customer
        # The parent of an address may be either; the one that does not exist is not found when it is looked at.
        sets = ("accounts",) if noticed.entity_set == "contacts" else ("accounts", "contacts")
        return [*is_customer, *(f"{entity_set}({parent})" for entity_set in sets if parent)]

    async def _delta(self, position: Position, correlation_id: str) -> AsyncIterator[ChangePage]:
        queries = dict(position.queries)
        for table in COLUMNS:
            more = True
            while more:
                page = await self._tracked(table, queries[table], correlation_id)
                queries[table], more = _next(page, table)
                yield ChangePage(_of_page(table, page["value"]), Position(queries).cursor())

    async def _tracked(self, table: str, query: str, correlation_id: str) -> Row:
        try:
            return await self._api.call("GET", f"{table}?{query}", correlation_id, prefer=TRACKED)
        except Permanent as error:
            if error.code == EXPIRED or EXPIRED in error.message or error.status in (400, 410):
                raise _LapsedError from error
            raise

    async def _whole(self, position: Position | None, correlation_id: str) -> AsyncIterator[ChangePage]:
        versions: dict[str, int] = {}
        parents: dict[str, int] = {}
        queries: dict[str, str] = {}
        for table, columns in COLUMNS.items():
            queries[table] = await self._collect(table, columns, versions, parents, correlation_id)
        # A parent that is no account is a contact, and listed as such.
        versions |= {key: max(version, versions[key]) for key, version in parents.items() if key in versions}
        begun = position or Position(queries)  # what changes while the list is handed over comes with the next pull
        last = begun.after or ""
        listed = sorted(key for key in versions if key > last)
        chunks = [listed[start : start + PAGE] for start in range(0, len(listed), PAGE)] or [[]]
        for index, chunk in enumerate(chunks, start=1):
            changes = [RecordChange(key, str(versions[key])) for key in chunk]
            after = chunk[-1] if index < len(chunks) else None
            yield ChangePage(changes, Position(begun.queries, after).cursor(), whole=True)

    async def _collect(
        self, table: str, columns: str, versions: dict[str, int], parents: dict[str, int], correlation_id: str
    ) -> str:
        """Add every record of a table, and their parents, with versions; returns the query that goes on from here."""
        query, more = f"$select={columns}", True
        while more:
            try:
                page = await self._api.call("GET", f"{table}?{query}", correlation_id, prefer=TRACKED)
            except Permanent as error:
                raise _not_tracked(table, error.message, error.status) from error
            for row in page["value"]:
                key, version = f"{table}({row[f'{table[:-1]}id']})", int(row["versionnumber"])
                versions[key] = version
                if row.get(PARENT):
                    account = f"accounts({row[PARENT]})"
                    parents[account] = max(version, parents.get(account, 0))
            query, more = _next(page, table)
        return query


class _LapsedError(Exception):
    """Dataverse does not know the link any more."""


def _next(page: Row, table: str) -> tuple[str, bool]:
    """Return the query of the link that goes on, and whether that is the next page. The host is always our own."""
    link = page.get("@odata.nextLink") or page.get("@odata.deltaLink")
    if not link:
        raise _not_tracked(table, "the answer has no delta link", 200)
    return urlsplit(link).query, "@odata.nextLink" in page


def _of_page(table: str, rows: list[Row]) -> list[RecordChange]:
    changes: list[RecordChange] = []
    for row in rows:
        if str(row.get("@odata.context", "")).endswith("/$deletedEntity"):
            changes.append(RecordChange(f"{table}({row['id']})", "deleted", deleted=True))
            continue
        version = str(row["versionnumber"])
        changes.append(RecordChange(f"{table}({row[f'{table[:-1]}id']})", version))
        if row.get(PARENT):
            changes.append(RecordChange(f"accounts({row[PARENT]})", version))
    return changes


def _not_tracked(table: str, problem: str, status: int | None) -> Permanent:
    text = (
        f"changes of {table} cannot be listed: {problem}; switch change tracking on for the table "
        "(ctd365 setup dataverse does), and give the application user read access at organisation level"
    )
    return Permanent(SERVICE, f"list changes of {table}", text, status=status, code="NotTracked")
