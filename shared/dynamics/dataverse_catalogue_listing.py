"""Long lists of Dataverse: whole ones in the order of product numbers, later only what change tracking tells.

Change tracking cannot list in an order, and of what was deleted it tells nothing but an id. So it is asked only which
rows changed: where to go on from is asked for before a whole list begins, what changed is read anew, and a deletion
means a whole list. The cursor says what was asked for, how change tracking goes on, and, while a whole list is being
handed over, behind which number to go on. A table without change tracking is listed whole each time.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import batched
from urllib.parse import urlsplit

from shared.dynamics.dataverse_tracking import is_tracked
from shared.dynamics.odata import ODataClient, Row, literal
from shared.dynamics.read_ahead import blocks, one_ahead
from shared.errors import Permanent
from shared.mapping.dataverse.catalogue import NUMBER
from shared.model.catalogue import CataloguePage, Record

SERVICE = "Dataverse"
CHUNK = 500  # records that are handed over at once: as many as commercetools compares in one request
ALL_TRACKED = "odata.track-changes,odata.maxpagesize=5000"
SOME_TRACKED = f"odata.track-changes,odata.maxpagesize={CHUNK}"
EXPIRED = "0x80044352"  # ExpiredVersionStamp


@dataclass(frozen=True, slots=True)
class Source[Kind: Record]:
    """What is listed: products, in their order, with what belongs to them.

    `table` and `entity_set` are where changes are tracked, `tracked` the column that says of which product a row is.
    `read` makes records of rows of products, `changed` of the tracked column's values.
    """

    columns: str
    read: Callable[[Sequence[Row]], Awaitable[Sequence[Kind]]]
    table: str = ""
    entity_set: str = ""
    tracked: str = ""
    changed: Callable[[Sequence[str]], Awaitable[Sequence[Kind]]] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing stands. `after` is None once a whole list is through; `query` is empty without tracking."""

    scope: str
    query: str
    after: str | None

    def cursor(self) -> str:
        """Spell the position."""
        return json.dumps({"scope": self.scope, "query": self.query, "after": self.after})


def position_of(cursor: str | None) -> Position | None:
    """Read a position; None when it is none of ours."""
    try:
        read = json.loads(cursor or "null")
        scope, query, after = read["scope"], read["query"], read["after"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(scope, str) or not isinstance(query, str) or not isinstance(after, str | None):
        return None
    return Position(scope, query, after)


class CatalogueLists:
    """Lists of one organisation."""

    def __init__(self, api: ODataClient, root: str) -> None:
        self._api = api
        self._host = urlsplit(root).netloc
        self._tracked: set[str] = set()
        self.untracked: set[str] = set()  # tables that turned out to be

    async def pages[Kind: Record](
        self, source: Source[Kind], scope: str, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        """List what changed, or everything. `scope` says what is asked for: a cursor of another one starts anew."""
        position = position_of(cursor)
        if position is not None and position.scope == scope and position.after is None and position.query:
            try:
                async with aclosing(one_ahead(self._changes(source, position, correlation_id))) as pages:
                    async for page in pages:
                        yield page
            except _WholeNeeded:
                position = None
            else:
                return
        if position is None or position.scope != scope or position.after is None:
            position = Position(scope, await self._token(source, correlation_id), "")
        async with aclosing(one_ahead(self._whole(source, position, correlation_id))) as pages:
            async for page in pages:
                yield page

    async def _whole[Kind: Record](
        self, source: Source[Kind], position: Position, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        options = {"select": source.columns, "orderby": NUMBER}
        if position.after:
            options["filter"] = f"{NUMBER} gt {literal(position.after)}"
        async with aclosing(blocks(self._api.rows("products", correlation_id, **options), CHUNK)) as found:
            async for rows, last in found:
                then = replace(position, after=None if last else str(rows[-1][NUMBER]))
                for page in _cut(await source.read(rows), position, then, whole=True):
                    yield page
                position = then

    async def _changes[Kind: Record](
        self, source: Source[Kind], position: Position, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        if source.changed is None:
            raise _WholeNeeded
        more = True
        while more:
            page = await self._asked(source.entity_set, position.query, SOME_TRACKED, correlation_id)
            if any(str(row.get("@odata.context", "")).endswith("/$deletedEntity") for row in page["value"]):
                raise _WholeNeeded
            query, more = self._next(page, source.entity_set)
            then = replace(position, query=query)
            ids = [str(row[source.tracked]) for row in page["value"] if row.get(source.tracked)]
            for told in _cut(await source.changed(list(dict.fromkeys(ids))), position, then, whole=False):
                yield told
            position = then

    async def _asked(self, entity_set: str, query: str, prefer: str, correlation_id: str) -> Row:
        try:
            return await self._api.call("GET", f"{entity_set}?{query}", correlation_id, prefer=prefer)
        except Permanent as error:
            if error.code == EXPIRED or error.status in (400, 410):  # the link has lapsed
                raise _WholeNeeded from error
            raise

    async def _token[Kind: Record](self, source: Source[Kind], correlation_id: str) -> str:
        """Return the query by which changes from now on are told; empty when the table is not tracked."""
        if not source.table or not await self._is_tracked(source.table, correlation_id):
            return ""
        query, more = f"$select={source.tracked}", True
        while more:
            path = f"{source.entity_set}?{query}"
            page = await self._api.call("GET", path, correlation_id, prefer=ALL_TRACKED)
            query, more = self._next(page, source.entity_set)
        return query

    async def _is_tracked(self, table: str, correlation_id: str) -> bool:
        if table not in self._tracked and await is_tracked(self._api, table, correlation_id):
            self._tracked.add(table)
            self.untracked.discard(table)
        if table not in self._tracked:
            self.untracked.add(table)
        return table in self._tracked

    def _next(self, page: Row, entity_set: str) -> tuple[str, bool]:
        """Return the query of the link that goes on, and whether that is the next page."""
        link = page.get("@odata.nextLink") or page.get("@odata.deltaLink")
        if not link:
            text = f"changes of {entity_set} cannot be listed: the answer has no delta link; try again"
            raise Permanent(SERVICE, f"list changes of {entity_set}", text, code="NotTracked")
        parts = urlsplit(link)
        if parts.netloc != self._host:  # tokens only ever go to the back-end's own host
            text = f"@odata.nextLink points to {parts.netloc}, not to {self._host}: not followed"
            raise Permanent(SERVICE, f"list changes of {entity_set}", text, code="ForeignNextLink")
        return parts.query, "@odata.nextLink" in page


class _WholeNeeded(Exception):
    """Change tracking has lapsed, or tells of deletions."""


def _cut[Kind: Record](
    records: Sequence[Kind], before: Position, then: Position, *, whole: bool
) -> list[CataloguePage[Kind]]:
    """Cut records into pages; only the last of them moves the cursor."""
    chunks: list[Sequence[Kind]] = [*batched(records, CHUNK, strict=False)] or [()]
    pages = [CataloguePage(chunk, before.cursor(), whole=whole) for chunk in chunks[:-1]]
    return [*pages, CataloguePage(chunks[-1], then.cursor(), whole=whole)]
