"""What timers and webhooks start, put together from the road's parts. Triggers reach it through the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.commercetools.client import CommercetoolsClient
from shared.markets import BackEnd, MarketMap
from shared.pipeline.auditing import notification_entry
from shared.pipeline.notice_reading import Read, Request, read_notices
from shared.pipeline.notices import accept_notices
from shared.pipeline.process import Road
from shared.pipeline.pulls import pull_all
from shared.pipeline.retention import Retention, forget_old
from shared.pipeline.subscriptions import renew_subscriptions
from shared.pipeline.sweep import SWEPT_BUSINESS_UNITS, SWEPT_CUSTOMERS, SWEPT_ORDERS, Swept, sweep_projects

MAX_BODY = 1024 * 1024  # bytes of a notice; Dataverse drops what makes one larger than 256 KB


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a back-end's webhook request."""

    queued: int
    pulled: int
    refused: int


@dataclass(frozen=True, slots=True)
class Jobs:
    """Everything that is started from outside, besides messages."""

    road: Road
    markets: MarketMap
    projects: Mapping[str, CommercetoolsClient]
    connectors: Mapping[str, object]
    overlap: timedelta
    kept: Retention

    async def sweep_orders(self) -> None:
        """Queue orders that no event brought."""
        await self._sweep(SWEPT_ORDERS)

    async def sweep_customers(self) -> None:
        """Queue customers and business units that no event brought."""
        await self._sweep(SWEPT_CUSTOMERS, SWEPT_BUSINESS_UNITS)

    async def _sweep(self, *kinds: Swept) -> None:
        await sweep_projects(self.road, self.projects.values(), self.markets, self.overlap, *kinds)

    async def pull_customers(self) -> None:
        """Queue customers that changed in the back-ends."""
        await pull_all(self.road, self.markets, self.connectors, "customers")

    async def renew_subscriptions(self) -> None:
        """Make and renew the webhook subscriptions that lapse by themselves."""
        await renew_subscriptions(self.road, self.markets, self.connectors)

    async def forget_old(self) -> None:
        """Remove what is older than it is kept."""
        await forget_old(self.road, self.kept)

    async def take_notices(self, name: str, body: bytes, headers: Mapping[str, str], correlation_id: str) -> Taken:
        """Queue what a back-end has told. Raises Transient when it cannot be queued now."""
        back_end = self.markets.back_ends.get(name)
        read = _read(back_end, body, headers)
        queued = await accept_notices(self.road, self.markets, name, read.notices, "webhook")
        if read.refused:
            why = f"{name if back_end else 'unknown back-end'}: {read.why_refused}"
            entry = notification_entry(self.road.now(), correlation_id, "RefusedNotice", why)
            await self.road.state.audit.append(entry)
        taken = Taken(queued, read.pulled, len(read.refused))
        shown = name if back_end else "?"
        self.road.telemetry.event("notices", back_end=shown, queued=taken.queued, refused=taken.refused)
        return taken


def _read(back_end: BackEnd | None, body: bytes, headers: Mapping[str, str]) -> Read:
    if back_end is None or back_end.events is None:
        return Read(refused=("the market map has no events for a back-end of this name",))
    if len(body) > MAX_BODY:
        return Read(refused=(f"the body has {len(body)} bytes, at most {MAX_BODY} are taken",))
    secret = back_end.events.secret.get_secret_value()
    return read_notices(back_end.type, Request(body, headers, secret))
