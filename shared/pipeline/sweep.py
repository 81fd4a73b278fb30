"""The safety net: orders changed since the cursor are queued when no snapshot knows them.

Events and sweeps may overlap freely: both only say "look".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.commercetools.client import MAX_PAGE, CommercetoolsClient, Document
from shared.errors import ServiceError
from shared.markets import MarketMap
from shared.messaging.queues import ORDERS
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.process import Road, failed_entity

TRAILING = timedelta(
    seconds=60
)  # commercetools queries are eventually consistent: the cursor never passes now minus this
FIRST_LOOK_BACK = timedelta(days=1)  # without a cursor


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many orders were looked at and how many of them were queued."""

    seen: int
    queued: int


@dataclass(frozen=True, slots=True)
class _Position:
    modified: str
    id: str


async def sweep_projects(
    road: Road, clients: Iterable[CommercetoolsClient], markets: MarketMap, overlap: timedelta
) -> None:
    """Sweep every project. One that fails does not keep the others waiting; its error is raised at the end."""
    failed: list[ServiceError] = []
    for client in clients:
        try:
            await sweep_orders(road, client, markets, overlap)
        except ServiceError as error:
            road.telemetry.event("sweep failed", project=client.key, why=str(error))
            failed.append(error)
    if failed:
        raise failed[0]


async def sweep_orders(road: Road, client: CommercetoolsClient, markets: MarketMap, overlap: timedelta) -> SweepResult:
    """Read pages by (lastModifiedAt, id); the cursor moves only after a page is safely queued."""
    name, correlation_id = f"orders:{client.key}", f"{client.key}/sweep/{uuid.uuid4()}"
    stored = await road.state.cursors.get(name)
    position = _start(stored, road.now(), overlap)
    seen = queued = 0
    while True:
        page = await client.query(
            "orders", correlation_id, where=_after(position), sort=["lastModifiedAt asc", "id asc"]
        )
        missing = [order for order in page if not await _known(road, client.key, markets, order)]
        await road.sender.send(
            ORDERS, [_envelope(order, client.key, correlation_id, road.now()).to_message() for order in missing]
        )
        seen, queued = seen + len(page), queued + len(missing)
        if page:
            position = _Position(page[-1]["lastModifiedAt"], page[-1]["id"])
            await road.state.cursors.put(name, min(position.modified, _text(road.now() - TRAILING)))
        if len(page) < MAX_PAGE:
            road.telemetry.event("sweep", project=client.key, seen=seen, queued=queued)
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


async def _known(road: Road, project: str, markets: MarketMap, order: Document) -> bool:
    market = markets.market_of(project, (order.get("store") or {}).get("key"), order.get("country"))
    if market is None:
        return False  # the flow asks a person what to do with it
    if market.mode("orders") == "off":
        return True
    if await road.state.snapshots.get(market.name, "order", order["id"]) is not None:
        return True
    failed = await road.state.snapshots.get(project, failed_entity("orders"), order["id"])
    return failed is not None and failed.taken_at >= datetime.fromisoformat(order["lastModifiedAt"])


def _envelope(order: Document, project: str, correlation_id: str, now: datetime) -> Envelope:
    return Envelope(
        flow="orders",
        project=project,
        entity_type="order",
        entity_id=order["id"],
        # The same version swept twice is one cause: a sweep repeats nothing that is done.
        cause=Cause(source="sweep", type="Changed", id=f"{order['id']}/{order['version']}"),
        correlation_id=correlation_id,
        accepted_at=now,
    )


def _text(moment: datetime) -> str:
    """Timestamps are compared as text by the published mock: always milliseconds and Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
