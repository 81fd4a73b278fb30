"""The commercetools client against a scripted server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from shared.commercetools.client import CommercetoolsClient
from shared.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    Permanent,
    ServiceError,
    Throttled,
    Transient,
)
from tests.fakes.commercetools import PROJECT
from tests.fakes.server import Answer, ScriptedServer, broken

ORDER = {"id": "order-1", "version": 3}
ACTION = {"action": "changeOrderState", "orderState": "Complete"}


class Shop(ScriptedServer):
    """Hands out tokens token-1, token-2 …; every other request plays the script."""

    def __init__(self, *answers: Answer, lifetime: int = 172_800) -> None:
        super().__init__(*(answers or (httpx.Response(200, json=ORDER),)))
        self.lifetime = lifetime
        self.token_requests: list[httpx.Request] = []
        self.token_answers: list[Answer] = []
        self.client = CommercetoolsClient("shop", PROJECT, self.http)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/oauth/token":
            return super()._answer(request)
        self.token_requests.append(request)
        if self.token_answers:
            answer = self.token_answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, httpx.Response)
            return answer
        token = f"token-{len(self.token_requests)}"
        return httpx.Response(200, json={"access_token": token, "expires_in": self.lifetime})

    @property
    def bearers(self) -> list[str]:
        return [request.headers["Authorization"] for request in self.requests]


async def read(shop: Shop) -> Any:
    return await shop.client.get("orders/order-1", "correlation-1")


async def write(shop: Shop) -> Any:
    return await shop.client.update("orders/order-1", ORDER, lambda _: [ACTION], "correlation-1")


async def error_of(call: Any, shop: Shop) -> ServiceError:
    with pytest.raises(ServiceError) as raised:
        await call(shop)
    assert "not-for-logs" not in str(raised.value)
    assert "token-1" not in str(raised.value)
    return raised.value


async def test_a_token_is_fetched_once_and_used_for_every_request() -> None:
    shop = Shop()
    await asyncio.gather(*(read(shop) for _ in range(5)))
    assert len(shop.token_requests) == 1
    assert shop.bearers == ["Bearer token-1"] * 5


async def test_a_token_that_is_about_to_end_is_replaced_before_it_ends() -> None:
    shop = Shop(lifetime=59)
    await read(shop)
    await read(shop)
    assert shop.bearers == ["Bearer token-1", "Bearer token-2"]


async def test_a_token_that_the_api_refuses_is_replaced_once_and_the_request_is_repeated() -> None:
    shop = Shop(httpx.Response(401), httpx.Response(200, json=ORDER))
    assert await read(shop) == ORDER
    assert shop.bearers == ["Bearer token-1", "Bearer token-2"]


async def test_a_client_that_stays_refused_is_a_permanent_failure_after_two_requests() -> None:
    shop = Shop(httpx.Response(401, json={"message": "invalid_token"}))
    error = await error_of(write, shop)
    assert isinstance(error, Permanent)
    assert len(shop.requests) == 2


async def test_tokens_go_to_the_api_and_credentials_to_the_authorization_host_only() -> None:
    shop = Shop()
    await read(shop)
    assert [request.url.host for request in shop.token_requests] == ["auth.example.com"]
    assert shop.token_requests[0].headers["Authorization"].startswith("Basic ")
    assert shop.hosts == ["api.example.com"]


@pytest.mark.parametrize("call", [read, write])
async def test_a_redirect_is_an_error_and_is_not_followed(call: Any) -> None:
    shop = Shop(httpx.Response(307, headers={"Location": "https://elsewhere.example.com/"}))
    await error_of(call, shop)
    assert shop.hosts == ["api.example.com"]


async def test_every_request_names_the_correlation_id() -> None:
    shop = Shop()
    await read(shop)
    await write(shop)
    assert [request.headers["X-Correlation-ID"] for request in shop.requests] == ["correlation-1"] * 2


@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (400, Permanent, Permanent),
        (403, Permanent, Permanent),
        (404, NotFound, NotFound),
        (409, Conflict, Conflict),
        (413, Permanent, Permanent),
        (418, Transient, Permanent),
        (429, Throttled, Throttled),
        (500, Transient, OutcomeUnknown),
        (502, Transient, OutcomeUnknown),
        (503, Transient, Transient),
        (504, Transient, OutcomeUnknown),
    ],
)
async def test_answers_are_classed_by_what_can_be_done_about_them(
    status: int, reading: type[ServiceError], writing: type[ServiceError]
) -> None:
    answer = httpx.Response(status, json={"message": "the reason", "errors": [{"code": "TheCode"}]})
    for call, kind, method in ((read, reading, "GET"), (_post, writing, "POST")):
        error = await error_of(call, Shop(answer))
        assert type(error) is kind
        assert (error.status, error.code) == (status, "TheCode")
        assert f"{method} orders/order-1" in str(error)
        assert "the reason" in str(error)


async def _post(shop: Shop) -> Any:
    """One POST without the client's own answer to a conflict."""
    return await shop.client._call("POST", "orders/order-1", "correlation-1", json={"version": 3, "actions": []})


