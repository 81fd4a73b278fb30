"""Lists that are read one step ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from shared.dynamics.read_ahead import blocks, one_ahead


class Steps:
    """Numbers, and how far they have been asked for."""

    def __init__(self, last: int, *, breaks_at: int | None = None) -> None:
        self.asked = 0
        self.closed = False
        self._last = last
        self._breaks_at = breaks_at

    async def __call__(self) -> AsyncGenerator[int]:
        try:
            for number in range(1, self._last + 1):
                self.asked = number
                await asyncio.sleep(0)
                if number == self._breaks_at:
                    raise LookupError(number)
                yield number
        finally:
            self.closed = True


async def test_the_next_step_is_under_way_while_the_caller_works_and_no_more() -> None:
    steps, seen = Steps(4), []
    async for number in one_ahead(steps()):
        for _ in range(5):
            await asyncio.sleep(0)
        seen.append((number, steps.asked))
    assert seen == [(1, 2), (2, 3), (3, 4), (4, 4)]
    assert steps.closed


async def test_a_listing_that_is_given_up_is_closed() -> None:
    steps = Steps(4)
    ahead = one_ahead(steps())
    assert await anext(ahead) == 1
    await ahead.aclose()
    assert steps.closed
    assert steps.asked <= 2


async def test_an_error_comes_in_its_place() -> None:
    ahead = one_ahead(Steps(4, breaks_at=2)())
    assert await anext(ahead) == 1
    with pytest.raises(LookupError, match="2"):
        await anext(ahead)


async def some(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, [([], True)]),
        (2, [([0, 1], True)]),
        (3, [([0, 1], False), ([2], True)]),
        (4, [([0, 1], False), ([2, 3], True)]),
    ],
)
async def test_rows_are_cut_into_blocks_of_which_the_last_is_known(
    count: int, expected: list[tuple[list[int], bool]]
) -> None:
    assert [block async for block in blocks(some(count), 2)] == expected
