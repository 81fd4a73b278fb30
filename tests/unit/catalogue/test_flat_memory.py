"""However many SKUs there are, a run keeps about two pages of them in memory, and asks for 500 at once."""

from __future__ import annotations

import pytest

from tests.benchmarks.catalogue import measure

SMALL, LARGE = 3_000, 12_000
LEAST_KEPT = 40  # bytes; the shortest text is longer, so a run that kept one thing a SKU would be seen


@pytest.mark.parametrize("whole", [False, True], ids=["everything compared", "whole list"])
def test_four_times_as_many_skus_need_no_more_memory(whole: bool) -> None:
    small, large = (measure(count, count // 100, whole=whole, traced=True) for count in (SMALL, LARGE))
    assert (small.written, large.written) == (30, 120)
    assert large.peak - small.peak < (LARGE - SMALL) * LEAST_KEPT


@pytest.mark.parametrize("whole", [False, True], ids=["everything compared", "whole list"])
def test_an_unchanged_sku_costs_a_hundredth_of_a_call_and_a_changed_one_its_write(whole: bool) -> None:
    found = measure(LARGE, 120, whole=whole, traced=False)
    assert found.written == found.writes == 120
    assert found.back_end + found.reads <= (LARGE - 120) * 0.01
