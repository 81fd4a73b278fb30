"""Delta pulls: what changed in a back-end since the cursor is queued, page by page.

The cursor moves only after a page is safely queued, so a crash between the two brings a page twice and never loses one.
Events and pulls may overlap freely: both only say "look".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.dynamics.customer_sync import TellsChanges
from shared.errors import ServiceError
from shared.markets import Market, MarketMap
from shared.model.customer_fields import ChangePage, RecordChange
from shared.pipeline.envelope import FlowName
from shared.pipeline.notices import Notice, accept_notices
from shared.pipeline.process import Road
from shared.state.records import Claimed

LEASE = timedelta(minutes=10)  # a page takes seconds; only a killed worker lets it lapse


@dataclass(frozen=True, slots=True)
class Pull:
    """What is pulled from where. Markets that share a company are pulled once."""

    flow: FlowName
    back_end: str
    market: Market
    feed: TellsChanges

    @property
    def name(self) -> str:
        """The name of the cursor and of the list of digests."""
        return f"{self.flow}:{self.back_end}:{self.market.company.casefold()}"

    @property
    def listed(self) -> str:
        """The name of the cursor that says how far a whole list was compared, while it is being read."""
        return f"{self.name}:listed"


@dataclass(slots=True)
class PullResult:
    """Records that were told, and messages that were queued. `skipped` says that another run is still going."""

    seen: int = 0
    queued: int = 0
    skipped: bool = False


@dataclass(slots=True)
class _Scan:
    """Where reading a whole list stands."""

    after: str = ""  # in the words of the store
    last: str = ""  # the last record of the list
    whole: bool = False


async def pull_all(road: Road, markets: MarketMap, connectors: Mapping[str, object], flow: FlowName) -> None:
    """Pull every company once. One that fails does not keep the others waiting; its error is raised at the end."""
    failed: list[ServiceError] = []
    for what in pulls_of(markets, connectors, flow):
        try:
            await pull(road, markets, what)
        except ServiceError as error:
            road.telemetry.event("pull failed", pull=what.name, why=str(error))
            failed.append(error)
    if failed:
        raise failed[0]


def pulls_of(markets: MarketMap, connectors: Mapping[str, object], flow: FlowName) -> list[Pull]:
    """List the companies in which the flow runs, and whose back-end tells what changed."""
    found: dict[str, Pull] = {}
    for market in markets.markets:
        feed = connectors[market.back_end]
        if market.mode(flow) != "off" and isinstance(feed, TellsChanges):
            what = Pull(flow, market.back_end, market, feed)
            found.setdefault(what.name, what)
    return list(found.values())


async def pull(road: Road, markets: MarketMap, what: Pull) -> PullResult:
    """Queue what changed since the last run. Raises ServiceError when a side cannot be reached; the cursor stays."""
    claim = await road.state.idempotency.claim(f"pull:{what.name}", "", LEASE)
    if not isinstance(claim, Claimed):
        road.telemetry.event("pull skipped", pull=what.name, why="the run before is still going")
        return PullResult(skipped=True)
    try:
        result = await _pull(road, markets, what)
    finally:
        await road.state.idempotency.release(claim)
    road.telemetry.event("pull", pull=what.name, seen=result.seen, queued=result.queued)
    return result


async def _pull(road: Road, markets: MarketMap, what: Pull) -> PullResult:
    result, scan = PullResult(), _Scan()
    cursor = await road.state.cursors.get(what.name)
    async for page in _pages(what, cursor):
        result.seen += len(page.changes)
        result.queued += await _take(road, markets, what, page, scan)
        if scan.whole:
            await road.state.cursors.put(what.listed, json.dumps([scan.last, scan.after]))
        await road.state.cursors.put(what.name, page.cursor)
    if scan.whole:
        gone = await road.state.digests.rest(what.name, scan.after)
        result.queued += await _queue(road, markets, what, [_deleted(record) for record in gone])
        await road.state.digests.put(what.name, {}, gone)
        await road.state.cursors.put(what.listed, json.dumps(["", ""]))
    return result


def _pages(what: Pull, cursor: str | None) -> AsyncIterator[ChangePage]:
    return what.feed.changes("customers", what.market, cursor, f"{what.back_end}/pull/{uuid.uuid4()}")


async def _take(road: Road, markets: MarketMap, what: Pull, page: ChangePage, scan: _Scan) -> int:
    """Queue a page; of a whole list only what is not as it was."""
    if not page.whole:
        return await _queue(road, markets, what, page.changes)
    if not scan.whole:
        scan.whole, scan.after = True, await _resumed(road, what, page)
    scan.last = page.changes[-1].id if page.changes else scan.last
    versions = {change.id: change.version for change in page.changes}
    known = await road.state.digests.page(what.name, list(versions), scan.after)
    scan.after = known.after
    changed = [change for change in page.changes if known.known.get(change.id) != change.version]
    gone = [_deleted(record) for record in known.missing]
    queued = await _queue(road, markets, what, [*changed, *gone])
    await road.state.digests.put(what.name, {change.id: change.version for change in changed}, known.missing)
    return queued


async def _resumed(road: Road, what: Pull, page: ChangePage) -> str:
    """Return how far a run before had compared, if it broke off and this list goes on behind that place.

    Otherwise everything that it had compared would look missing.
    """
    last, after = json.loads(await road.state.cursors.get(what.listed) or '["", ""]')
    return str(after) if all(change.id > last for change in page.changes) else ""


async def _queue(road: Road, markets: MarketMap, what: Pull, changes: Sequence[RecordChange]) -> int:
    company = what.market.company
    notices = [
        Notice(what.flow, company, change.id, "Deleted" if change.deleted else "Changed", change.version)
        for change in changes
    ]
    return await accept_notices(road, markets, what.back_end, notices, "pull")


def _deleted(record: str) -> RecordChange:
    """Say that a record is not in the list any more; it may be another order of ids, so it is looked at."""
    return RecordChange(record, str(uuid.uuid4()), deleted=True)
