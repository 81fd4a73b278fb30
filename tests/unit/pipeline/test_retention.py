"""The work of the night: what is older than it is kept goes, each kind by its own time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import Transient
from shared.pipeline.retention import Retention, forget_old
from shared.state.records import AuditEntry, Claimed, Question
from tests.fakes.road import LEASE, Bench

DAY = timedelta(days=1)
KEPT = Retention(idempotency=30 * DAY, audit=400 * DAY, review=200 * DAY)
QUESTION = Question("emea", "item", "sku:A", "Which item is SKU A?")


async def write(bench: Bench, name: str) -> str:
    """One done claim, one audit entry and one resolved item; returns the item's id."""
    claim = await bench.state.idempotency.claim(name, "a", LEASE)
    assert isinstance(claim, Claimed)
    await bench.state.idempotency.complete(claim, {})
    entry = AuditEntry(bench.clock(), "orders", "emea", "order", name, "outcome", "Done", "", "flow", "c")
    await bench.state.audit.append(entry)
    item = await bench.state.review.ask(QUESTION, None)
    return (await bench.state.review.resolve(item.id, {}, "reviewer@example.com")).id


async def left(bench: Bench, name: str, item: str) -> tuple[bool, bool, bool]:
    claim = await bench.state.idempotency.claim(name, "a", LEASE)
    return (
        not isinstance(claim, Claimed),
        bool(await bench.audit(name)),
        await bench.state.review.get(item) is not None,
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (29, (True, True, True)),
        (31, (False, True, True)),
        (201, (False, True, False)),
        (402, (False, False, False)),
    ],
)
async def test_each_kind_is_kept_for_its_own_time(days: int, expected: tuple[bool, bool, bool]) -> None:
    bench = Bench()
    item = await write(bench, "old")
    bench.clock.now += days * DAY
    await forget_old(bench.road, KEPT)
    assert await left(bench, "old", item) == expected


async def test_the_run_says_how_much_it_removed_and_whether_its_bound_left_more() -> None:
    bench = Bench()
    for number in range(3):
        await write(bench, f"order-{number}")
    bench.clock.now += 1000 * DAY
    bounded = Retention(KEPT.idempotency, KEPT.audit, KEPT.review, rows=2)
    assert await forget_old(bench.road, bounded) == {"idempotency": 2, "audit": 2, "review": 2}
    assert await forget_old(bench.road, bounded) == {"idempotency": 1, "audit": 1, "review": 1}
    said = [(row["kind"], row["removed"], row["more"]) for name, row in bench.telemetry.events if name == "retention"]
    assert said[:3] == [("idempotency", 2, "true"), ("audit", 2, "true"), ("review", 2, "true")]
    assert said[3:] == [("idempotency", 1, "false"), ("audit", 1, "false"), ("review", 1, "false")]


async def test_a_store_that_fails_does_not_keep_the_others_waiting_and_is_reported() -> None:
    bench = Bench()
    item = await write(bench, "old")
    bench.clock.now += 1000 * DAY
    bench.state.break_down("audit.forget")
    with pytest.raises(Transient, match=r"audit\.forget"):
        await forget_old(bench.road, KEPT)
    assert [row["kind"] for name, row in bench.telemetry.events if name == "retention failed"] == ["audit"]
    assert await left(bench, "old", item) == (False, True, False)
