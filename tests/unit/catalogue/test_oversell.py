"""Nothing is sold that is not there, whatever is late, doubled or lost; the naive rule oversells on the same day.

`make thorough` lets a hundred days pass, the normal suite ten.
"""

from __future__ import annotations

import os

import pytest

from tests.unit.catalogue.shopping_day import SAFETY, Day

SEEDS = range(100 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 10)
NAIVE_SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
async def test_on_a_busy_day_nobody_sells_what_is_not_there(seed: int) -> None:
    day = Day(seed)
    await day.run()
    assert day.oversold == 0
    assert day.generous == 0
    assert day.orders > 500
    assert day.refused > 0  # the shop ran out of something, so the day was a test
    for (sku, code), opening in day.opening.items():
        left = opening - day.sold[sku, code]
        assert day.stall.available(sku, code) == max(0, left - SAFETY)


@pytest.mark.parametrize("seed", NAIVE_SEEDS)
async def test_copying_what_is_on_hand_oversells_on_the_same_days(seed: int) -> None:
    day = Day(seed, naive=True)
    await day.run()
    assert day.oversold > 0
