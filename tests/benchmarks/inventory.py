"""1,000 inventory updates against the published commercetools mock, in bulk and one by one; and a day of sales."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from shared.commercetools.client import CommercetoolsClient
from shared.flows.catalogue_runs import CatalogueRuns
from shared.mapping.commercetools.inventory import entry_of, set_quantity
from shared.market_options.trade import Warehouse
from shared.markets import Market, Project
from tests.contract.commercetools_mock.catalogue import stocked
from tests.contract.commercetools_mock.stand_in import CLIENT_ID, CLIENT_SECRET, StandIn, run_stand_in
from tests.fakes.endless_catalogue import AFTER, BEFORE, EndlessStock, number
from tests.fakes.markets import map_with, market
from tests.fakes.road import Bench
from tests.unit.catalogue.shopping_day import SKUS, Day

UPDATES = 1_000
SEEDS = range(3)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of writing the same quantities. `right` is how many entries say afterwards what they should."""

    calls: int
    seconds: float
    right: int


def measure(updates: int) -> tuple[Way, Way]:
    """Write all entries of a new mock in bulk, and of another one by one."""
    return _measured(updates, bulk=True), _measured(updates, bulk=False)


def _measured(updates: int, *, bulk: bool) -> Way:
    with run_stand_in() as mock:
        for place in range(updates):
            stocked(mock, number(place), BEFORE)
        calls: Counter[str] = Counter()
        begun = time.perf_counter()
        asyncio.run(_write(mock, updates, calls, bulk=bulk))
        seconds = time.perf_counter() - begun
        return Way(calls.total(), seconds, _right(mock))


async def _write(mock: StandIn, updates: int, calls: Counter[str], *, bulk: bool) -> None:
    async def count(request: httpx.Request) -> None:
        if not request.url.path.startswith("/oauth/"):
            calls[request.method] += 1

    project = Project(api_url=mock.url, auth_url=mock.url, client_id=CLIENT_ID, client_secret=SecretStr(CLIENT_SECRET))
    async with httpx.AsyncClient(timeout=30, event_hooks={"request": [count]}) as http:
        client = CommercetoolsClient("demo", project, http)
        await (_in_bulk(client, updates) if bulk else _one_by_one(client, updates))


async def _in_bulk(client: CommercetoolsClient, updates: int) -> None:
    row = _market()
    stock = EndlessStock(updates, changed=updates)
    runs = CatalogueRuns(Bench().road, map_with(row), {row.project: client}, {row.back_end: stock})
    await runs.run("inventory", row)


async def _one_by_one(client: CommercetoolsClient, updates: int) -> None:
    """Look up and write one entry after the other, as the obvious loop does."""
    for place in range(updates):
        (document,) = await client.query("inventory", "bench", where=f'sku = "{number(place)}"')
        entry = entry_of(document)
        await client.update(f"inventory/{entry.id}", document, lambda _: set_quantity(AFTER), "bench")


def _market() -> Market:
    return market(modes={"inventory": "on"}, warehouses=(Warehouse(code="MAIN"),), write_back=None)


def _right(mock: StandIn) -> int:
    return int(mock.get("inventory", where=f"availableQuantity = {AFTER}", limit=1, withTotal="true")["total"])


def inventory_figures() -> Iterator[str]:
    """Measure both ways, and let some days pass."""
    yield f"inventory: {UPDATES:,} updates against the published mock, both ways on this machine:"
    names = (("in bulk", "; goal: 1.05"), ("one by one", ""))
    for (name, goal), way in zip(names, measure(UPDATES), strict=True):
        yield (
            f"  {name}: {way.calls:,} calls ({way.calls / UPDATES:.3f} an update{goal}), "
            f"{way.seconds:.1f} s, {UPDATES / way.seconds:,.0f} updates/s, {way.right:,} right afterwards"
        )
    yield from oversell_figures()


def oversell_figures() -> Iterator[str]:
    """Tell how many pieces too many were sold, with our rule and with the naive one, on the same days."""
    yield f"oversell: a simulated day each, {SKUS} SKUs in two warehouses (goal: 0 sold that are not there):"
    for seed in SEEDS:
        ours, naive = Day(seed), Day(seed, naive=True)
        asyncio.run(ours.run())
        asyncio.run(naive.run())
        yield (
            f"  seed {seed}: {ours.sold.total()} pieces sold, {ours.refused} orders refused by the shop, "
            f"{ours.oversold} oversold; copying what is on hand: {naive.sold.total()} sold, {naive.oversold} oversold"
        )
