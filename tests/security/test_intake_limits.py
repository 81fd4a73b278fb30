"""How much the intake takes, and what it answers to more."""

from __future__ import annotations

import json

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.commercetools.messages import MAX_EVENTS
from shared.composition import make_app
from shared.settings import read_settings
from shared.triggers import http, rate
from shared.triggers.rate import TokenBucket
from tests.fakes.road import Bench
from tests.fakes.settings import SETTINGS
from tests.fakes.unhurried import unhurried
from tests.unit.flows.desk import Desk
from tests.unit.intake.deliveries import message

JSON = {"content-type": "application/json"}


class Seconds:
    """A monotonic clock that only a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def bucket(per_second: float, burst: int) -> tuple[TokenBucket, Seconds]:
    clock = Seconds()
    return TokenBucket(per_second, burst, clock), clock


def test_a_burst_is_let_in_and_what_follows_has_to_wait_for_its_token() -> None:
    tokens, _ = bucket(per_second=2, burst=3)
    assert [tokens.take() for _ in range(5)] == [0, 0, 0, 0.5, 0.5]


def test_after_the_wait_the_next_one_is_let_in() -> None:
    tokens, clock = bucket(per_second=2, burst=1)
    assert tokens.take() == 0
    clock.now += tokens.take()
    assert tokens.take() == 0


def test_a_quiet_hour_saves_up_no_more_than_the_burst() -> None:
    tokens, clock = bucket(per_second=10, burst=2)
    clock.now += 3600
    assert [tokens.take() > 0 for _ in range(3)] == [False, False, True]


@unhurried
@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5), st.floats(0.5, 20))
def test_never_more_than_the_burst_and_the_rate_are_let_in(pauses: list[float], burst: int, per_second: float) -> None:
    tokens, clock = bucket(per_second, burst)
    let_in = 0
    for pause in pauses:
        clock.now += pause
        let_in += tokens.take() == 0
    assert let_in <= burst + sum(pauses) * per_second + 1e-6


def request(body: bytes) -> func.HttpRequest:
    return func.HttpRequest("POST", "/api/commercetools/events", headers=JSON, body=body)


async def deliver(body: bytes) -> func.HttpResponse:
    answer: func.HttpResponse = await http.commercetools_events(request(body))
    return answer


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The intake of an application that takes two deliveries, and the next one a minute later."""
    bench = Bench()
    settings = read_settings(
        {
            **SETTINGS,
            "INTAKE_REQUESTS_PER_SECOND": str(1 / 60),
            "INTAKE_BURST": "2",
        }
    )
    desk = Desk()
    application = make_app(settings, desk.markets, bench.road, {}, {}, desk.commercetools.http)
    monkeypatch.setattr(http, "app", lambda: application)
    rate._intake.cache_clear()
    return bench


async def test_who_delivers_too_fast_is_told_when_to_come_again_and_nothing_is_queued(bench: Bench) -> None:
    body = json.dumps(message()).encode()
    answers = [await deliver(body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 55 <= int(answers[2].headers["Retry-After"]) <= 60
    assert answers[2].mimetype == "application/problem+json"
    assert len(bench.sender.sent["orders"]) == 2


async def test_a_body_above_the_limit_is_refused(bench: Bench) -> None:
    assert (await deliver(b" " * (http.MAX_BODY + 1))).status_code == 413
    assert bench.sender.sent == {}


async def test_a_body_as_large_as_the_limit_is_read(bench: Bench) -> None:
    body = json.dumps(message()).encode()
    assert (await deliver(body + b" " * (http.MAX_BODY - len(body)))).status_code == 200


async def test_a_batch_of_too_many_events_is_refused_whole(bench: Bench) -> None:
    answer = await deliver(json.dumps([message()] * (MAX_EVENTS + 1)).encode())
    assert answer.status_code == 400
    assert f"a batch may carry {MAX_EVENTS} events" in json.loads(answer.get_body())["detail"]
    assert bench.sender.sent == {}
