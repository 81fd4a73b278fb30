"""What changed in Business Central, read by modification time. Deletions cannot be seen this way.

A row is stamped when it is written and seen when its transaction commits, so one that is stamped earlier may be seen
later. The cursor therefore never goes beyond `overlap` before the moment the listing began, and rows younger than that
are told again by the next pull: their version says whether they are new. It never goes beyond the newest row either,
whatever the clocks say. Where a listing breaks off at a page's end, rows with that page's last stamp may still follow,
so the cursor stays just before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from shared.dynamics.business_central_customers import ETAG, instant
from shared.dynamics.customer_sync import Entity
from shared.dynamics.odata import ODataClient, Row
from shared.errors import Permanent
from shared.markets import Market
from shared.model.customer_fields import ChangePage, RecordChange

OVERLAP = timedelta(seconds=120)
PAGE_SIZE = 200
_MODIFIED = "lastModifiedDateTime"
_STAMP = timedelta(milliseconds=1)  # the smallest difference between two of Business Central's timestamps


class ChangeFeed:
    """Lists changes of one environment; the next page is read while the caller queues the present one."""

    def __init__(
        self,
        api: ODataClient,
        root: str,
        clock: Callable[[], datetime],
        overlap: timedelta = OVERLAP,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._api = api
        self._host = _host(root)
        self._clock = clock
        self._overlap = overlap
        self._prefer = f"odata.maxpagesize={page_size}"

    async def changes(
        self, entity: Entity, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[ChangePage]:
        """See `TellsChanges.changes`. The cursor is a timestamp; one that is none, or lies ahead, starts anew."""
        settled = self._clock() - self._overlap
        since = parse_cursor(cursor, self._clock() + self._overlap)
        page = await self._first(entity, market, since, correlation_id)
        ahead: asyncio.Task[Row] | None = None
        try:
            while True:
                link = page.get("@odata.nextLink")
                ahead = asyncio.create_task(self._next(link, correlation_id)) if link else None
                told = change_page(page["value"], since, settled, last=ahead is None)
                since = parse_cursor(told.cursor, None)
                yield told
                if ahead is None:
                    return
                page = await ahead
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def _first(self, entity: Entity, market: Market, since: datetime | None, correlation_id: str) -> Row:
        options = {"select": f"id,{_MODIFIED}", "orderby": f"{_MODIFIED},id"}
        if since is not None:
            options["filter"] = f"{_MODIFIED} gt {_text(since)}"
        path = f"companies({market.company})/{entity}"
        return await self._api.call("GET", path, correlation_id, options=options, prefer=self._prefer)

    async def _next(self, link: str, correlation_id: str) -> Row:
        if _host(link) != self._host:  # tokens only ever go to the back-end's own host
            text = f"@odata.nextLink points to {_host(link)}, not to {self._host}: not followed"
            raise Permanent(self._api.service, "read next page of changes", text, code="ForeignNextLink")
        return await self._api.call("GET", link, correlation_id, prefer=self._prefer)


def change_page(rows: list[dict[str, Any]], since: datetime | None, settled: datetime, *, last: bool) -> ChangePage:
    """Turn a page into changes and the cursor behind it. Rows come in the order of their timestamps. Pure."""
    changes = [RecordChange(row["id"], row.get(ETAG) or row[_MODIFIED]) for row in rows]
    newest = max((stamp for row in rows if (stamp := instant(row[_MODIFIED]))), default=None)
    if newest is None:
        return ChangePage(changes, _text(since or settled))
    reached = min(newest if last else newest - _STAMP, settled)
    return ChangePage(changes, _text(max(reached, since) if since else reached))


def parse_cursor(cursor: str | None, latest: datetime | None) -> datetime | None:
    """Read a cursor; None starts anew: what is no instant, or is later than `latest`, means nothing. Pure."""
    try:
        moment = datetime.fromisoformat(cursor or "")
    except ValueError:
        return None
    if moment.tzinfo is None or (latest is not None and moment > latest):
        return None
    return moment


def _text(moment: datetime) -> str:
    """Spell an instant to the millisecond, rounded down."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _host(url: str) -> str:
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode()}"
