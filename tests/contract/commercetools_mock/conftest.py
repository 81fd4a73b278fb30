"""Fixtures: the stand-in as one process for all tests, a webhook for it to deliver to, and Subscriptions."""

import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from .stand_in import Document, StandIn, Webhook, handler_for, run_stand_in, subscription_draft


@pytest.fixture(scope="session")
def shared_stand_in() -> Iterator[StandIn]:
    with run_stand_in() as running:
        yield running


@pytest.fixture
def mock(shared_stand_in: StandIn) -> Iterator[StandIn]:
    yield shared_stand_in
    shared_stand_in.api.delete("/__faults")
    for subscription in shared_stand_in.get("subscriptions", limit=500)["results"]:
        shared_stand_in.api.delete(f"/demo/subscriptions/{subscription['id']}?version={subscription['version']}")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    target = Webhook()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_for(target)) as server:
        target.url = f"http://127.0.0.1:{server.server_port}/api/commercetools/events?code=function-key"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield target
        server.shutdown()
        thread.join()


@pytest.fixture
def subscribe(mock: StandIn, webhook: Webhook) -> Callable[..., Document]:
    def create(**changed: Any) -> Document:
        answer = mock.api.post("/demo/subscriptions", json=subscription_draft(webhook, **changed))
        assert answer.status_code == 201, answer.text
        subscription: Document = answer.json()
        return subscription

    return create
