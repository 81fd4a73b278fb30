"""Many inventory updates against the published commercetools mock: as many calls as updates, and all of them right."""

from __future__ import annotations

from tests.benchmarks.inventory import measure

UPDATES = 120


def test_updates_in_bulk_cost_little_more_than_their_writes_and_half_of_what_one_by_one_costs() -> None:
    in_bulk, one_by_one = measure(UPDATES)
    assert (in_bulk.right, one_by_one.right) == (UPDATES, UPDATES)
    assert in_bulk.calls <= UPDATES * 1.05
    assert one_by_one.calls == UPDATES * 2
