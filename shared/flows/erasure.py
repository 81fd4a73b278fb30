"""Erasing a person: what the connector remembers of somebody goes, that something happened stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from shared.commercetools.client import CommercetoolsClient
from shared.flows.customer_plan import Gone
from shared.pipeline.flow import Work
from shared.pipeline.notices import DYNAMICS_PREFIX
from shared.state.protocols import State

PAGE = 500


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases in the connector's own stores; what the back-end must keep of its customers is its own affair."""

    state: State
    projects: Mapping[str, CommercetoolsClient]

    async def erase(self, work: Work, gone: Gone) -> None:
        """Take personal data out of id map, snapshots, review items and audit. Safe to call again after a crash."""
        items = await self.state.review.erase(gone.id)
        entries = await self.state.audit.erase(gone.id)
        for market, pair in gone.pairs:
            await self.state.snapshots.remove(market.name, gone.entity.name, gone.id)
            await self.state.id_map.put(replace(pair, details={}))
            entries += await self.state.audit.erase(f"{DYNAMICS_PREFIX}{pair.dynamics_id}")
        async for order_id in self._orders(work, gone):
            entries += await self.state.audit.erase(order_id)
            items += await self.state.review.erase(order_id)
        work.trail.note("personal data erased", f"in {entries} audit entries and {items} review items")

    async def _orders(self, work: Work, gone: Gone) -> AsyncIterator[str]:
        """Orders stay in commercetools when their customer is erased; their audit tells about the customer, too."""
        client = self.projects.get(work.envelope.project)
        if client is None or gone.entity.name != "customer":
            return
        last = ""
        while True:
            where = f'customerId = "{gone.id}"' + (f' and id > "{last}"' if last else "")
            page = await client.query("orders", work.envelope.correlation_id, where=where, sort=["id asc"], limit=PAGE)
            for order in page:
                yield order["id"]
            if len(page) < PAGE:
                return
            last = page[-1]["id"]
