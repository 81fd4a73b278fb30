"""An Application Insights ingestion endpoint on loopback: keeps what it is sent, and fails on demand."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Sent:
    """One item as it arrived."""

    raw: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.raw["data"]["baseType"])

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.raw["data"]["baseData"]
        return found

    @property
    def name(self) -> str:
        if self.kind == "MetricData":
            return str(self.data["metrics"][0]["name"])
        if self.kind == "ExceptionData":
            return str(self.data["exceptions"][0]["typeName"])
        return str(self.data.get("name") or self.data["message"])

    @property
    def point(self) -> dict[str, Any]:
        (point,) = self.data["metrics"]
        return dict(point)

    @property
    def properties(self) -> dict[str, str]:
        return dict(self.data.get("properties") or {})

    @property
    def operation_id(self) -> str:
        return str(self.raw["tags"].get("ai.operation.id", ""))

    @property
    def parent_id(self) -> str:
        return str(self.raw["tags"].get("ai.operation.parentId", ""))


@dataclass
class Ingestion:
    """`status` is the answer to come; while `hold` is cleared, no answer comes at all."""

    url: str = ""
    status: int = 200
    posts: int = 0
    items: list[Sent] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    hold: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.hold.set()

    @property
    def connection_string(self) -> str:
        return f"InstrumentationKey={KEY};IngestionEndpoint={self.url}"

    @property
    def text(self) -> str:
        return json.dumps([item.raw for item in self.items])

    def of(self, kind: str, name: str = "") -> list[Sent]:
        return [item for item in self.items if item.kind == kind and name in ("", item.name)]

    def take(self, path: str, body: bytes) -> int:
        self.posts += 1
        self.paths.add(path)
        self.hold.wait()
        if self.status == 200:
            self.items += map(Sent, json.loads(body))
        return self.status


@contextmanager
def ingestion() -> Iterator[Ingestion]:
    """Serve until the block ends."""
    found = Ingestion()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            status = found.take(self.path, body)
            count = len(json.loads(body))
            answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever was held has gone when the answer comes."""

    server = Server(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        found.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
