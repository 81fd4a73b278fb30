"""100,000 SKUs: what a run asks both sides, what it keeps in memory, and how long it takes.

Both sides are made up on the fly and keep nothing, so that what is measured is the connector's own. Every run is a
process of its own: once for its time, once for its memory, because following every allocation takes time itself.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from shared.commercetools.pacing import Pacer
from shared.flows.catalogue_runs import CatalogueRuns
from shared.market_options.trade import Warehouse
from shared.messaging.memory import MemorySender
from shared.pipeline.failures import FailureMemory
from shared.pipeline.process import Road
from shared.state.memory import MemoryState
from tests.fakes.clock import ManualClock
from tests.fakes.endless_catalogue import EndlessAudit, EndlessDigests, EndlessShop, EndlessStock, NoTelemetry
from tests.fakes.markets import map_with, market

SMALL, LARGE, CHANGED = 10_000, 100_000, 1_000
WARM = 25_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `calls` are requests to both sides, `peak` bytes at once, 0 where that was not followed."""

    count: int
    written: int
    back_end: int
    reads: int
    writes: int
    seconds: float
    peak: int = 0

    @property
    def calls(self) -> int:
        """Requests to both sides."""
        return self.back_end + self.reads + self.writes


def measure(count: int, changed: int, *, whole: bool, traced: bool) -> Measured:
    """Run inventory once: everything compared or, with `whole`, a whole list of which digests tell what changed."""
    if not traced:
        return asyncio.run(_measure(count, changed, whole=whole))
    tracemalloc.start()
    # httpx and urllib remember the last 128 addresses, long ones here: they are there before anything is measured.
    asyncio.run(_measure(WARM, WARM * changed // count, whole=whole))
    gc.collect()
    tracemalloc.reset_peak()
    found = asyncio.run(_measure(count, changed, whole=whole))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return replace(found, peak=peak)


async def _measure(count: int, changed: int, *, whole: bool) -> Measured:
    stock, shop = EndlessStock(count, changed, whole=whole), EndlessShop()
    state = MemoryState(ManualClock())
    road = Road(state, MemorySender(), NoTelemetry(), FailureMemory(state.failures), now=ManualClock())
    setattr(state, "audit", EndlessAudit())  # noqa: B010 - mypy knows that the memory keeps its own
    if whole:
        setattr(state, "digests", EndlessDigests())  # noqa: B010
    rows = (Warehouse(code="MAIN", channel="warehouse-main"),)
    row = market(modes={"inventory": "on"}, warehouses=rows, write_back=None)
    runs = CatalogueRuns(road, map_with(row), {"shop": shop.client}, {"bc": stock})
    runs._pacers["shop"] = Pacer(jitter=lambda: 0.0)
    begun = time.perf_counter()
    result = await runs.run("inventory", row)
    seconds = time.perf_counter() - begun
    writes = shop.requests["POST inventory"]
    return Measured(count, result.written, stock.requests.total(), shop.requests.total() - writes, writes, seconds)


def measured_alone(count: int, changed: int, *, whole: bool, traced: bool) -> Measured:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.catalogue", str(count), str(changed), str(whole), str(traced)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(**json.loads(answer.stdout))


def catalogue_figures() -> Iterator[str]:
    """Compare 100,000 SKUs with 10,000, in both ways of finding what changed."""
    yield f"catalogue: inventory of {LARGE:,} SKUs, {CHANGED:,} of them changed (both sides made up, no network):"
    for whole, name in ((False, "everything compared"), (True, "whole list, digests tell what changed")):
        large = measured_alone(LARGE, CHANGED, whole=whole, traced=False)
        per_unchanged = (large.calls - large.writes) / (large.count - large.written)
        yield (
            f"  {name}: {large.written:,} written; calls: back-end {large.back_end:,}, commercetools {large.reads:,} "
            f"reads + {large.writes:,} writes = {large.calls:,}; {per_unchanged:.4f} a SKU beside the writes "
            f"(goal: 0.01 an unchanged one); {large.seconds:.1f} s, {large.count / large.seconds:,.0f} records/s"
        )
        peaks = [measured_alone(count, count // 100, whole=whole, traced=True).peak for count in (SMALL, LARGE)]
        yield (
            f"  {name}: peak memory {peaks[1] / 2**20:.1f} MiB, with {SMALL:,} SKUs {peaks[0] / 2**20:.1f} MiB: "
            f"{peaks[1] / peaks[0] - 1:+.1%} (goal: within 10 %)"
        )


if __name__ == "__main__":
    size, differing, is_whole, is_traced = sys.argv[1:]
    found = measure(int(size), int(differing), whole=is_whole == "True", traced=is_traced == "True")
    sys.stdout.write(json.dumps(asdict(found)))
