"""OData below one root, against a scripted server."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dynamics.business_central import ERRORS
from shared.dynamics.odata import ODataClient, any_of, literal
from shared.errors import Conflict, NotFound, OutcomeUnknown, Permanent, ServiceError, Throttled, Transient
from tests.fakes.server import Answer, ScriptedServer, broken
from tests.fakes.tokens import CountingTokens
from tests.fakes.unhurried import unhurried

ROOT = "https://bc.example.com/v2.0/tenant/production/api/v2.0"
ROW = {"id": "1", "number": "10"}


class BackEnd(ScriptedServer):
    def __init__(self, *answers: Answer, in_flight: int = 5) -> None:
        super().__init__(*(answers or (httpx.Response(200, json=ROW),)))
        self.tokens = CountingTokens()
        self.api = ODataClient(ROOT + "/", self.tokens, self.http, ERRORS, in_flight=in_flight)

    async def read(self) -> Any:
        return await self.api.get("items(1)", "correlation-1")

    async def write(self) -> Any:
        return await self.api.call("POST", "items", "correlation-1", json={"number": "10"})

    async def all_rows(self) -> list[Any]:
        return [row async for row in self.api.rows("items", "correlation-1", filter="number eq '10'")]


def page(*rows: Any, link: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"value": list(rows), **({"@odata.nextLink": link} if link else {})})


async def error_of(call: Any) -> ServiceError:
    with pytest.raises(ServiceError) as raised:
        await call
    assert "token-" not in str(raised.value)
    return raised.value


async def test_a_request_carries_token_correlation_id_and_language() -> None:
    server = BackEnd()
    assert await server.read() == ROW
    headers = server.requests[0].headers
    assert headers["Authorization"] == "Bearer token-1"
    assert headers["client-request-id"] == "correlation-1"
    assert headers["Accept-Language"] == "en-US"
    assert str(server.requests[0].url) == f"{ROOT}/items(1)"


async def test_options_get_their_dollar_sign() -> None:
    server = BackEnd(page(ROW))
    await server.all_rows()
    assert server.requests[0].url.params["$filter"] == "number eq '10'"


async def test_a_refused_token_is_renewed_once_and_the_request_repeated() -> None:
    server = BackEnd(httpx.Response(401), httpx.Response(200, json=ROW))
    assert await server.read() == ROW
    assert [request.headers["Authorization"] for request in server.requests] == ["Bearer token-1", "Bearer token-2"]


async def test_a_client_that_stays_refused_is_a_permanent_failure_after_two_requests() -> None:
    server = BackEnd(httpx.Response(401))
    assert isinstance(await error_of(server.read()), Permanent)
    assert len(server.requests) == 2


async def test_pages_are_followed_to_the_end_with_the_link_as_it_is() -> None:
    link = f"{ROOT}/items?$skiptoken=a%20b"
    server = BackEnd(page({"id": "1"}, {"id": "2"}, link=link), page({"id": "3"}))
    assert [row["id"] for row in await server.all_rows()] == ["1", "2", "3"]
    assert str(server.requests[1].url) == link


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example.com/items?$skiptoken=a",
        "https://bc.example.com:8443/items",
        "http://bc.example.com/items",
        "https://bc.example.com@elsewhere.example.com/items",
        "//elsewhere.example.com/items",
    ],
)
async def test_a_next_page_anywhere_else_is_refused_and_gets_no_token(link: str) -> None:
    server = BackEnd(page(ROW, link=link), page())
    error = await error_of(server.all_rows())
    assert isinstance(error, Permanent)
    assert error.code == "ForeignNextLink"
    assert len(server.requests) == 1


async def test_a_redirect_is_an_error_and_is_not_followed() -> None:
    server = BackEnd(httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"}))
    await error_of(server.read())
    assert server.hosts == ["bc.example.com"]


@pytest.mark.parametrize(
    ("status", "code", "reading", "writing"),
    [
        (400, "BadRequest", Permanent, Permanent),
        (400, "Request_EntityChanged", Conflict, Conflict),
        (403, "", Permanent, Permanent),
        (404, "", NotFound, NotFound),
        (408, "", Transient, OutcomeUnknown),
        (409, "Request_EntityChanged", Conflict, Conflict),
        (412, "", Conflict, Conflict),
        (413, "", Permanent, Permanent),
        (418, "", Transient, Permanent),
        (429, "", Throttled, Throttled),
        (500, "", Transient, OutcomeUnknown),
        (502, "", Transient, OutcomeUnknown),
        (503, "", Transient, Transient),
        (504, "", Transient, OutcomeUnknown),
    ],
)
async def test_answers_of_business_central_are_classed_by_what_can_be_done_about_them(
    status: int, code: str, reading: type[ServiceError], writing: type[ServiceError]
) -> None:
    answer = httpx.Response(status, json={"error": {"code": code, "message": "the reason"}})
    for call, kind in ((BackEnd(answer).read(), reading), (BackEnd(answer).write(), writing)):
        error = await error_of(call)
        assert type(error) is kind
        assert (error.status, error.code) == (status, code)
        assert "the reason" in str(error)
        assert "items" in str(error)


@pytest.mark.parametrize(
    ("broken_by", "writing"),
    [
        (httpx.ConnectError, Transient),
        (httpx.ConnectTimeout, Transient),
        (httpx.ReadTimeout, OutcomeUnknown),
        (httpx.DecodingError, OutcomeUnknown),
    ],
)
async def test_a_broken_connection_leaves_a_write_in_doubt_only_when_it_may_have_arrived(
    broken_by: type[httpx.RequestError], writing: type[ServiceError]
) -> None:
    assert type(await error_of(BackEnd(broken(broken_by)).read())) is Transient
    assert type(await error_of(BackEnd(broken(broken_by)).write())) is writing


async def test_a_success_that_cannot_be_read_is_a_lost_answer() -> None:
    answer = httpx.Response(200, content=b"<html>a proxy</html>")
    assert type(await error_of(BackEnd(answer).read())) is Transient
    assert type(await error_of(BackEnd(answer).write())) is OutcomeUnknown


async def test_an_answer_without_a_body_is_an_empty_row() -> None:
    assert await BackEnd(httpx.Response(204)).write() == {}


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": "text"}', b'{"error": null}'])
async def test_an_error_of_any_other_shape_is_classed_by_its_status(body: bytes) -> None:
    assert isinstance(await error_of(BackEnd(httpx.Response(504, content=body)).write()), OutcomeUnknown)


async def test_retry_after_is_kept() -> None:
    error = await error_of(BackEnd(httpx.Response(429, headers={"Retry-After": "20"})).write())
    assert isinstance(error, Throttled)
    assert error.retry_after == 20


async def test_if_match_is_sent_where_it_is_given() -> None:
    server = BackEnd(httpx.Response(204))
    await server.api.call("DELETE", "items(1)", "c", if_match="*")
    assert server.requests[0].headers["If-Match"] == "*"


async def test_no_more_requests_are_in_flight_than_the_back_end_takes() -> None:
    running: list[int] = []
    most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        await asyncio.sleep(0)
        running.pop()
        return httpx.Response(200, json=ROW)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    api = ODataClient(ROOT, CountingTokens(), http, ERRORS, in_flight=3)
    await asyncio.gather(*(api.get("items(1)", "c") for _ in range(20)))
    assert most == 3


@unhurried
@given(st.text())
def test_a_literal_cannot_be_left_from_inside(text: str) -> None:
    quoted = literal(text)
    assert quoted[0] == quoted[-1] == "'"
    assert quoted[1:-1].replace("''", "") == text.replace("'", "")
    assert quoted[1:-1].replace("''", "'") == text


def test_one_field_may_be_any_of_several_texts() -> None:
    assert any_of("number", ["a", "o'b"]) == "number eq 'a' or number eq 'o''b'"
