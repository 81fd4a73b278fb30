"""What the road says of a message."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from shared.commercetools.messages import Notification
from shared.pipeline.failures import MessageFailed
from shared.pipeline.intake import accept
from shared.pipeline.outcome import DeadLetter, Done, NeedsReview, NoChange, Outcome, RetryAt, Superseded
from shared.pipeline.process import process
from shared.state.records import Question
from shared.telemetry.operation import operation_id
from tests.fakes.clock import START
from tests.fakes.road import Bench, envelope, incoming
from tests.fakes.scripted_flow import ScriptedFlow

ASK = NeedsReview(Question("pilot", "item", "SKU-1", "no item"))


@pytest.mark.parametrize(
    ("outcome", "name", "reason"),
    [
        (Done("written"), "done", None),
        (NoChange("agreed"), "no_change", None),
        (Superseded("worked off"), "superseded", None),
        (RetryAt(START, "throttled"), "retried", None),
        (ASK, "in_review", "NeedsReview:item"),
        (DeadLetter("Refused", "no"), "dead_lettered", "Refused"),
    ],
)
async def test_a_run_is_counted_once_by_its_outcome(outcome: Outcome, name: str, reason: str | None) -> None:
    bench = Bench()
    with suppress(MessageFailed):
        await process(bench.road, ScriptedFlow([outcome]), incoming(envelope()))
    counted = [(metric, value) for metric, value, _ in bench.telemetry.metrics if metric != "age_at_completion"]
    assert counted == [(name, 1)]
    (operation,) = bench.telemetry.operations
    assert (operation.name, operation.id) == ("orders", operation_id("shop/1"))
    assert operation.dimensions["reason"] == (reason or "")


async def test_a_redelivery_that_is_known_to_fail_is_not_counted_again() -> None:
    bench = Bench()
    for delivery in (1, 2, 3):
        with pytest.raises(MessageFailed):
            await process(
                bench.road, ScriptedFlow([DeadLetter("Refused", "no")]), incoming(envelope(), delivery=delivery)
            )
    assert [name for name, _, _ in bench.telemetry.metrics] == ["dead_lettered"]


async def test_the_age_is_counted_from_the_moment_of_acceptance() -> None:
    bench = Bench()
    bench.clock.advance(timedelta(seconds=90))
    await process(bench.road, ScriptedFlow(), incoming(envelope()))
    assert ("age_at_completion", 90.0) in [(name, value) for name, value, _ in bench.telemetry.metrics]


async def test_only_what_is_queued_is_accepted_and_each_under_its_own_id() -> None:
    bench = Bench()
    told = [
        Notification("shop", "order", "order-1", "OrderCreated", "message-1", 1),
        Notification("shop", "order", "order-2", "OrderCreated", "message-2", 1),
        Notification("shop", "shopping-list", "list-1", "ResourceCreated", "message-3", None),
    ]
    await accept(bench.road, told)
    assert [(name, value) for name, value, _ in bench.telemetry.metrics] == [("accepted", 1), ("accepted", 1)]
    sent = bench.sender.sent["orders"]
    assert [operation.correlation_id for operation in bench.telemetry.operations] == [
        one.correlation_id for one in sent
    ]
    parents = [one.properties["Diagnostic-Id"].split("-")[1] for one in sent]
    assert parents == [operation.id for operation in bench.telemetry.operations]
    assert [event for event, _ in bench.telemetry.events] == ["notification"] * 3
