"""What reading items, prices and stock of a Business Central environment have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.dynamics.business_central_companion import Companion, CompanionFinder
from shared.dynamics.business_central_item_rows import ItemRows
from shared.dynamics.business_central_listing import Lists
from shared.dynamics.business_central_marks import Timestamps
from shared.dynamics.odata import ODataClient
from shared.errors import Permanent
from shared.markets import Market

RELIST = timedelta(hours=1)
MODIFIED = "lastModifiedDateTime"


class Ground:
    """One environment; whether it has the companion extension is looked up once in a process.

    `overlap` is how late a transaction may commit and still be told, `relist` how long a deletion may stay unnoticed.
    """

    def __init__(
        self,
        api: ODataClient,
        root: str,
        clock: Callable[[], datetime],
        overlap: timedelta,
        relist: timedelta = RELIST,
    ) -> None:
        self.api = api
        self.rows = ItemRows(api)
        self.lists = Lists(api, root, clock, relist)
        self._root = root
        self._clock = clock
        self._overlap = overlap
        self._finder: CompanionFinder | None = None
        self._companion: Companion | None = None

    @property
    def companion(self) -> Companion | None:
        """The companion as it was last seen; None until somebody has looked for it."""
        return self._companion

    def by_time(self, field: str) -> Timestamps:
        """Return marks of a listing that begins now."""
        return Timestamps(field, self._clock() - self._overlap)

    async def find_companion(self, market: Market, correlation_id: str) -> Companion | None:
        """Look for the companion extension; None without it."""
        if self._finder is None:
            try:
                self._finder = CompanionFinder(self.api, self._root)
            except ValueError as error:
                raise Permanent(self.api.service, "look for the companion", str(error), code="WrongUrl") from error
        self._companion = await self._finder.discover(market.company, correlation_id)
        return self._companion

    async def companion_with(self, entity_set: str, market: Market, correlation_id: str) -> Companion | None:
        """Return the companion if it has an entity set."""
        companion = await self.find_companion(market, correlation_id)
        return companion if companion is not None and entity_set in companion.entity_sets else None
