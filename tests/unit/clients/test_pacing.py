"""Many requests at once: how many, what is tried again, what is handed back, and bad records that stand alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from shared.commercetools.pacing import Pacer, bisected
from shared.errors import Conflict, OutcomeUnknown, Permanent, ServiceError, Throttled, Transient

type Job = Callable[[], Awaitable[int]]


class Hours:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def hours() -> Hours:
    return Hours()


def pacer(hours: Hours, **options: int) -> Pacer:
    return Pacer(clock=hours.clock, sleep=hours.sleep, jitter=lambda: 1.0, **options)


def answering(number: int, *errors: ServiceError) -> Job:
    """A job that fails as told, one time after the other, and then answers."""
    waiting = list(errors)

    async def job() -> int:
        await asyncio.sleep(0)
        if waiting:
            raise waiting.pop(0)
        return number

    return job


def failure[Kind: ServiceError](kind: type[Kind], status: int | None = None) -> Kind:
    return kind("commercetools", "POST inventory/1", "refused", status=status)


def throttled(retry_after: float | None = None) -> Throttled:
    return Throttled("commercetools", "POST inventory/1", "slow down", retry_after=retry_after, status=429)


class Crowd:
    """Jobs that count how many of them are under way at once."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most = 0

    async def job(self) -> int:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        return 0


async def test_answers_come_in_the_order_of_the_jobs_whatever_order_they_end_in(hours: Hours) -> None:
    jobs = [answering(number, *[failure(Transient)] * (number % 3)) for number in range(50)]
    assert await pacer(hours).run(jobs) == list(range(50))


async def test_no_jobs_have_no_answers(hours: Hours) -> None:
    assert await pacer(hours).run(list[Job]()) == []


async def test_a_run_begins_with_eight_at_once_and_never_has_more_than_32(hours: Hours) -> None:
    first, later, paced = Crowd(), Crowd(), pacer(hours)
    await paced.run([first.job] * 8)
    await paced.run([later.job] * 2_000)
    assert first.most == 8
    assert later.most == 32


async def test_one_throttled_request_halves_the_speed_once_for_all_that_were_under_way(hours: Hours) -> None:
    paced = pacer(hours, start=32)
    await paced.run([answering(number, throttled()) for number in range(32)])
    assert 16 <= paced.limit < 20


@pytest.mark.parametrize("kind", [Throttled, Transient])
async def test_what_was_not_done_is_tried_again(hours: Hours, kind: type[ServiceError]) -> None:
    assert await pacer(hours).run([answering(7, failure(kind), failure(kind))]) == [7]


async def test_waits_grow_from_try_to_try(hours: Hours) -> None:
    await pacer(hours).run([answering(7, *[failure(Transient)] * 5)])
    assert hours.slept == [0.5, 1.0, 2.0, 4.0, 8.0]


async def test_nothing_is_sent_to_anybody_before_retry_after_has_passed(hours: Hours) -> None:
    sent: list[float] = []

    def job(number: int) -> Job:
        async def send() -> int:
            sent.append(hours.now)
            await asyncio.sleep(0)
            if number == 0 and len(sent) == 1:
                raise throttled(retry_after=30)
            return number

        return send

    assert await pacer(hours, start=1).run([job(number) for number in range(40)]) == list(range(40))
    assert [moment for moment in sent[1:] if moment < 1_030.0] == []
    assert len(sent) == 41


@pytest.mark.parametrize("kind", [Conflict, OutcomeUnknown, Permanent])
async def test_what_a_caller_has_to_decide_is_handed_over_and_the_rest_goes_on(
    hours: Hours, kind: type[ServiceError]
) -> None:
    error = failure(kind, 400)
    assert await pacer(hours).run([answering(1), answering(2, error, error), answering(3)]) == [1, error, 3]


async def test_a_service_that_stays_away_ends_the_run_without_sending_the_rest(hours: Hours) -> None:
    tried: list[int] = []

    async def never() -> int:
        tried.append(1)
        raise failure(Transient, 503)

    answers = await pacer(hours, start=1, ceiling=1).run([never, answering(1)])
    assert [type(answer) for answer in answers] == [Transient, Transient]
    assert len(tried) == 6


@pytest.mark.parametrize("status", [401, 403])
async def test_a_lost_permission_is_met_once_and_not_a_thousand_times(hours: Hours, status: int) -> None:
    sent: list[int] = []

    async def refused() -> int:
        sent.append(1)
        raise failure(Permanent, status)

    answers = await pacer(hours, start=1, ceiling=1).run([refused] * 1_000)
    assert len(answers) == 1_000
    assert sent == [1]


async def test_a_bug_in_a_job_is_not_swallowed(hours: Hours) -> None:
    async def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        await pacer(hours).run([broken])
    assert caught.group_contains(ZeroDivisionError)


class Picky:
    """Refuses every call with a poisoned number in it."""

    def __init__(self, *poison: int) -> None:
        self.poison = set(poison)
        self.calls = 0

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.calls += 1
        if self.poison & set(numbers):
            raise failure(Permanent, 400)
        return list(numbers)


@pytest.mark.parametrize("poison", [(), (0,), (499,), (3, 77, 78, 250, 499), tuple(range(0, 500, 50))])
async def test_bad_records_stand_alone_and_all_others_go_through_in_order(poison: tuple[int, ...]) -> None:
    picky = Picky(*poison)
    found, bad = await bisected(range(500), picky)
    assert [number for part in found for number in part] == [number for number in range(500) if number not in poison]
    assert [number for number, _ in bad] == list(poison)
    assert picky.calls <= 1 + 2 * 9 * len(poison)


async def test_nothing_to_do_makes_no_call() -> None:
    picky = Picky()
    assert await bisected(list[int](), picky) == ([], [])
    assert picky.calls == 0


async def test_a_lost_permission_is_not_searched_for_among_the_records() -> None:
    calls: list[int] = []

    async def refused(numbers: Sequence[int]) -> int:
        calls.append(len(numbers))
        raise failure(Permanent, 403)

    with pytest.raises(Permanent):
        await bisected(range(500), refused)
    assert calls == [500]
