"""Long lists of Business Central: whole ones in the order of items, later only what changed since.

A change is found by the stamp of its row, and a row that is deleted has none. So once in a while the list is read
whole again: what is missing from it is gone. The cursor says when that was, from where on each entity set has changes,
and, while a whole list is being handed over, behind which item to go on. The next page is read while the caller works
on one.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched

import httpx

from shared.dynamics.business_central_marks import Marks, instant_of, text_of
from shared.dynamics.odata import ODataClient, Row, literal
from shared.dynamics.read_ahead import one_ahead
from shared.errors import Permanent
from shared.model.catalogue import CataloguePage, Record

CHUNK = 500  # records that are handed over at once: as many as commercetools compares in one request

type Found[Kind: Record] = tuple[Sequence[Kind], Sequence[str]]  # records, and keys of what is gone


@dataclass(frozen=True, slots=True)
class Source[Kind: Record]:
    """One entity set that is listed. `item` is the property with the item's number, `order` that of a whole list."""

    name: str
    path: str
    marks: Marks
    item: str
    order: str
    read: Callable[[Sequence[Row]], Awaitable[Found[Kind]]]
    options: Mapping[str, str] = field(default_factory=dict)
    always: str = ""  # a filter for every listing
    present: str = ""  # a filter for whole lists: what counts at present
    is_whole: bool = True  # False: read for changes alone, since another source brings it with the whole list
    has_changes: bool = True  # False: read whole each time
    read_whole: Callable[[Sequence[Row]], Awaitable[Found[Kind]]] | None = None  # instead of `read`: rows are in order
    rows: int = CHUNK


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing stands. `source` is that of a whole list that is under way."""

    scope: str
    begun: str
    since: Mapping[str, str]
    source: str | None = None
    after: str = ""

    def cursor(self) -> str:
        """Spell the position."""
        parts = {"scope": self.scope, "begun": self.begun, "since": dict(self.since)}
        return json.dumps({**parts, "source": self.source, "after": self.after}, sort_keys=True)


def position_of(cursor: str | None) -> Position | None:
    """Read a position; None when it is none of ours."""
    try:
        read = json.loads(cursor or "null")
        texts = {name: read[name] for name in ("scope", "begun", "after")}
        since, source = dict(read["since"]), read["source"]
    except (ValueError, KeyError, TypeError):
        return None
    if not all(isinstance(text, str) for text in (*texts.values(), *since.values(), source or "")):
        return None
    return Position(**texts, since=since, source=source)


class Lists:
    """Lists of one environment. `relist` is how long a deletion may stay unnoticed."""

    def __init__(self, api: ODataClient, root: str, clock: Callable[[], datetime], relist: timedelta) -> None:
        self._api = api
        self._host = _host(root)
        self._clock = clock
        self._relist = relist

    async def pages[Kind: Record](
        self, sources: Sequence[Source[Kind]], scope: str, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        """List what changed, or everything. `scope` says what is asked for: a cursor of another one starts anew."""
        position = position_of(cursor)
        if position is None or not self._goes_on(position, sources, scope):
            first = next(source.name for source in sources if source.is_whole)
            position = Position(scope, text_of(self._clock()), dict.fromkeys(_names(sources), ""), source=first)
        listing = self._whole if position.source is not None else self._changes
        async with aclosing(listing(sources, position, correlation_id)) as pages:
            async for page in pages:
                yield page

    def _goes_on[Kind: Record](self, position: Position, sources: Sequence[Source[Kind]], scope: str) -> bool:
        if position.scope != scope or position.since.keys() != set(_names(sources)):
            return False
        if position.source is not None:
            return position.source in {source.name for source in sources if source.is_whole}
        begun, now = instant_of(position.begun), self._clock()
        is_fresh = begun is not None and abs(now - begun) < self._relist  # clocks of two machines may differ
        return is_fresh and all(source.has_changes for source in sources) and all(position.since.values())

    async def _whole[Kind: Record](
        self, sources: Sequence[Source[Kind]], position: Position, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        position = replace(position, since=_started(sources, position.since))
        listed = [source for source in sources if source.is_whole]
        start = next(place for place, source in enumerate(listed) if source.name == position.source)
        for place, source in enumerate(listed[start:], start=start):
            following = listed[place + 1].name if place + 1 < len(listed) else None
            behind = f"{source.item} ge {literal(position.after)}" if position.after else ""
            options = {"orderby": source.order, **_filter(source.always, source.present, behind), **source.options}
            async with aclosing(self._ahead(source, options, correlation_id)) as pages:
                async for rows, last in pages:
                    since = {**position.since, source.name: source.marks.start(rows, position.since[source.name])}
                    after = str(rows[-1][source.item]) if rows else position.after
                    done = replace(position, since=since, source=following, after="")
                    then = done if last else replace(position, since=since, after=after)
                    records, _ = await (source.read_whole or source.read)(rows)
                    for page in _cut(records, (), position, then, whole=True):
                        yield page
                    position = then

    async def _changes[Kind: Record](
        self, sources: Sequence[Source[Kind]], position: Position, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[Kind]]:
        for source in sources:
            order = source.marks.order()
            condition = source.marks.condition(position.since[source.name])
            options = {**_filter(source.always, condition), **({"orderby": order} if order else {}), **source.options}
            async with aclosing(self._ahead(source, options, correlation_id)) as pages:
                async for rows, last in pages:
                    reached = source.marks.reached(rows, position.since[source.name], last=last)
                    then = replace(position, since={**position.since, source.name: reached})
                    records, gone = await source.read(rows)
                    for page in _cut(records, gone, position, then, whole=False):
                        yield page
                    position = then

    def _ahead[Kind: Record](
        self, source: Source[Kind], options: Mapping[str, str], correlation_id: str
    ) -> AsyncGenerator[tuple[list[Row], bool]]:
        return one_ahead(self._pages_of(source, options, correlation_id))

    async def _pages_of[Kind: Record](
        self, source: Source[Kind], options: Mapping[str, str], correlation_id: str
    ) -> AsyncGenerator[tuple[list[Row], bool]]:
        """Yield pages of rows, and whether each is the last."""
        prefer = f"odata.maxpagesize={source.rows}"
        page = await self._api.call("GET", source.path, correlation_id, options=options, prefer=prefer)
        while link := page.get("@odata.nextLink"):
            yield page["value"], False
            page = await self._next(link, prefer, correlation_id)
        yield page["value"], True

    async def _next(self, link: str, prefer: str, correlation_id: str) -> Row:
        if _host(link) != self._host:  # tokens only ever go to the back-end's own host
            text = f"@odata.nextLink points to {_host(link)}, not to {self._host}: not followed"
            raise Permanent(self._api.service, "read next page of a list", text, code="ForeignNextLink")
        return await self._api.call("GET", link, correlation_id, prefer=prefer)


def _started[Kind: Record](sources: Sequence[Source[Kind]], since: Mapping[str, str]) -> Mapping[str, str]:
    """Mark where changes begin for sources that the whole list does not read itself."""
    apart = {source.name: source.marks.start((), since[source.name]) for source in sources if not source.is_whole}
    return {**since, **apart}


def _cut[Kind: Record](
    records: Sequence[Kind], gone: Sequence[str], before: Position, then: Position, *, whole: bool
) -> list[CataloguePage[Kind]]:
    """Cut a page of rows into pages of records; only the last of them moves the cursor."""
    chunks: list[Sequence[Kind]] = [*batched(records, CHUNK, strict=False)] or [()]
    pages = [CataloguePage(chunk, before.cursor(), whole=whole) for chunk in chunks[:-1]]
    return [*pages, CataloguePage(chunks[-1], then.cursor(), whole=whole, gone=tuple(gone))]


def _filter(*conditions: str) -> dict[str, str]:
    given = [f"({condition})" for condition in conditions if condition]
    return {"filter": " and ".join(given)} if given else {}


def _names[Kind: Record](sources: Sequence[Source[Kind]]) -> list[str]:
    return [source.name for source in sources]


def _host(url: str) -> str:
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode()}"
