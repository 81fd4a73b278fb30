from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pipeline.backoff import Backoff
from tests.fakes.unhurried import unhurried

BACKOFF = Backoff(base=timedelta(seconds=2), ceiling=timedelta(minutes=15), max_attempts=20)
attempts = st.integers(1, 10_000)
jitters = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(("attempt", "step"), [(1, 2), (2, 4), (3, 8), (9, 512), (10, 900), (11, 900), (200, 900)])
def test_the_step_doubles_up_to_the_ceiling_and_jitter_takes_its_upper_half(attempt: int, step: int) -> None:
    assert BACKOFF.delay(attempt, 0.0) == timedelta(seconds=step / 2)
    assert BACKOFF.delay(attempt, 0.5) == timedelta(seconds=step * 0.75)


@unhurried
@given(attempts, jitters)
def test_a_wait_is_at_least_half_the_base_and_never_above_the_ceiling(attempt: int, jitter: float) -> None:
    assert BACKOFF.base / 2 <= BACKOFF.delay(attempt, jitter) <= BACKOFF.ceiling


@unhurried
@given(attempts, jitters, st.floats(0, 3_600))
def test_retry_after_is_a_floor_and_jitter_adds_at_most_the_base(
    attempt: int, jitter: float, retry_after: float
) -> None:
    floor = timedelta(seconds=retry_after)
    assert floor < BACKOFF.delay(attempt, jitter, retry_after) <= floor + BACKOFF.base


@pytest.mark.parametrize(("attempt", "exhausted"), [(1, False), (19, False), (20, True), (21, True)])
def test_the_attempt_that_reaches_the_maximum_was_the_last(attempt: int, exhausted: bool) -> None:
    assert BACKOFF.exhausted(attempt) is exhausted
