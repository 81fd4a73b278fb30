"""The table from classed errors to what the road does about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import NO_ROOM, Conflict, NotFound, OutcomeUnknown, Permanent, ServiceError, Throttled, Transient
from shared.pipeline.backoff import Backoff
from shared.pipeline.outcome import DeadLetter, RetryAt
from shared.pipeline.recovery import outcome_of
from tests.fakes.clock import START

BACKOFF = Backoff(base=timedelta(seconds=2), ceiling=timedelta(minutes=15), max_attempts=5)


def judged(error: ServiceError, attempt: int = 1) -> RetryAt | DeadLetter:
    return outcome_of(error, now=START, attempt=attempt, backoff=BACKOFF, jitter=0.0)


@pytest.mark.parametrize(
    ("error", "attempt", "seconds", "unknown"),
    [
        (Transient("api", "GET x", "503"), 1, 1, False),
        (Transient("api", "GET x", "503"), 3, 4, False),
        (Throttled("api", "GET x", "429"), 3, 4, False),
        (Throttled("api", "GET x", "429", retry_after=60), 3, 62, False),
        (OutcomeUnknown("api", "POST x", "504"), 2, 2, True),
        (Conflict("api", "POST x", "409"), 4, 1, False),
    ],
    ids=["transient", "transient later", "throttled", "throttled with Retry-After", "unknown", "conflict soon"],
)
def test_what_may_pass_is_tried_again(error: ServiceError, attempt: int, seconds: int, unknown: bool) -> None:
    assert judged(error, attempt) == RetryAt(START + timedelta(seconds=seconds), str(error), unknown)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Permanent("api", "POST x", "no", status=400, code="InvalidInput"), "InvalidInput"),
        (Permanent("api", "POST x", "no", status=400), "Permanent"),
        (NotFound("api", "GET x", "gone", status=404), "NotFound"),
    ],
)
def test_what_will_fail_again_is_a_dead_letter_with_the_services_own_code(error: Permanent, reason: str) -> None:
    assert judged(error) == DeadLetter(reason, str(error))


@pytest.mark.parametrize("kind", [Transient, Throttled, OutcomeUnknown, Conflict])
def test_the_last_attempt_is_given_up_whatever_the_error(kind: type[ServiceError]) -> None:
    outcome = judged(kind("api", "POST x", "busy"), attempt=5)
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason == "RetriesExhausted"
    assert "api: POST x: busy" in outcome.detail


def test_waiting_for_room_in_our_own_limiter_is_no_attempt_and_never_gives_up() -> None:
    error = Throttled("limiter", "POST x", "no room", retry_after=10, code=NO_ROOM)
    outcome = judged(error, attempt=BACKOFF.max_attempts + 5)
    assert isinstance(outcome, RetryAt)
    assert not outcome.counted
    assert outcome.when >= START + timedelta(seconds=10)
