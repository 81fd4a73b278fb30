"""Nobody can send our tokens and secrets on to another host."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from shared.composition import build_app
from shared.dynamics.auth import MsalTokenProvider
from shared.errors import Transient
from shared.markets import BackEnd
from tests.releases.versions import VERSIONS, recorded


class Server(ThreadingHTTPServer):
    """An HTTPS server on loopback that redirects everything, or counts what arrives."""

    def __init__(self, authority: trustme.CA, to: str | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.to = to
        self.asked: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(307 if self.server.to else 404)
        self.send_header("Content-Length", "0")
        if self.server.to:
            self.send_header("Location", self.server.to + self.path)
        self.end_headers()

    do_POST = do_GET  # noqa: N815  # the base class names it

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
        del format, args


@contextmanager
def serving(authority: trustme.CA, to: str | None = None) -> Iterator[Server]:
    server = Server(authority, to)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_sign_in_that_is_redirected_ends_there(tmp_path: Path) -> None:
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with serving(authority) as elsewhere, serving(authority, to=elsewhere.url) as entra:
        end = BackEnd.model_validate(
            {
                "type": "business_central",
                "url": "https://bc.example.com",
                "tenant_id": "tenant",
                "client_id": "client",
                "client_secret": "secret",
                "authority": entra.url,
                "scope": "scope",
            }
        )
        with pytest.raises(Transient, match="redirects"):
            await MsalTokenProvider(end, str(ca_file)).token()
        assert len(entra.asked) == 1
        assert elsewhere.asked == []


async def test_the_client_of_the_application_follows_no_redirect() -> None:
    app = build_app(recorded(VERSIONS[-1], "settings.json")["tuned"] | _map_settings())
    try:
        assert app.http.follow_redirects is False
    finally:
        await app.close()


def _map_settings() -> dict[str, str]:
    settings: dict[str, dict[str, str]] = recorded(VERSIONS[-1], "settings.json")
    return {name: value for name, value in settings["azure"].items() if name.startswith(("CT_", "BC_"))} | {
        "PILOT_MODE": "off",
        "OTHERS_MODE": "off",
    }
