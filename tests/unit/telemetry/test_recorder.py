"""From what the product says to the items that an exporter sends."""

from __future__ import annotations

import logging

import httpx
import pytest

from shared.errors import OutcomeUnknown, Throttled
from shared.http import ErrorTable, ObservedClient, send
from shared.telemetry.items import Dependency, Event, Item, Measurement, Message, Place, Request
from shared.telemetry.logs import attach_handler
from shared.telemetry.operation import operation_id
from shared.telemetry.seam import LOGGER, LogTelemetry, Recorder


class Book(list[Item]):
    """Items in the order in which they were put."""

    def recorder(self) -> Recorder:
        return Recorder(self.append)


async def fetch(recorder: Recorder, answer: httpx.Response | Exception, correlation_id: str = "") -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with ObservedClient(recorder.call, transport=httpx.MockTransport(respond)) as client:
        headers = {"X-Correlation-ID": correlation_id} if correlation_id else {}
        url = "https://user:secret@api.example.com:8443/demo/orders/4711?where=x"
        await send(client, client.build_request("POST", url, headers=headers), "commercetools", "POST orders")


def test_an_operation_says_how_it_went_and_what_became_known_on_the_way() -> None:
    book = Book()
    with book.recorder().operation("orders", "demo/1", flow="orders") as operation:
        operation.add(market="pilot", reason="")
    (request,) = book
    assert isinstance(request, Request)
    assert (request.name, request.place, request.success) == ("orders", Place(operation_id("demo/1")), True)
    assert request.properties == {"flow": "orders", "market": "pilot", "correlationId": "demo/1"}


def test_an_operation_that_raises_has_failed_and_raises() -> None:
    book = Book()
    with pytest.raises(KeyError), book.recorder().operation("orders", "demo/1"):
        raise KeyError
    assert [item.success for item in book if isinstance(item, Request)] == [False]


def test_what_happens_inside_belongs_to_the_operation_and_what_comes_after_does_not() -> None:
    book = Book()
    recorder = book.recorder()
    with recorder.operation("orders", "demo/1") as operation:
        recorder.event("outcome")
    recorder.event("sweep")
    inside, after = (item for item in book if isinstance(item, Event))
    assert inside.place == Place(operation_id("demo/1"), operation.span_id)
    assert (after.place, after.properties) == (Place(), {})


async def test_a_call_is_a_dependency_and_is_counted() -> None:
    book = Book()
    await fetch(book.recorder(), httpx.Response(201), "demo/1")
    call, counted = book
    assert isinstance(call, Dependency)
    assert (call.name, call.url) == ("POST /demo/orders/{id}", "https://api.example.com:8443/demo/orders/{id}")
    assert (call.status, call.success, call.place) == (201, True, Place(operation_id("demo/1")))
    assert call.properties == {"system": "commercetools", "method": "POST", "correlationId": "demo/1"}
    assert isinstance(counted, Measurement)
    assert (counted.name, counted.properties) == ("calls", {"system": "commercetools", "status": "201"})


async def test_a_call_without_an_answer_has_no_status_and_has_failed() -> None:
    book = Book()
    with pytest.raises(OutcomeUnknown):
        await fetch(book.recorder(), httpx.ReadTimeout("late"))
    call = book[0]
    assert isinstance(call, Dependency)
    assert (call.status, call.success, call.place) == (0, False, Place())


async def test_a_call_of_another_correlation_id_belongs_to_that_one() -> None:
    book = Book()
    recorder = book.recorder()
    with recorder.operation("orders", "demo/1"):
        await fetch(recorder, httpx.Response(200), "demo/2")
    assert isinstance(book[0], Dependency)
    assert book[0].place == Place(operation_id("demo/2"))


async def test_the_answer_429_is_counted_apart() -> None:
    book = Book()
    await fetch(book.recorder(), httpx.Response(429))
    assert [item.name for item in book if isinstance(item, Measurement)] == ["calls", "throttled"]
    table = ErrorTable("commercetools", frozenset(), frozenset(), frozenset(), frozenset())
    assert isinstance(table.error_of(httpx.Response(429), "x", is_read=True, code="", message=""), Throttled)


def test_without_an_exporter_events_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER.name):
        LogTelemetry().event("outcome", flow="orders", outcome="Done")
    assert caplog.messages == ["outcome flow=orders outcome=Done"]


def test_while_a_handler_is_attached_the_host_gets_no_copy(caplog: pytest.LogCaptureFixture) -> None:
    book = Book()
    detach = attach_handler(book.append)
    LOGGER.info("to the exporter")
    detach()
    assert caplog.messages == []
    assert [item.text for item in book if isinstance(item, Message)] == ["to the exporter"]
    with caplog.at_level(logging.INFO, LOGGER.name):
        LOGGER.info("to the host")
    assert caplog.messages == ["to the host"]
    assert len(book) == 1
