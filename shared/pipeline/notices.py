"""What a back-end tells of itself: notices of webhooks and business events become envelopes that say "look"."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.markets import ANY_PROJECT, Market, MarketMap
from shared.messaging.sender import OutgoingMessage
from shared.pipeline.envelope import Cause, Envelope, FlowName
from shared.pipeline.measuring import report_accepted
from shared.pipeline.process import Road
from shared.pipeline.routing import QUEUE_OF

DYNAMICS_PREFIX = "dynamics:"  # of an entity id while commercetools' id is not known
# Entities of the id map in which a record of the back-end may be known, by flow.
ENTITIES_OF: dict[FlowName, tuple[str, ...]] = {"customers": ("customer", "business-unit")}


@dataclass(frozen=True, slots=True)
class Notice:
    """One record of a back-end that should be looked at. `company` is empty where the back-end names none.

    `version` differs whenever the record does, so that hearing of the same change twice is one cause.
    """

    flow: FlowName
    company: str
    record_id: str
    cause: str
    version: str


def markets_of(markets: MarketMap, back_end: str, company: str, flow: FlowName) -> list[Market]:
    """List the markets whose business is in a company of a back-end, and in which the flow runs."""
    return [
        market
        for market in markets.markets
        if market.back_end == back_end
        and (not company or market.company.casefold() == company.casefold())
        and market.mode(flow) != "off"
    ]


async def accept_notices(road: Road, markets: MarketMap, back_end: str, notices: Sequence[Notice], source: str) -> int:
    """Queue one envelope for each customer that a notice is about; returns how many. Raises Transient.

    A record that nobody knows yet is looked at in the first market of its company. One that customers of several
    projects are paired with is looked at for each of them.
    """
    correlation_id = f"{back_end}/{uuid.uuid4()}"
    by_queue: dict[str, list[OutgoingMessage]] = {}
    for notice in _once(notices):
        envelopes = await _envelopes(road, markets, back_end, notice, source, correlation_id)
        by_queue.setdefault(QUEUE_OF[notice.flow], []).extend(envelope.to_message() for envelope in envelopes)
    for queue, messages in by_queue.items():
        if messages:
            await road.sender.send(queue, messages)
            report_accepted(road.telemetry, queue, source, len(messages))
    return sum(map(len, by_queue.values()))


def _once(notices: Iterable[Notice]) -> list[Notice]:
    """Drop what is told twice: a batch often tells every step of one change."""
    return list({(notice.flow, notice.company, notice.record_id): notice for notice in notices}.values())


async def _envelopes(
    road: Road, markets: MarketMap, back_end: str, notice: Notice, source: str, correlation_id: str
) -> list[Envelope]:
    candidates = markets_of(markets, back_end, notice.company, notice.flow)
    known: dict[tuple[str, str], Envelope] = {}
    for market in candidates:
        for entity in ENTITIES_OF[notice.flow]:
            pair = await road.state.id_map.by_dynamics_id(market.name, entity, notice.record_id)
            if pair is not None:
                found = _envelope_of(notice, source, correlation_id, road, market, markets)
                found = found.model_copy(update={"entity_type": entity, "entity_id": pair.commercetools_id})
                known.setdefault((found.project, found.entity_id), found)
    if known or not candidates:
        return list(known.values())
    return [_envelope_of(notice, source, correlation_id, road, candidates[0], markets)]


def _envelope_of(
    notice: Notice, source: str, correlation_id: str, road: Road, market: Market, markets: MarketMap
) -> Envelope:
    project = next(iter(markets.projects)) if market.project == ANY_PROJECT else market.project
    return Envelope(
        flow=notice.flow,
        project=project,
        entity_type=ENTITIES_OF[notice.flow][0],
        entity_id=f"{DYNAMICS_PREFIX}{notice.record_id}",
        market=market.name,
        cause=Cause(source=source, type=notice.cause, id=f"{notice.record_id}/{notice.version}"),
        correlation_id=correlation_id,
        accepted_at=road.now(),
    )
