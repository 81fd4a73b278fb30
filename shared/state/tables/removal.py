"""What removing many rows needs: some at a time, some in flight, and no failure lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable

from shared.state.tables.table import Row

CHUNK = 100  # what one transaction takes
AT_ONCE = 16  # requests in flight


async def chunked(rows: AsyncIterator[Row], limit: int) -> AsyncIterator[list[Row]]:
    """Hand rows on in lists, `limit` rows at most in all."""
    taken: list[Row] = []
    left = limit
    async for row in rows:
        if left == 0:
            break
        taken.append(row)
        left -= 1
        if len(taken) == CHUNK:
            yield taken
            taken = []
    if taken:
        yield taken


async def all_done[Result](work: Iterable[Awaitable[Result]]) -> list[Result]:
    """Await everything, some at once; the first failure is raised after the others have ended."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(step: Awaitable[Result]) -> Result:
        async with slots:
            return await step

    results = await asyncio.gather(*(one(step) for step in work), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
