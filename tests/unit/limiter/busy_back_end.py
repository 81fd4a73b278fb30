"""A back-end that counts what runs, a store that can fail, and processes that share both."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.dynamics.business_central import ERRORS
from shared.dynamics.limiter.gate import User
from shared.dynamics.limiter.limiter import SharedLimiter
from shared.dynamics.limiter.limits import Limits, Rules
from shared.dynamics.limiter.sheet import Sheet, from_json
from shared.dynamics.odata import ODataClient
from shared.errors import ServiceError, Transient
from shared.state.memory.leases import MemoryLeaseStore
from shared.state.records import JSON, LeaseSheet

ROOT = "https://bc.example.com/api"
# Everything a hundred times as fast as in production, but for the lease, which depends on the clock's resolution.
RULES = Rules(lease=4.0, settle=0.02, max_wait=0.5, idle=0.05, raise_every=0.1, turn=0.02, penalty=0.1)


def utc_now() -> datetime:
    return datetime.now(UTC)


class NamedTokens:
    def __init__(self, name: str) -> None:
        self.name = name

    async def token(self, *, renew: bool = False) -> str:
        return self.name


class FakeStore:
    """The memory store; `broken` names methods that fail, `after` those that fail though they did their work."""

    def __init__(self) -> None:
        self.store = MemoryLeaseStore(utc_now)
        self.broken: set[str] = set()
        self.after: set[str] = set()
        self.error: ServiceError = Transient("store", "ask", "the store cannot be reached")
        self.operations = 0

    async def read(self, key: str) -> LeaseSheet:
        self._check("read", self.broken)
        return await self.store.read(key)

    async def write(self, key: str, sheet: JSON, etag: str) -> bool:
        self._check("write", self.broken)
        written = await self.store.write(key, sheet, etag)
        self._check("write", self.after)
        return written

    def _check(self, method: str, failing: set[str]) -> None:
        self.operations += failing is self.broken
        if method in failing:
            raise self.error

    async def sheet(self, user: str = "user-1") -> Sheet:
        return from_json((await self.store.read(user)).data)


class BusyBackEnd:
    """Answers after a moment; `refuse` makes the next answers refusals, `headers` go with every answer."""

    def __init__(self, seconds: float = 0.002) -> None:
        self.seconds = seconds
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.reached = asyncio.Event()
        self.refuse: list[httpx.Response] = []
        self.headers: Mapping[str, str] = {}
        self.store = FakeStore()
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        user = request.headers["Authorization"].removeprefix("Bearer ")
        self.running[user] += 1
        self.most[user] = max(self.most[user], self.running[user])
        self.served[user] += 1
        self.reached.set()
        await asyncio.sleep(self.seconds)
        self.running[user] -= 1
        return self.refuse.pop(0) if self.refuse else httpx.Response(200, json={}, headers=self.headers)

    def process(self, limits: Limits, *users: str, rules: Rules = RULES) -> Process:
        return Process(self, limits, users or ("user-1",), rules)


class Process:
    """One of the processes that share the back-end's limits."""

    def __init__(self, back_end: BusyBackEnd, limits: Limits, users: tuple[str, ...], rules: Rules) -> None:
        named = [User(user, NamedTokens(user)) for user in users]
        self.limiter = SharedLimiter(named, back_end.store, limits, rules)
        self.api = ODataClient(ROOT, self.limiter, back_end.http, ERRORS, in_flight=99)

    async def get(self) -> Any:
        return await self.api.get("items", "correlation-1")

    async def get_many(self, count: int) -> None:
        await asyncio.gather(*(self.get() for _ in range(count)))
