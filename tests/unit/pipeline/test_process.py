"""One message on the road: what each outcome leaves behind in the claim, the audit, the queue and the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import Conflict, OutcomeUnknown, Permanent, Throttled, Transient
from shared.pipeline.envelope import Envelope, parse_envelope
from shared.pipeline.failures import Incoming, MessageFailed
from shared.pipeline.outcome import DeadLetter, Done, NeedsReview, NoChange, RetryAt, Superseded
from shared.pipeline.process import failed_entity, process
from shared.state.records import AlreadyDone, Busy, Claimed, ClaimResult, Question
from tests.fakes.clock import START
from tests.fakes.road import BACKOFF, LEASE, Bench, envelope, incoming
from tests.fakes.scripted_flow import ScriptedFlow, ScriptedPlan, Step

QUESTION = Question(
    scope="se",
    kind="customer",
    key="customer-1",
    text="two customers match",
    commercetools={"email": "customer@example.com", "number": "10"},
    hint="resolve with --customer NUMBER",
)


async def claim_again(bench: Bench, cause: str = "message-1") -> ClaimResult:
    """What the next worker would get for the same entity."""
    body = envelope(cause)
    return await bench.state.idempotency.claim(body.claim_key, body.payload_hash, LEASE)


def sent(bench: Bench) -> Sequence[Envelope]:
    return [parse_envelope(message.body) for message in bench.sender.sent.get("orders", [])]


async def fail(bench: Bench, flow: ScriptedFlow, message: Incoming) -> MessageFailed:
    with pytest.raises(MessageFailed) as raised:
        await process(bench.road, flow, message)
    return raised.value


async def test_a_done_message_completes_its_claim_with_the_result_and_sends_nothing() -> None:
    bench, flow = Bench(), ScriptedFlow()
    outcome = await process(bench.road, flow, incoming(envelope()))
    assert outcome == Done("written", {"number": "S-1"})
    assert await claim_again(bench) == AlreadyDone({"number": "S-1"})
    assert sent(bench) == []
    assert await bench.outcomes() == ["Done"]


@pytest.mark.parametrize("outcome", [NoChange("equal already"), Superseded("nobody wants it any more")])
async def test_a_message_without_work_left_completes_its_claim(outcome: NoChange | Superseded) -> None:
    bench = Bench()
    assert await process(bench.road, ScriptedFlow([outcome]), incoming(envelope())) == outcome
    assert await claim_again(bench) == AlreadyDone({})
    assert await bench.outcomes() == [type(outcome).__name__]


async def test_a_duplicate_of_a_done_message_is_superseded_and_runs_no_step() -> None:
    bench, flow = Bench(), ScriptedFlow()
    await process(bench.road, flow, incoming(envelope(), sequence=1))
    outcome = await process(bench.road, flow, incoming(envelope(), sequence=2, message="m-2"))
    assert isinstance(outcome, Superseded)
    assert flow.steps == ["load", "plan", "write", "record"]
    assert await bench.outcomes() == ["Done", "Superseded"]


async def test_another_cause_for_a_done_entity_runs_and_is_told_to_look_up() -> None:
    bench, flow = Bench(), ScriptedFlow()
    await process(bench.road, flow, incoming(envelope("message-1"), sequence=1))
    await process(bench.road, flow, incoming(envelope("message-2"), sequence=2))
    assert [work.fresh for work in flow.works] == [True, False]


async def test_a_retry_sends_one_scheduled_copy_of_the_same_session_with_the_next_attempt() -> None:
    bench, when = Bench(), START + timedelta(seconds=30)
    outcome = await process(
        bench.road, ScriptedFlow([RetryAt(when, "not ready")]), incoming(envelope(attempt=2), message="m-1")
    )
    assert outcome == RetryAt(when, "not ready")
    (copy,) = bench.sender.sent["orders"]
    assert copy.scheduled_at == when
    assert copy.session_id == "orders:order-1"
    assert copy.message_id != "m-1"
    assert parse_envelope(copy.body) == envelope(attempt=3)


async def test_a_retry_frees_the_claim_so_that_the_copy_need_not_wait_for_the_lease() -> None:
    bench = Bench()
    await process(bench.road, ScriptedFlow([RetryAt(START, "not ready")]), incoming(envelope()))
    claimed = await claim_again(bench)
    assert isinstance(claimed, Claimed)
    assert not claimed.fresh


async def test_a_retry_that_cannot_be_scheduled_raises_so_that_the_host_abandons_the_original() -> None:
    bench = Bench()
    bench.sender.down = True
    with pytest.raises(Transient, match="send to orders"):
        await process(bench.road, ScriptedFlow([RetryAt(START, "not ready")]), incoming(envelope()))
    assert await bench.state.failures.get("orders", "m-1", 1) is None


async def test_a_message_whose_retry_could_not_be_scheduled_runs_again_when_it_is_redelivered() -> None:
    bench, flow = Bench(), ScriptedFlow([RetryAt(START, "not ready")])
    bench.sender.down = True
    with pytest.raises(Transient):
        await process(bench.road, flow, incoming(envelope()))
    bench.sender.down = False
    assert isinstance(await process(bench.road, flow, incoming(envelope(), delivery=2)), Done)


async def test_a_lost_answer_of_a_write_marks_the_claim_unknown_and_the_next_run_looks_up() -> None:
    bench, flow = Bench(), ScriptedFlow([OutcomeUnknown("Business Central", "POST salesOrders", "504", status=504)])
    outcome = await process(bench.road, flow, incoming(envelope()))
    assert isinstance(outcome, RetryAt)
    assert outcome.unknown
    await process(bench.road, flow, incoming(envelope(attempt=2), sequence=2))
    assert [work.fresh for work in flow.works] == [True, False]


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (Throttled("Business Central", "POST salesOrders", "too many", retry_after=17), timedelta(seconds=18)),
        (Transient("Business Central", "GET items", "503"), timedelta(seconds=1)),
        (Conflict("commercetools", "POST orders", "409"), timedelta(seconds=1)),
    ],
)
async def test_a_passing_error_of_a_flow_becomes_a_retry(error: Exception, wait: timedelta) -> None:
    bench = Bench()
    outcome = await process(bench.road, ScriptedFlow([error]), incoming(envelope()))
    assert outcome == RetryAt(START + wait, str(error))
    assert bench.sender.sent["orders"][0].scheduled_at == START + wait


async def test_a_permanent_failure_is_audited_remembered_and_raised_and_its_claim_is_free() -> None:
    bench = Bench()
    refusal = Permanent("Business Central", "POST salesOrders", "value too long", status=400, code="Bad")
    failed = await fail(bench, ScriptedFlow([refusal]), incoming(envelope()))
    assert (failed.failure.reason, failed.failure.entity_id) == ("Bad", "order-1")
    assert "sequence number 1" in str(failed)
    assert "value too long" in str(failed)
    assert await bench.state.failures.get("orders", "m-1", 1) == failed.failure
    assert isinstance(await claim_again(bench), Claimed)
    assert await bench.outcomes() == ["DeadLetter"]
    assert sent(bench) == []


async def test_a_failed_entity_is_marked_so_that_the_sweep_leaves_it_alone() -> None:
    bench = Bench()
    await fail(bench, ScriptedFlow([DeadLetter("Bad", "cannot be")]), incoming(envelope()))
    mark = await bench.state.snapshots.get("shop", failed_entity("orders"), "order-1")
    assert mark is not None
    assert (mark.data, mark.taken_at) == ({"reason": "Bad"}, START)


async def test_redeliveries_of_a_permanent_failure_call_nobody() -> None:
    bench, flow = Bench(), ScriptedFlow([DeadLetter("Bad", "cannot be")])
    first = await fail(bench, flow, incoming(envelope()))
    calls, steps = list(bench.state.calls), list(flow.steps)
    for delivery in range(2, 11):
        again = await fail(bench, flow, incoming(envelope(), delivery=delivery))
        assert again.failure == first.failure
    assert (bench.state.calls, flow.steps) == (calls, steps)


async def test_after_a_restart_a_redelivery_asks_only_the_store_of_failures_and_only_once() -> None:
    bench, flow = Bench(), ScriptedFlow([DeadLetter("Bad", "cannot be")])
    await fail(bench, flow, incoming(envelope()))
    bench.restart()
    bench.state.calls.clear()
    await fail(bench, flow, incoming(envelope(), delivery=2))
    await fail(bench, flow, incoming(envelope(), delivery=3))
    assert bench.state.calls == ["failures.get"]
    assert flow.steps == ["load", "plan", "write"]


async def test_a_resubmitted_copy_under_the_same_message_id_runs_afresh() -> None:
    bench, flow = Bench(), ScriptedFlow([DeadLetter("Bad", "cannot be")])
    await fail(bench, flow, incoming(envelope(), sequence=1, message="m-1"))
    outcome = await process(bench.road, flow, incoming(envelope(), sequence=2, message="m-1"))
    assert isinstance(outcome, Done)


async def test_a_redelivery_of_the_resubmitted_copy_is_not_taken_for_the_copy_that_failed() -> None:
    bench, flow = Bench(), ScriptedFlow([DeadLetter("Bad", "cannot be")])
    await fail(bench, flow, incoming(envelope(), sequence=1, message="m-1"))
    bench.restart()
    outcome = await process(bench.road, flow, incoming(envelope(), sequence=2, delivery=2, message="m-1"))
    assert isinstance(outcome, Done)


async def test_a_store_of_failures_that_is_down_costs_only_speed() -> None:
    bench, flow = Bench(), ScriptedFlow([DeadLetter("Bad", "cannot be"), DeadLetter("Bad", "still")])
    bench.state.break_down("failures.put")
    await fail(bench, flow, incoming(envelope()))
    assert (await fail(bench, flow, incoming(envelope(), delivery=2))).failure.detail == "cannot be"
    bench.restart()
    bench.state.break_down("failures.get")
    assert (await fail(bench, flow, incoming(envelope(), delivery=3))).failure.detail == "still"


async def test_a_question_becomes_a_review_item_that_knows_the_waiting_message_and_a_dead_letter() -> None:
    bench = Bench()
    failed = await fail(bench, ScriptedFlow([NeedsReview(QUESTION)]), incoming(envelope(), sequence=7))
    (item,) = [item async for item in bench.state.review.list_items()]
    assert (item.question.kind, item.question.text) == ("customer", "two customers match")
    waiting = [(one.queue, one.message_id, one.sequence_number, one.entity_id) for one in item.waiting]
    assert waiting == [("orders", "m-1", 7, "order-1")]
    assert failed.failure.reason == "NeedsReview:customer"
    assert item.id in failed.failure.detail
    assert isinstance(await claim_again(bench), Claimed)


async def test_the_same_question_of_two_orders_counts_up_and_keeps_both_waiting() -> None:
    bench = Bench()
    for sequence, entity in ((1, "order-1"), (2, "order-2")):
        await fail(bench, ScriptedFlow([NeedsReview(QUESTION)]), incoming(envelope(entity=entity), sequence=sequence))
    (item,) = [item async for item in bench.state.review.list_items()]
    assert item.asked == 2
    assert [one.entity_id for one in item.waiting] == ["order-1", "order-2"]


async def test_personal_data_of_a_question_is_masked_and_the_rest_is_kept() -> None:
    bench = Bench()
    await fail(bench, ScriptedFlow([NeedsReview(QUESTION)]), incoming(envelope()))
    (item,) = [item async for item in bench.state.review.list_items()]
    assert item.question.commercetools == {"email": "***", "number": "10"}


async def test_personal_data_is_masked_in_the_audit() -> None:
    bench = Bench()
    plan = ScriptedPlan(content={"email": "customer@example.com", "lines": [{"shipToName": "Example", "quantity": 2}]})
    await process(bench.road, ScriptedFlow(plan=plan), incoming(envelope()))
    written = next(entry for entry in await bench.audit() if entry.step == "written")
    assert written.after == {"email": "***", "lines": [{"shipToName": "***", "quantity": 2}]}


async def test_the_audit_says_who_and_why_and_links_the_correlation_id() -> None:
    bench = Bench()
    await process(bench.road, ScriptedFlow(), incoming(envelope(attempt=3)))
    entry = (await bench.audit())[-1]
    assert (entry.actor, entry.attempt, entry.correlation_id) == ("commercetools:OrderCreated", 3, "shop/1")
    assert (entry.flow, entry.entity_type, entry.why, entry.at) == ("orders", "order", "written", START)


async def test_shadow_mode_writes_nothing_and_audits_the_whole_difference() -> None:
    bench = Bench()
    flow = ScriptedFlow(plan=ScriptedPlan("shadow", {"quantity": 3, "city": "Example Town"}))
    outcome = await process(bench.road, flow, incoming(envelope()))
    assert isinstance(outcome, Done)
    assert flow.steps == ["load", "plan"]
    shadow = next(entry for entry in await bench.audit() if entry.step == "shadow")
    assert shadow.after == {"quantity": 3, "city": "***"}


async def test_a_store_that_is_down_at_the_claim_means_a_retry_and_no_step_runs() -> None:
    bench, flow = Bench(), ScriptedFlow()
    bench.state.break_down("idempotency.claim")
    outcome = await process(bench.road, flow, incoming(envelope()))
    assert isinstance(outcome, RetryAt)
    assert not outcome.unknown
    assert flow.steps == []
    assert bench.state.calls == ["idempotency.claim"]
    assert [copy.attempt for copy in sent(bench)] == [2]


async def test_a_store_that_fails_after_the_write_means_a_retry_that_looks_up() -> None:
    bench, flow = Bench(), ScriptedFlow()
    bench.state.break_down("audit.append", times=1)
    outcome = await process(bench.road, flow, incoming(envelope()))
    assert isinstance(outcome, RetryAt)
    assert outcome.unknown
    bench.clock.advance(LEASE)
    assert isinstance(await process(bench.road, flow, incoming(envelope(attempt=2), sequence=2)), Done)
    assert [work.fresh for work in flow.works] == [True, False]


async def test_a_store_that_fails_while_completing_means_a_retry_and_never_a_second_completion() -> None:
    bench, flow = Bench(), ScriptedFlow()
    bench.state.break_down("idempotency.complete", times=1)
    assert isinstance(await process(bench.road, flow, incoming(envelope())), RetryAt)
    assert isinstance(await claim_again(bench), Busy)


async def test_an_unavailable_review_store_means_a_retry_and_not_a_lost_question() -> None:
    bench = Bench()
    bench.state.break_down("review.ask", times=1)
    assert isinstance(await process(bench.road, ScriptedFlow([NeedsReview(QUESTION)]), incoming(envelope())), RetryAt)
    assert [item async for item in bench.state.review.list_items()] == []


async def test_an_entity_held_by_another_worker_is_tried_again_at_the_end_of_its_lease() -> None:
    bench, flow = Bench(), ScriptedFlow()
    body = envelope()
    await bench.state.idempotency.claim(body.claim_key, body.payload_hash, LEASE)
    outcome = await process(bench.road, flow, incoming(body))
    assert isinstance(outcome, RetryAt)
    assert outcome.when == START + LEASE
    assert flow.steps == []


async def test_an_entity_whose_lease_is_over_by_our_clock_and_not_by_the_stores_is_not_tried_again_at_once() -> None:
    bench, flow = Bench(), ScriptedFlow()
    body = envelope()
    await bench.state.idempotency.claim(body.claim_key, body.payload_hash, LEASE)
    ahead = START + LEASE + timedelta(seconds=1)
    outcome = await process(replace(bench.road, now=lambda: ahead), flow, incoming(body))
    assert isinstance(outcome, RetryAt)
    assert outcome.when == ahead + BACKOFF.base


async def test_a_claim_whose_lease_ran_out_is_taken_over_and_told_to_look_up() -> None:
    bench, flow = Bench(), ScriptedFlow()
    body = envelope()
    await bench.state.idempotency.claim(body.claim_key, body.payload_hash, LEASE)
    bench.clock.advance(LEASE)
    assert isinstance(await process(bench.road, flow, incoming(body)), Done)
    assert not flow.works[0].fresh


async def test_the_last_attempt_becomes_a_dead_letter_that_tells_the_last_error() -> None:
    bench = Bench()
    last = envelope(attempt=BACKOFF.max_attempts)
    failed = await fail(bench, ScriptedFlow([Transient("Business Central", "GET items", "503")]), incoming(last))
    assert failed.failure.reason == "RetriesExhausted"
    assert "given up after 4 attempts" in failed.failure.detail
    assert "GET items" in failed.failure.detail
    assert sent(bench) == []


async def test_a_malformed_envelope_fails_names_the_field_and_is_remembered() -> None:
    bench, flow = Bench(), ScriptedFlow()
    failed = await fail(bench, flow, incoming(b'{"flow": "orders"}'))
    assert failed.failure.reason == "Malformed"
    assert "entity_id: Field required" in failed.failure.detail
    bench.state.calls.clear()
    await fail(bench, flow, incoming(b'{"flow": "orders"}', delivery=2))
    assert bench.state.calls == []
    assert flow.steps == []


async def test_a_bug_in_a_flow_propagates_and_leaves_its_claim_uncompleted() -> None:
    bench = Bench()
    with pytest.raises(RuntimeError, match="a bug"):
        await process(bench.road, ScriptedFlow([RuntimeError("a bug")]), incoming(envelope()))
    assert isinstance(await claim_again(bench), Busy)
    bench.clock.advance(LEASE)
    claimed = await claim_again(bench)
    assert isinstance(claimed, Claimed)
    assert not claimed.fresh


async def test_a_worker_that_lost_its_lease_cannot_complete_its_successors_claim() -> None:
    bench = Bench()

    class Slow(ScriptedFlow):
        async def record(self, work: object, plan: object, written: object) -> Done:
            bench.clock.advance(LEASE)
            self.successor = await claim_again(bench)
            return Done("late", {"number": "late"})

    flow = Slow()
    await process(bench.road, flow, incoming(envelope()))
    assert isinstance(flow.successor, Claimed)
    assert await bench.state.idempotency.complete(flow.successor, {"number": "successor"})
    assert await claim_again(bench) == AlreadyDone({"number": "successor"})


async def test_every_outcome_is_counted_in_telemetry_without_the_data_of_the_entity() -> None:
    bench = Bench()
    script: list[Step] = [Done("written"), RetryAt(START, "not ready"), DeadLetter("Bad", "cannot be")]
    flow = ScriptedFlow(script)
    for number in range(2):
        await process(bench.road, flow, incoming(envelope(f"message-{number}"), sequence=number))
    await fail(bench, flow, incoming(envelope("message-9"), sequence=9))
    counted = [dimensions["outcome"] for name, dimensions in bench.telemetry.events if name == "outcome"]
    assert counted == ["Done", "RetryAt", "DeadLetter"]


async def test_a_run_that_only_waited_for_room_is_sent_again_as_the_same_attempt() -> None:
    bench = Bench()
    flow = ScriptedFlow([RetryAt(START + timedelta(seconds=9), "no room", counted=False)])
    await process(bench.road, flow, incoming(envelope()))
    assert [copy.attempt for copy in sent(bench)] == [1]
