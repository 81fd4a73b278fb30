"""Rows of some items, by number: as few requests as the length of a filter allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

from shared.dynamics.odata import ODataClient, Row, any_of, literal
from shared.mapping.business_central.catalogue import item_columns, item_states
from shared.markets import ItemTarget, Market
from shared.model.catalogue import ItemState

MAX_OR_TERMS = 50  # keeps $filter well below URL limits
VARIANTS = "itemVariants"
VARIANT_COLUMNS = "id,itemNumber,code,description"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of an item: some variants, where the empty one is the item itself."""

    variants: frozenset[str]

    @property
    def is_family(self) -> bool:
        """Whether the item itself is wanted, and so all that belongs to it."""
        return "" in self.variants

    def takes(self, variant: str) -> bool:
        """Tell whether a record of this variant is wanted."""
        return self.is_family or variant in self.variants


def by_number(targets: Iterable[ItemTarget]) -> dict[str, Wanted]:
    """Return what is wanted by item number; numbers and codes are upper case in Business Central."""
    found: dict[str, set[str]] = {}
    for target in targets:
        found.setdefault(target.item.upper(), set()).add((target.variant or "").upper())
    return {number: Wanted(frozenset(variants)) for number, variants in sorted(found.items())}


class ItemRows:
    """Reads rows of one environment."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    async def of(
        self,
        path: str,
        field: str,
        numbers: Collection[str],
        correlation_id: str,
        *,
        where: str = "",
        **options: str,
    ) -> list[Row]:
        """Read the rows of these items; `field` has the item's number, `where` is one more condition."""
        rows: list[Row] = []
        for some in batched(numbers, MAX_OR_TERMS, strict=False):
            own = f"({any_of(field, list(some))})"
            condition = f"{own} and {where}" if where else own
            rows += [row async for row in self._api.rows(path, correlation_id, filter=condition, **options)]
        return rows

    async def cards(self, market: Market, numbers: Collection[str], correlation_id: str, columns: str) -> list[Row]:
        """Read items with these columns, each with its variants as `itemVariants`."""
        options = {"select": f"{columns},{VARIANTS}", "expand": VARIANTS}
        return await self.of(path_of(market, "items"), "number", numbers, correlation_id, **options)

    async def states(self, market: Market, numbers: Collection[str], correlation_id: str) -> list[ItemState]:
        """Read items, each as itself and as its variants."""
        rows = await self.cards(market, numbers, correlation_id, item_columns(market))
        return [state for row in rows for state in item_states(row, row[VARIANTS], market)]

    async def families(
        self, market: Market, rows: Sequence[Row], correlation_id: str, *, in_order: bool = False
    ) -> list[ItemState]:
        """Add their variants to a page of items; in the order of their numbers that is one request.

        `$expand` would make Business Central look for variants item by item, which takes its time for long lists.
        """
        numbers = [str(row["number"]) for row in rows]
        path = path_of(market, VARIANTS)
        if in_order and numbers:
            condition = f"itemNumber ge {literal(numbers[0])} and itemNumber le {literal(numbers[-1])}"
            found = self._api.rows(path, correlation_id, filter=condition, select=VARIANT_COLUMNS)
            variants = [row async for row in found]
        else:
            variants = await self.of(path, "itemNumber", numbers, correlation_id, select=VARIANT_COLUMNS)
        by_item: dict[str, list[Row]] = {}
        for variant in variants:
            by_item.setdefault(str(variant["itemNumber"]), []).append(variant)
        return [state for row in rows for state in item_states(row, by_item.get(str(row["number"]), ()), market)]


def path_of(market: Market, entity_set: str) -> str:
    """Return the path of an entity set of the standard API."""
    return f"companies({market.company})/{entity_set}"
