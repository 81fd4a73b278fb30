"""Nothing is lost: for every run, accepted = done + superseded + dead-lettered + in review."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Conflict, OutcomeUnknown, Permanent, Throttled, Transient
from shared.pipeline.outcome import DeadLetter, Done, NeedsReview, NoChange, RetryAt, Superseded
from shared.state.records import Question
from tests.fakes.broker import Broker
from tests.fakes.clock import START
from tests.fakes.road import BACKOFF, Bench, envelope
from tests.fakes.scripted_flow import ScriptedFlow, Step
from tests.fakes.unhurried import unhurried

STEPS: list[Step] = [
    Done("written"),
    NoChange("equal"),
    Superseded("gone"),
    RetryAt(START + timedelta(seconds=5), "not ready"),
    RetryAt(START + timedelta(seconds=5), "lost", unknown=True),
    NeedsReview(Question("se", "item", "SKU-1", "no item for SKU-1")),
    DeadLetter("Bad", "cannot be"),
    Throttled("api", "POST x", "429", retry_after=3),
    Transient("api", "GET x", "503"),
    OutcomeUnknown("api", "POST x", "504"),
    Conflict("api", "POST x", "409"),
    Permanent("api", "POST x", "400", code="Bad"),
    RuntimeError("a bug"),
]
STORE_METHODS = ["idempotency.claim", "idempotency.complete", "idempotency.release", "audit.append", "review.ask"]


@unhurried
@given(
    causes=st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2"])), min_size=1, max_size=8),
    script=st.lists(st.sampled_from(STEPS), max_size=25),
    crashes=st.frozensets(st.integers(1, 40), max_size=6),
    outages=st.lists(st.tuples(st.sampled_from(STORE_METHODS), st.integers(1, 3)), max_size=3),
)
async def test_everything_accepted_ends_as_done_superseded_dead_letter_or_review(
    causes: list[tuple[str, str]], script: list[Step], crashes: frozenset[int], outages: list[tuple[str, int]]
) -> None:
    bench = Bench()
    for method, times in outages:
        bench.state.break_down(method, times=times)
    flow = ScriptedFlow(script)
    broker = Broker(bench, flow, crashes)
    for entity, cause in causes:
        broker.accept(envelope(f"message-{entity}-{cause}", entity=entity))
    await broker.run()
    ends = broker.ends
    passed_on = ends.pop("passed on", 0)
    # A worker that dies between the scheduled copy and the completion leaves one copy more, which ends by itself.
    assert ends.total() == broker.accepted + broker.extra_copies
    assert passed_on + broker.extra_copies == broker.taken - broker.accepted


@unhurried
@given(
    copies=st.integers(1, 6),
    script=st.lists(st.sampled_from(STEPS), max_size=12),
    crashes=st.frozensets(st.integers(1, 20), max_size=4),
)
async def test_one_cause_is_completed_at_most_once_however_often_it_is_delivered(
    copies: int, script: list[Step], crashes: frozenset[int]
) -> None:
    bench = Bench()
    flow = ScriptedFlow(script)
    broker = Broker(bench, flow, crashes)
    for _ in range(copies):
        broker.accept(envelope())
    await broker.run()
    assert flow.steps.count("record") <= 1
    assert len([work for work in flow.works if work.fresh]) == 1


@unhurried
@given(st.integers(1, 30))
async def test_no_message_is_tried_more_often_than_the_backoff_allows(failures: int) -> None:
    bench = Bench()
    flow = ScriptedFlow([Transient("api", "GET x", "503")] * failures)
    broker = Broker(bench, flow, frozenset())
    broker.accept(envelope())
    await broker.run()
    assert len(flow.works) == min(failures + 1, BACKOFF.max_attempts)
    assert broker.ends["dead-lettered"] == (failures >= BACKOFF.max_attempts)
