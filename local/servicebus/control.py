"""The operator's side port: look at the queues, and make the broker unreachable on purpose."""

import asyncio
import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from .server import HOST, Server

_TIMEOUT_SECONDS = 10
_FAULTS_EXAMPLE = '{"refuse_connections": true}'


class Control:
    """``GET /__queues`` and ``GET|POST /__faults`` over plain HTTP."""

    def __init__(self, broker: Server) -> None:
        self._broker = broker
        self._listener: asyncio.Server | None = None
        self.url = ""

    async def start(self, port: int = 0) -> None:
        """Begin to listen; port 0 takes a free one."""
        self._listener = await asyncio.start_server(self._serve, HOST, port)
        self.url = f"http://{HOST}:{self._listener.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()
            self._listener.close_clients()
            await self._listener.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                method, path, body = await _read_request(reader)
                status, answer = self._answer(method, path, body)
                writer.write(_response(status, answer))
                await writer.drain()
        except (TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            # Whoever sent this does not speak HTTP or is gone; there is nobody to answer.
            pass
        finally:
            writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[HTTPStatus, Any]:
        match method, path:
            case "GET", "/__queues":
                counts = self._broker.namespace.counts()
                return HTTPStatus.OK, {name: asdict(count) for name, count in counts.items()}
            case "GET", "/__faults":
                return HTTPStatus.OK, self._faults()
            case "POST", "/__faults":
                return self._set_faults(body)
            case _:
                hint = "known are GET /__queues, GET /__faults and POST /__faults"
                return HTTPStatus.NOT_FOUND, {"error": f"nothing at {method} {path}: {hint}"}

    def _faults(self) -> dict[str, bool]:
        return {"refuse_connections": self._broker.refuses_connections}

    def _set_faults(self, body: bytes) -> tuple[HTTPStatus, Any]:
        try:
            wanted = json.loads(body)
        except ValueError as error:
            return HTTPStatus.BAD_REQUEST, {"error": f"the body is not JSON ({error}): send {_FAULTS_EXAMPLE}"}
        refuse = wanted.get("refuse_connections") if isinstance(wanted, dict) and len(wanted) == 1 else None
        if not isinstance(refuse, bool):
            return HTTPStatus.BAD_REQUEST, {"error": f"the body must be like {_FAULTS_EXAMPLE}"}
        self._broker.refuse_connections(refuse)
        return HTTPStatus.OK, self._faults()


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *header_lines = head.strip().split("\r\n")
    method, path, _ = request_line.split(" ", 2)
    pairs = (line.partition(":") for line in header_lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return method, path.partition("?")[0], body


def _response(status: HTTPStatus, answer: Any) -> bytes:
    body = json.dumps(answer).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
