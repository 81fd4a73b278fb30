"""Tells endpoints what happened to customers as Finance does: after the change, three retries, numbers with gaps.

Endpoints are registered at `/__events`. The real product registers them in its user interface, where a Key Vault holds
the secret; this one sends it in a header.
"""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from local.dynamics.finance.company import COMPANY
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.store import Store

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TRIES = 4  # the first, and three more
FIRST_CONTROL_NUMBER = 5_637_144_576
GAPS = (1, 1, 3, 1, 7)  # other events have taken the numbers between
LOG_SIZE = 1_000
ENTITY = "CustCustomerV3Entity"
TARGET_TYPE = "Entity:http://schemas.microsoft.com/xrm/2011/Contracts"
KEYS = (COMPANY, "CustomerAccount")
SHOWN = (*KEYS, "PartyNumber", "PartyType", "NameAlias")  # columns of an event
What = Literal["Create", "Update", "Delete"]
# Posts a body with headers to a URL and returns the status of the answer.
Send = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]


class Endpoint(BaseModel):
    """Where events go. `form` is that of events named in the envelope, or of those that come through Dataverse."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    secret: str = ""
    secret_header: str = "x-events-secret"
    form: Literal["envelope", "dataverse"] = "envelope"
    with_keys: bool = True  # an update may come without the key of its row
    retry_delay_seconds: float = Field(default=1.0, ge=0)

    @field_validator("url")
    @classmethod
    def _stays_here(cls, url: str) -> str:
        if urlsplit(url).hostname not in LOOPBACK:
            raise ValueError(f"{url} is not on this machine: events go to {', '.join(sorted(LOOPBACK))} only")
        return url


async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Post over HTTP; no answer counts as status 0."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        try:
            return (await client.post(url, headers=dict(headers), content=body)).status_code
        except httpx.HTTPError:
            return 0


@dataclass(frozen=True)
class Event:
    """What happened to a customer, and its place among all events."""

    what: What
    row: Row
    control_number: int
    at: datetime
    id: str

    def body(self, endpoint: Endpoint) -> bytes:
        """Write the event as an endpoint gets it."""
        make = self._envelope if endpoint.form == "envelope" else self._through_dataverse
        return json.dumps(make(with_keys=endpoint.with_keys or self.what != "Update")).encode()

    def _envelope(self, *, with_keys: bool) -> dict[str, Any]:
        return {
            "BusinessEventId": f"{ENTITY}_DataEvent_{self.what}",
            "ControlNumber": self.control_number,
            "EventId": self.id,
            "EventTime": f"/Date({self._milliseconds})/",
            "MajorVersion": 0,
            "MinorVersion": 0,
            "CorrelationId": self.id,
            "MessageName": self.what,
            "PrimaryEntityName": ENTITY,
            "InputParameters": self._parameters("", with_keys=with_keys),
        }

    def _through_dataverse(self, *, with_keys: bool) -> dict[str, Any]:
        return {
            "CorrelationId": self.id,
            "MessageName": f"OnExternal{self.what}d",
            "OperationCreatedOn": f"/Date({self._milliseconds}+0000)/",
            "PrimaryEntityId": str(uuid.UUID(int=0)),
            "PrimaryEntityName": f"mserp_{ENTITY.lower()}",
            "InputParameters": self._parameters("mserp_", with_keys=with_keys),
        }

    @property
    def _milliseconds(self) -> int:
        return int(self.at.timestamp() * 1000)

    def _parameters(self, prefix: str, *, with_keys: bool) -> list[dict[str, Any]]:
        names = [name for name in SHOWN if with_keys or name not in KEYS]
        spelled = {name: f"{prefix}{name.lower()}" if prefix else name for name in names}
        columns = [{"key": spelled[name], "value": self.row[name]} for name in names]
        return [{"key": "Target", "value": {"__type": TARGET_TYPE, "Attributes": columns, "Id": self.id}}]


@dataclass
class EventBook:
    """Who follows customers, and what they were told. `send` may be replaced in tests."""

    store: Store
    clock: Callable[[], datetime]
    send: Send = post
    endpoints: list[Endpoint] = field(default_factory=list)
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_SIZE))
    _waiting: list[Event] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _count: int = 0
    _control_number: int = FIRST_CONTROL_NUMBER

    def note(self, what: What, row: Row) -> None:
        """Take note of a change; it is told when the request that made it is done, unless that was undone."""
        if not self.endpoints:
            return
        self._control_number += GAPS[self._count % len(GAPS)]
        self._count += 1
        event = Event(what, row, self._control_number, self.clock(), str(uuid.uuid4()))
        self._waiting.append(event)
        self.store.on_rollback(lambda: self._waiting.remove(event))
        asyncio.get_running_loop().call_soon(self._tell)

    async def settled(self) -> None:
        """Wait until everything was told or given up."""
        await asyncio.sleep(0)
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            for endpoint in self.endpoints:
                task = asyncio.get_running_loop().create_task(self._deliver(event, endpoint))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: Event, endpoint: Endpoint) -> None:
        headers = {"Content-Type": "application/json"}
        headers |= {endpoint.secret_header: endpoint.secret} if endpoint.secret else {}
        statuses: list[int] = []
        while len(statuses) < TRIES:
            statuses.append(await self.send(endpoint.url, headers, event.body(endpoint)))
            if 200 <= statuses[-1] < 300:
                break
            await asyncio.sleep(endpoint.retry_delay_seconds)
        delivered = 200 <= statuses[-1] < 300
        entry = {"control_number": event.control_number, "what": event.what, "url": endpoint.url}
        self.log.append(entry | {"statuses": statuses, "delivered": delivered})

    def control(self, method: str, body: Any) -> dict[str, Any]:
        """Answer `/__events`: POST registers an endpoint, DELETE removes all, GET shows both."""
        if method == "DELETE":
            self.endpoints.clear()
            self.log.clear()
        elif method == "POST":
            self.endpoints.append(Endpoint.model_validate(body))
        shown = [endpoint.model_dump(exclude={"secret"}) for endpoint in self.endpoints]
        return {"endpoints": shown, "told": list(self.log)}
