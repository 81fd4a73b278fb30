"""The managed identity's token for the federated credential, asked for as Azure Functions offers it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from shared.dynamics.auth import managed_identity_assertion

IDENTITY = "00000000-0000-4000-8000-00000000aaaa"


class IdentityEndpoint(HTTPServer):
    """Answers as the identity endpoint of a function app; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[dict[str, list[str]]] = []


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: IdentityEndpoint

    def do_GET(self) -> None:
        self.server.asked.append(parse_qs(urlparse(self.path).query))
        body = {"access_token": "identity-token", "expires_on": str(int(time.time()) + 3600), "resource": "x"}
        data = json.dumps(body | {"token_type": "Bearer"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
        del format, args


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    server = IdentityEndpoint()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_token_is_that_of_the_named_identity_for_the_token_exchange(endpoint: IdentityEndpoint) -> None:
    assert managed_identity_assertion(IDENTITY) == "identity-token"
    (asked,) = endpoint.asked
    assert asked["resource"] == ["api://AzureADTokenExchange"]
    assert asked["client_id"] == [IDENTITY]
