"""Webhooks of the back-ends: the handshake, and that no answer is ever anything but 2xx or 503."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func
import httpx
import pytest
from pydantic import SecretStr

from shared.composition import App, make_app
from shared.markets import Events, MarketMap
from shared.pipeline import jobs
from shared.settings import read_settings
from shared.triggers import dynamics, rate
from tests.contract.customers.events import SECRET, body_of, business_central_notice
from tests.fakes.clock import START
from tests.fakes.markets import market, market_map
from tests.fakes.road import Bench
from tests.fakes.settings import SETTINGS

RECORD = "5d115c9c-44e3-ea11-bb43-000d3a2feca1"
TOKEN = "a token <b>with</b> & everything"
BODY = body_of("business_central", RECORD, START, 1)


def map_with_events() -> MarketMap:
    """A market of the company that the notices name, and one back-end of each type that tells something."""
    whole = market_map()
    events = Events(url=SecretStr("https://app.example.com/api/dynamics/bc/events?code=key"), secret=SecretStr(SECRET))
    company = business_central_notice(RECORD, START)["resource"].partition("(")[2].partition(")")[0]
    row = market(company=company, modes={"customers": "on"})
    back_ends = {
        name: whole.back_ends["bc"].model_copy(update={"type": kind, "events": events})
        for name, kind in (("bc", "business_central"), ("ce", "dataverse"), ("fo", "finance"))
    }
    silent = {"silent": whole.back_ends["bc"]}
    return whole.model_copy(update={"markets": (row,), "back_ends": {**back_ends, **silent}})


def application(bench: Bench, **settings: str) -> App:
    known = read_settings({**SETTINGS, **settings})
    return make_app(known, map_with_events(), bench.road, {}, {}, httpx.AsyncClient())


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    known = application(bench)
    monkeypatch.setattr(dynamics, "app", lambda: known)
    rate._intake.cache_clear()
    return bench


async def call(
    body: bytes = BODY, *, name: str = "bc", method: str = "POST", token: str | None = None, **headers: str
) -> func.HttpResponse:
    params = {} if token is None else {"validationToken": token}
    request = func.HttpRequest(
        method,
        f"/api/dynamics/{name}/events",
        params=params,
        route_params={"back_end": name},
        headers={key.replace("_", "-"): value for key, value in headers.items()},
        body=body,
    )
    answer: func.HttpResponse = await dynamics.dynamics_events(request)
    return answer


def counted(answer: func.HttpResponse) -> tuple[int, int, int]:
    assert answer.status_code == 200
    found = json.loads(answer.get_body())
    return found["queued"], found["pulled"], found["refused"]


async def refusals(bench: Bench) -> list[Any]:
    return [entry async for entry in bench.state.audit.by_day(START) if entry.outcome == "RefusedNotice"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["bc", "a-back-end-that-is-not-there"])
async def test_the_handshake_gives_the_token_back_as_plain_text(bench: Bench, method: str, name: str) -> None:
    answer = await call(b"", method=method, name=name, token=TOKEN)
    assert (answer.status_code, answer.mimetype, answer.get_body().decode()) == (200, "text/plain", TOKEN)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert bench.sender.batches == 0


async def test_a_handshake_is_answered_even_when_nothing_else_can_be(bench: Bench) -> None:
    bench.sender.down = True
    bench.state.break_down("audit.append")
    assert (await call(b"", token="")).status_code == 200


async def test_a_notice_is_queued(bench: Bench) -> None:
    assert counted(await call()) == (1, 0, 0)
    assert len(bench.sender.sent["customers"]) == 1
    assert await refusals(bench) == []


async def test_the_secret_may_stand_in_a_header_of_any_case(bench: Bench) -> None:
    body = body_of("finance", "DE-001", START, 1)
    assert counted(await call(body, name="fo", X_CTD365_Secret=SECRET))[2] == 0
    assert counted(await call(body, name="fo"))[2] == 1


async def test_what_only_the_pull_can_tell_is_counted_and_not_queued(bench: Bench) -> None:
    notice = business_central_notice(RECORD, START, "collection")
    assert counted(await call(json.dumps({"value": [notice]}).encode())) == (0, 1, 0)
    assert bench.sender.batches == 0


@pytest.mark.parametrize("name", ["bc", "ce", "fo"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[" * 50_000,
        b'{"value": [1]}',
        b'{"value": [{"clientState": "\\ud800", "resource": "\\ud800"}]}',
        b'{"PrimaryEntityName": "person@example.com", "MessageName": "\\udc00"}',
        b'{"BusinessEventId": "person@example.com"}',
        b" " * (jobs.MAX_BODY + 1),
    ],
    ids=["empty", "text", "deep", "number", "half characters", "address", "event", "too large"],
)
async def test_what_cannot_be_read_is_answered_with_success_and_audited_without_personal_data(
    bench: Bench, name: str, body: bytes
) -> None:
    assert counted(await call(body, name=name, X_CTD365_Secret=SECRET)) == (0, 0, 1)
    (entry,) = await refusals(bench)
    assert (entry.flow, entry.step) == ("intake", "refused")
    assert entry.why.startswith(f"{name}: ")
    assert "example.com" not in str(entry)
    entry.why.encode()


@pytest.mark.parametrize("name", ["not-there", "silent", "person@example.com", ""])
async def test_a_back_end_that_tells_us_nothing_is_refused_with_success(bench: Bench, name: str) -> None:
    assert counted(await call(name=name)) == (0, 0, 1)
    (entry,) = await refusals(bench)
    assert "has no events" in entry.why or "no events for a back-end of this name" in entry.why
    assert "example.com" not in str(entry)


async def test_a_wrong_secret_is_audited_once_however_many_notices_show_it(bench: Bench) -> None:
    notices = [business_central_notice(RECORD, START, clientState="another") for _ in range(300)]
    assert counted(await call(json.dumps({"value": notices}).encode())) == (0, 0, 300)
    (entry,) = await refusals(bench)
    assert len(entry.why) <= 1000


@pytest.mark.parametrize(
    ("broken", "body"),
    [
        ("id_map.by_dynamics_id", BODY),
        ("audit.append", b"no JSON"),
    ],
)
async def test_a_store_that_is_down_is_told_to_come_again(bench: Bench, broken: str, body: bytes) -> None:
    bench.state.break_down(broken)
    answer = await call(body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, dynamics.RETRY_SECONDS)
    bench.state.mend()
    assert (await call(body)).status_code == 200


async def test_a_queue_that_is_down_is_told_to_come_again(bench: Bench) -> None:
    bench.sender.down = True
    answer = await call()
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    bench.sender.down = False
    assert counted(await call()) == (1, 0, 0)


async def test_who_tells_too_fast_is_told_to_come_again_and_never_429(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = application(bench, INTAKE_REQUESTS_PER_SECOND=str(1 / 60), INTAKE_BURST="2")
    monkeypatch.setattr(dynamics, "app", lambda: slow)
    rate._intake.cache_clear()
    assert [(await call()).status_code for _ in range(3)] == [200, 200, 503]
    assert len(bench.sender.sent["customers"]) == 2


def test_nobody_calls_it_without_a_function_key() -> None:
    (function,) = dynamics.blueprint._function_builders
    trigger = function._function.get_trigger()
    assert trigger is not None
    settings = trigger.get_dict_repr()
    assert settings["authLevel"] == func.AuthLevel.FUNCTION
    assert {str(getattr(one, "value", one)) for one in settings["methods"]} == {"GET", "POST"}
