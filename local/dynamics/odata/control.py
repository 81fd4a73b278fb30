"""The harness around a server: request log, faults and the /__ endpoints; the API itself is inside."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.dynamics.odata.faults import Fault, FaultBook
from local.dynamics.odata.product import json_number

LOG_SIZE = 10_000


class CapturedAnswer:
    """Collects an answer so that it can be held back, replaced or changed."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def send(self, message: Message) -> None:
        """Take what the inner app would have sent."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def forward(self, send: Send) -> None:
        """Send the answer on."""
        headers = [(name, value) for name, value in self.headers if name != b"content-length"]
        if self.status != 204:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


async def read_body(receive: Receive) -> bytes:
    """Return the whole request body."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def drop_connection(send: Send) -> None:
    """Close the caller's connection without an answer."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the connection was dropped by a programmed fault")
    transport.abort()
    # uvicorn notices the lost connection on the next turn and then expects no answer.
    await asyncio.sleep(0.01)


def _text_or_json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")


class ControlledApp:
    """An ASGI app that records, fails on demand and answers the control endpoints."""

    def __init__(
        self, inner: ASGIApp, fault_body: Callable[[int], Any], routes: list[BaseRoute], *, record_bodies: bool = True
    ) -> None:
        self._inner = inner
        self._fault_body = fault_body
        self._record_bodies = record_bodies
        self.faults = FaultBook()
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_SIZE)
        own = [Route("/__faults", self._faults_endpoint, methods=["GET", "POST", "DELETE"])]
        own.append(Route("/__requests", self._requests_endpoint, methods=["GET", "DELETE"]))
        self._control = Starlette(routes=[*own, *routes])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
        elif scope["path"].startswith("/__"):
            await self._control(scope, receive, send)
        else:
            await self._serve(scope, await read_body(receive), send)

    async def _serve(self, scope: Scope, body: bytes, send: Send) -> None:
        query = scope["query_string"].decode()
        shown = _text_or_json(body) if self._record_bodies else None
        entry = {"method": scope["method"], "path": scope["path"], "query": query, "body": shown}
        entry["status"] = None
        self.log.append(entry)
        fault = self.faults.take(scope["method"], scope["path"])
        answer = CapturedAnswer()
        if fault is None or fault.does_the_work:
            await self._work(scope, body, answer)
            entry["status"] = answer.status
        if fault is None:
            await answer.forward(send)
        else:
            await self._fail(fault, answer, entry, send)

    async def _work(self, scope: Scope, body: bytes, answer: CapturedAnswer) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._inner(scope, receive, answer.send)

    async def _fail(self, fault: Fault, answer: CapturedAnswer, entry: dict[str, Any], send: Send) -> None:
        await asyncio.sleep(fault.delay_ms / 1000)
        if fault.mode.startswith("drop"):
            await drop_connection(send)
            return
        if fault.mode.startswith("status"):
            entry["status"] = fault.status
            self._replace(answer, fault)
        if fault.patch is not None:
            changed = _text_or_json(answer.body)
            answer.body = json.dumps((changed if isinstance(changed, dict) else {}) | fault.patch).encode()
        await answer.forward(send)

    def _replace(self, answer: CapturedAnswer, fault: Fault) -> None:
        answer.status = fault.status
        answer.headers = [(b"content-type", b"application/json")]
        if fault.retry_after is not None:
            answer.headers.append((b"retry-after", str(fault.retry_after).encode()))
        answer.body = json.dumps(self._fault_body(fault.status)).encode()

    async def _faults_endpoint(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.clear()
        if request.method == "POST":
            try:
                self.faults.add([Fault.model_validate(item) for item in (await request.json())["faults"]])
            except (ValidationError, ValueError, KeyError, TypeError) as error:
                return JSONResponse({"error": f"POST /__faults: {error}"}, status_code=400)
        return JSONResponse({"faults": [fault.model_dump(mode="json") for fault in self.faults.pending()]})

    async def _requests_endpoint(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.log.clear()
        return JSONResponse({"requests": list(self.log)})


class ExactJSONResponse(JSONResponse):
    """A JSON response that writes decimals as JSON numbers."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json.dumps(content, default=json_number, ensure_ascii=False, separators=(",", ":")).encode()
