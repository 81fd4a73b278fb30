"""Webhook subscriptions that lapse by themselves: made where they are missing, renewed before they expire."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from shared.dynamics.subscriptions import KeepsSubscriptions
from shared.errors import ServiceError
from shared.markets import BackEnd, MarketMap
from shared.pipeline.process import Road


async def renew_subscriptions(road: Road, markets: MarketMap, connectors: Mapping[str, object]) -> None:
    """Make the subscriptions of every company those that are wanted. Raises the first error when all were tried."""
    failed: list[ServiceError] = []
    for name, back_end in markets.back_ends.items():
        connector = connectors[name]
        if back_end.events is None or not isinstance(connector, KeepsSubscriptions):
            continue
        for company in companies_of(markets, name):
            try:
                await _renew(road, name, back_end, connector, company)
            except ServiceError as error:
                road.telemetry.event("subscriptions failed", back_end=name, company=company, why=str(error))
                failed.append(error)
    if failed:
        raise failed[0]


def companies_of(markets: MarketMap, back_end: str) -> list[str]:
    """List the companies of a back-end in which any flow runs that listens to it."""
    found = [
        market.company
        for market in markets.markets
        if market.back_end == back_end and any(market.mode(flow) != "off" for flow in LISTENING)
    ]
    return list(dict.fromkeys(found))


LISTENING = ("customers",)


async def _renew(road: Road, name: str, back_end: BackEnd, connector: KeepsSubscriptions, company: str) -> None:
    if back_end.events is None:
        return
    url, secret = back_end.events.url.get_secret_value(), back_end.events.secret.get_secret_value()
    report = await connector.ensure_subscriptions(company, url, secret, f"{name}/subscriptions/{uuid.uuid4()}")
    road.telemetry.event(
        "subscriptions",
        back_end=name,
        company=company,
        created=",".join(report.created),
        renewed=",".join(report.renewed),
        kept=",".join(report.kept),
        failed="; ".join(f"{one.resource}: {one.reason}" for one in report.failed),
    )
