"""Lists that are read one step ahead of whoever works on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator


async def one_ahead[Step](steps: AsyncGenerator[Step]) -> AsyncGenerator[Step]:
    """Yield the same steps; the next one is under way while the caller works, and is given up with the listing."""
    ahead = asyncio.ensure_future(_next(steps))
    try:
        while (found := await ahead) is not None:
            ahead = asyncio.ensure_future(_next(steps))
            yield found[0]
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)  # nobody waits for what went wrong
        await steps.aclose()


async def blocks[Row](rows: AsyncIterator[Row], size: int) -> AsyncGenerator[tuple[list[Row], bool]]:
    """Cut rows into blocks, and tell which is the last; a list without rows is one empty block."""
    block: list[Row] = []
    async for row in rows:
        if len(block) == size:
            yield block, False
            block = []
        block.append(row)
    yield block, True


async def _next[Step](steps: AsyncIterator[Step]) -> tuple[Step] | None:
    """Return the next step, wrapped so that it cannot be taken for the end."""
    try:
        return (await anext(steps),)
    except StopAsyncIteration:
        return None
