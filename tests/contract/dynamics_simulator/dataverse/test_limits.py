import asyncio
from dataclasses import dataclass

import pytest

from local.dynamics.dataverse.limits import DataverseLimiter, DataverseLimits
from local.dynamics.odata.limits import LimitExceededError
from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, error_of


@dataclass
class Seconds:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_the_defaults_are_the_documented_ones(dv: Dataverse) -> None:
    limits = (await dv.http.get("http://simulator/__limits")).json()
    assert limits == {"in_flight": 52, "requests": 6000, "execution_seconds": 1200, "window_seconds": 300}


async def test_too_many_requests_say_how_long_to_wait(dv: Dataverse) -> None:
    await dv.http.post("http://simulator/__limits", json={"requests": 2})
    answers = [await dv.get("WhoAmI") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert error_of(answers[2])[1] == "0x80072322"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 300


async def test_nothing_is_queued(dv: Dataverse) -> None:
    await dv.http.post("http://simulator/__limits", json={"in_flight": 2})
    await dv.http.post("http://simulator/__settings", json={"latency_ms": 50})
    answers = await asyncio.gather(*[dv.get("WhoAmI") for _ in range(5)])
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 3
    assert {error_of(answer)[1] for answer in refused} == {"0x80072326"}


async def test_execution_time_counts_over_the_window() -> None:
    clock = Seconds()
    limiter = DataverseLimiter(DataverseLimits(execution_seconds=10), clock)
    for _ in range(2):
        async with limiter.slot("user"):
            clock.now += 5
    with pytest.raises(LimitExceededError) as raised:
        async with limiter.slot("user"):
            raise AssertionError
    # the first request began 10 s ago: its time leaves the window of 300 s in 290 s
    assert (raised.value.kind, raised.value.headers) == ("too_much_time", {"Retry-After": "290"})
    clock.now += 290
    async with limiter.slot("user"):
        pass


async def test_users_do_not_use_up_each_others_limits() -> None:
    limiter = DataverseLimiter(DataverseLimits(requests=1), Seconds())
    for user in ("one", "two"):
        async with limiter.slot(user):
            pass
    with pytest.raises(LimitExceededError):
        async with limiter.slot("one"):
            raise AssertionError
