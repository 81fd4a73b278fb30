"""The companion extension of Business Central: whether an environment has it, and what cannot be done without it.

Its API lies beside the standard one, on the same host: `…/api/v2.0` becomes `…/api/ctd365/commerce/v1.0`. One GET of
its service document tells which entity sets there are; without the extension the path is unknown (404).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.dynamics.odata import ODataClient
from shared.errors import NotFound

STANDARD = "/api/v2.0"
OWN = "/api/ctd365/commerce/v1.0"
ASK_AGAIN_SECONDS = 900.0  # an extension may be installed while the process runs

# What the connector does with each entity set, and what it does without.
USES: Mapping[str, str] = {
    "itemAvailabilities": (
        "stock by variant and location, with what is reserved, sold and on its way; without it only an item's total "
        "over all locations is known, and no change of it is noticed"
    ),
    "priceListLines": (
        "prices of price lists: by customer, price group, quantity, currency, unit and date; without it only the "
        "item's own unit price is known"
    ),
    "salesShipmentHeaders": "carrier and tracking number of a shipment; without it deliveries carry no tracking",
    "salesShipmentLines": (
        "which order line was shipped, from where, and whether it was corrected; without it shipped quantities are "
        "allocated to order lines by item and remaining quantity"
    ),
    "salesOrders": "releasing, reopening and shipping sales orders; without it they stay open until a person acts",
    "salesReturnOrders": "return orders; without it a return becomes a sales credit memo",
    "salesReturnOrderLines": "lines of return orders with reasons; without it a return becomes a sales credit memo",
    "returnReceiptLines": "what has been received of a return; without it a return is known by its credit memo alone",
}


@dataclass(frozen=True, slots=True)
class Companion:
    """The extension as one company of an environment shows it."""

    root: str
    company: str
    entity_sets: frozenset[str]

    def url(self, entity_set: str) -> str:
        """Return the address of an entity set of the company, as `ODataClient` takes it in the place of a path."""
        return f"{self.root}/companies({self.company})/{entity_set}"


def companion_root(back_end_url: str) -> str:
    """Derive the extension's address from the standard API's; ValueError for a URL that is not the standard API's."""
    url = back_end_url.rstrip("/")
    if not url.endswith(STANDARD):
        raise ValueError(f"{back_end_url} does not end in {STANDARD}: correct the back-end's url in the market map")
    return url.removesuffix(STANDARD) + OWN


def missing(companion: Companion | None) -> tuple[str, ...]:
    """Say in words what the connector cannot do, each with what it does instead; nothing, when all is there."""
    present = companion.entity_sets if companion is not None else frozenset()
    return tuple(f"{name}: {text}" for name, text in USES.items() if name not in present)


class CompanionFinder:
    """Asks an environment for the extension once in the process; the answer no is asked for again after a while."""

    def __init__(self, api: ODataClient, back_end_url: str, seconds: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._root = companion_root(back_end_url)
        self._seconds = seconds
        self._found: frozenset[str] | None = None
        self._absent_until = float("-inf")

    async def discover(self, company: str, correlation_id: str) -> Companion | None:
        """Return the extension, None without it. Raises only `shared.errors.ServiceError`."""
        if self._found is None and self._seconds() >= self._absent_until:
            self._found = await self._ask(correlation_id)
            self._absent_until = self._seconds() + ASK_AGAIN_SECONDS
        return Companion(self._root, company, self._found) if self._found is not None else None

    async def _ask(self, correlation_id: str) -> frozenset[str] | None:
        try:
            document = await self._api.get(self._root, correlation_id)
        except NotFound:
            return None
        return frozenset(str(entry["name"]) for entry in document.get("value", []) if "name" in entry)
