"""The safety net: what changed in commercetools since the cursor is queued when no snapshot knows it as it is now.

Events and sweeps may overlap freely: both only say "look".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.commercetools.client import MAX_PAGE, CommercetoolsClient, Document
from shared.errors import ServiceError
from shared.markets import ANY_PROJECT, Market, MarketMap
from shared.pipeline.envelope import Cause, Envelope, FlowName
from shared.pipeline.measuring import report_accepted
from shared.pipeline.process import Road, failed_entity
from shared.pipeline.routing import QUEUE_OF

TRAILING = timedelta(
    seconds=60
)  # commercetools queries are eventually consistent: the cursor never passes now minus this
FIRST_LOOK_BACK = timedelta(days=1)  # without a cursor


@dataclass(frozen=True, slots=True)
class Swept:
    """A kind of resource that is swept. `every_version` says that a newer version than the snapshot's is looked at."""

    flow: FlowName
    path: str
    entity: str
    every_version: bool = False


SWEPT_ORDERS = Swept("orders", "orders", "order")
SWEPT_CUSTOMERS = Swept("customers", "customers", "customer", every_version=True)
SWEPT_BUSINESS_UNITS = Swept("customers", "business-units", "business-unit", every_version=True)


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many resources were looked at and how many of them were queued."""

    seen: int
    queued: int


@dataclass(frozen=True, slots=True)
class _Position:
    modified: str
    id: str


async def sweep_projects(
    road: Road, clients: Iterable[CommercetoolsClient], markets: MarketMap, overlap: timedelta, *kinds: Swept
) -> None:
    """Sweep every project. One that fails does not keep the others waiting; its error is raised at the end."""
    failed: list[ServiceError] = []
    for client in clients:
        for kind in kinds:
            try:
                await sweep(road, client, markets, overlap, kind)
            except ServiceError as error:
                road.telemetry.event("sweep failed", project=client.key, resource=kind.entity, why=str(error))
                failed.append(error)
    if failed:
        raise failed[0]


async def sweep(
    road: Road, client: CommercetoolsClient, markets: MarketMap, overlap: timedelta, kind: Swept
) -> SweepResult:
    """Read pages by (lastModifiedAt, id); the cursor moves only after a page is safely queued."""
    name, correlation_id = f"{kind.path}:{client.key}", f"{client.key}/sweep/{uuid.uuid4()}"
    stored = await road.state.cursors.get(name)
    position = _start(stored, road.now(), overlap)
    seen = queued = 0
    while True:
        page = await client.query(
            kind.path, correlation_id, where=_after(position), sort=["lastModifiedAt asc", "id asc"]
        )
        missing = [document for document in page if not await _known(road, client.key, markets, document, kind)]
        await road.sender.send(
            QUEUE_OF[kind.flow],
            [_envelope(kind, document, client.key, correlation_id, road.now()).to_message() for document in missing],
        )
        seen, queued = seen + len(page), queued + len(missing)
        report_accepted(road.telemetry, kind.flow, "sweep", len(missing))
        if page:
            position = _Position(page[-1]["lastModifiedAt"], page[-1]["id"])
            await road.state.cursors.put(name, min(position.modified, _text(road.now() - TRAILING)))
        if len(page) < MAX_PAGE:
            road.telemetry.event("sweep", project=client.key, resource=kind.entity, seen=seen, queued=queued)
            return SweepResult(seen, queued)


def _start(stored: str | None, now: datetime, overlap: timedelta) -> _Position:
    since = datetime.fromisoformat(stored) if stored else now - FIRST_LOOK_BACK
    return _Position(_text(since - overlap), "")


def _after(position: _Position) -> str:
    if not position.id:
        return f'lastModifiedAt >= "{position.modified}"'
    return (
        f'lastModifiedAt > "{position.modified}" or (lastModifiedAt = "{position.modified}" and id > "{position.id}")'
    )


async def _known(road: Road, project: str, markets: MarketMap, document: Document, kind: Swept) -> bool:
    serving = _serving(project, markets, document, kind)
    if serving is None:
        return False  # the flow asks a person what to do with it
    if not serving:
        return True
    for market in serving:
        snapshot = await road.state.snapshots.get(market.name, kind.entity, document["id"])
        if snapshot is not None and (not kind.every_version or snapshot.commercetools_version >= document["version"]):
            return True
    failed = await road.state.snapshots.get(project, failed_entity(kind.flow), document["id"])
    return failed is not None and failed.taken_at >= datetime.fromisoformat(document["lastModifiedAt"])


def _serving(project: str, markets: MarketMap, document: Document, kind: Swept) -> list[Market] | None:
    """List the markets in which the flow runs for it; None for an order that no market serves."""
    if kind.flow != "orders":
        return [
            market
            for market in markets.markets
            if market.project in (project, ANY_PROJECT) and market.mode(kind.flow) != "off"
        ]
    market = markets.market_of(project, (document.get("store") or {}).get("key"), document.get("country"))
    if market is None:
        return None
    return [] if market.mode(kind.flow) == "off" else [market]


def _envelope(kind: Swept, document: Document, project: str, correlation_id: str, now: datetime) -> Envelope:
    return Envelope(
        flow=kind.flow,
        project=project,
        entity_type=kind.entity,
        entity_id=document["id"],
        # The same version swept twice is one cause: a sweep repeats nothing that is done.
        cause=Cause(source="sweep", type="Changed", id=f"{document['id']}/{document['version']}"),
        correlation_id=correlation_id,
        accepted_at=now,
    )


def _text(moment: datetime) -> str:
    """Timestamps are compared as text by the published mock: always milliseconds and Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
