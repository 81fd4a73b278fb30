"""One worker process: sends requests through the limiter as fast as it is let, and writes a JSON line for each.

`python -m tests.contract.limiter.worker` reads its settings as JSON from the first line of standard input and works
until standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import httpx
from pydantic import SecretStr

from local.dynamics.business_central.environment import AUDIENCE
from local.dynamics.tokens import issue
from shared.dynamics.business_central import ERRORS
from shared.dynamics.limiter.wiring import limiter_of
from shared.dynamics.odata import ODataClient
from shared.errors import ServiceError, Throttled
from shared.markets import ApplicationUser, BackEnd, BackEndLimits
from shared.state.tables import TablesState


def say(**entry: Any) -> None:
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()


class IssuedTokens:
    """Tokens of one application user, made here instead of at the authority."""

    def __init__(self, client_id: str, key: str) -> None:
        self._token = issue(client_id, AUDIENCE, "https://localhost/tenant/v2.0", key)

    async def token(self, *, renew: bool = False) -> str:
        return self._token


class Recorder(httpx.AsyncHTTPTransport):
    """Says when each request left and when its answer came. The clock is the machine's, one for all processes."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        begun = time.monotonic()
        response = await super().handle_async_request(request)
        entry = {"begun": begun, "ended": time.monotonic(), "status": response.status_code}
        say(**entry, retry_after=response.headers.get("Retry-After"))
        return response


class CountedStore:
    """Counts the operations on the Table service."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.operations = 0

    async def read(self, key: str) -> Any:
        self.operations += 1
        return await self._store.read(key)

    async def write(self, key: str, sheet: Any, etag: str) -> Any:
        self.operations += 1
        return await self._store.write(key, sheet, etag)


async def work(api: ODataClient, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await api.get("companies", "limiter")
        except ServiceError as error:
            say(error=type(error).__name__, code=error.code)
            # As the pipeline does: a message that must wait longer comes back later.
            pause = error.retry_after if isinstance(error, Throttled) else None
            await asyncio.sleep(0.1 if pause is None else pause)


async def until_closed(stop: asyncio.Event) -> None:
    await asyncio.to_thread(sys.stdin.read)
    stop.set()


async def main() -> None:
    settings = json.loads(sys.stdin.readline())
    state = TablesState.from_connection_string(settings["tables"], settings["prefix"])
    store = CountedStore(state.leases)
    first, *others = settings["clients"]
    back_end = BackEnd(
        type="business_central",
        url=settings["url"],
        tenant_id="tenant",
        client_id=first,
        scope="",
        users=tuple(ApplicationUser(client_id=client, client_secret=SecretStr("none")) for client in others),
        limits=BackEndLimits.model_validate(settings["limits"]),
    )
    limiter = limiter_of(back_end, store, lambda user: IssuedTokens(user.client_id, settings["key"]))
    stop = asyncio.Event()
    async with httpx.AsyncClient(transport=Recorder()) as http, asyncio.TaskGroup() as group:
        api = ODataClient(back_end.url, limiter, http, ERRORS, in_flight=5)
        say(holder=limiter.holder)
        group.create_task(until_closed(stop))
        for _ in range(settings["tasks"]):
            group.create_task(work(api, stop))
    await limiter.close()
    await state.close()
    say(operations=store.operations)


if __name__ == "__main__":
    asyncio.run(main())