@pytest.mark.parametrize(
    ("broken_by", "writing"),
    [
        (httpx.ConnectError, Transient),
        (httpx.ConnectTimeout, Transient),
        (httpx.PoolTimeout, Transient),
        (httpx.ReadTimeout, OutcomeUnknown),
        (httpx.WriteTimeout, OutcomeUnknown),
        (httpx.ReadError, OutcomeUnknown),
        (httpx.WriteError, OutcomeUnknown),
        (httpx.RemoteProtocolError, OutcomeUnknown),
    ],
)
async def test_a_broken_connection_leaves_a_write_in_doubt_only_when_it_may_have_arrived(
    broken_by: type[httpx.TransportError], writing: type[ServiceError]
) -> None:
    assert type(await error_of(read, Shop(broken(broken_by)))) is Transient
    assert type(await error_of(write, Shop(broken(broken_by)))) is writing


@pytest.mark.parametrize("body", [b"<html>a gateway</html>", b"", b"[]", b'"text"'])
async def test_an_error_without_a_json_body_is_classed_by_its_status_alone(body: bytes) -> None:
    error = await error_of(write, Shop(httpx.Response(502, content=body)))
    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize(("call", "kind"), [(read, Transient), (write, OutcomeUnknown)])
async def test_a_success_that_cannot_be_read_is_a_lost_answer(call: Any, kind: type[ServiceError]) -> None:
    error = await error_of(call, Shop(httpx.Response(200, content=b"<html>a proxy</html>")))
    assert type(error) is kind


@pytest.mark.parametrize(
    ("header", "expected"),
    [("17", 17.0), ("0", 0.0), ("soon", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("²", None)],
)
async def test_retry_after_is_taken_where_it_is_a_number_of_seconds(header: str, expected: float | None) -> None:
    headers = [(b"Retry-After", header.encode("latin-1"))]
    error = await error_of(write, Shop(httpx.Response(429, headers=headers)))
    assert isinstance(error, Throttled)
    assert error.retry_after == expected


async def test_what_is_not_there_is_found_as_nothing() -> None:
    shop = Shop(httpx.Response(404))
    assert await shop.client.find("orders/order-1", "correlation-1") is None


async def test_an_outage_is_not_taken_for_nothing() -> None:
    with pytest.raises(Transient):
        await Shop(httpx.Response(503)).client.find("orders/order-1", "correlation-1")


async def test_a_page_is_asked_for_without_the_slow_total_and_in_the_given_order() -> None:
    shop = Shop(httpx.Response(200, json={"results": [ORDER]}))
    found = await shop.client.query("orders", "c", where='id > "a"', sort=["lastModifiedAt asc", "id asc"])
    assert found == [ORDER]
    params = shop.requests[0].url.params
    assert (params["where"], params["withTotal"], params["limit"]) == ('id > "a"', "false", "500")
    assert params.get_list("sort") == ["lastModifiedAt asc", "id asc"]


async def test_an_update_without_actions_makes_no_call() -> None:
    shop = Shop()
    assert await shop.client.update("orders/order-1", ORDER, lambda _: [], "c") == ORDER
    assert shop.requests == []


async def test_an_update_sends_the_version_that_was_read() -> None:
    shop = Shop()
    await write(shop)
    assert json.loads(shop.requests[0].content) == {"version": 3, "actions": [ACTION]}


async def test_a_conflict_is_read_again_and_decided_anew() -> None:
    newer = {"id": "order-1", "version": 4, "orderState": "Complete"}
    shop = Shop(httpx.Response(409), httpx.Response(200, json=newer))
    decide = lambda order: [] if order.get("orderState") == "Complete" else [ACTION]  # noqa: E731
    assert await shop.client.update("orders/order-1", ORDER, decide, "c") == newer
    assert [request.method for request in shop.requests] == ["POST", "GET"]


async def test_after_three_conflicts_the_update_is_given_up() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(409) if request.method == "POST" else httpx.Response(200, json=ORDER)

    shop = Shop(answer)
    assert isinstance(await error_of(write, shop), Conflict)
    assert [request.method for request in shop.requests].count("POST") == 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(401), Permanent),
        (httpx.Response(400, json={"error": "invalid_scope"}), Permanent),
        (httpx.Response(429), Transient),
        (httpx.Response(503), Transient),
        (httpx.Response(200, content=b"<html>a proxy</html>"), Transient),
        (broken(httpx.ReadTimeout), Transient),
        (broken(httpx.ConnectError), Transient),
    ],
)
async def test_without_a_token_no_write_is_ever_in_doubt(answer: Answer, kind: type[ServiceError]) -> None:
    shop = Shop()
    shop.token_answers = [answer]
    error = await error_of(write, shop)
    assert type(error) is kind
    assert "fetch token" in str(error)
    assert shop.requests == []


async def test_a_refused_client_is_told_which_options_to_check() -> None:
    shop = Shop()
    shop.token_answers = [httpx.Response(401)]
    assert "check client_id and client_secret of project shop in the market map" in str(await error_of(read, shop))
