"""Webhooks: what changed is collected for a while, then sent to who has subscribed.

Facts: the first change of an entity starts the delay; more than 1,000 records make one `collection` notice; 408, 429
and 5xx are tried again, any other answer but a success deletes the subscription.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from local.dynamics.odata.definitions import Row
from local.dynamics.odata.store import Store

SUBSCRIPTIONS = "subscriptions"
SCOPE = ""  # they belong to the environment, not to a company
SHAKEN = "$shaken"  # whether the notification URL has answered the handshake
MANY = 1000
LONGEST_RETRY_SECONDS = 36 * 3600


class Sender(Protocol):
    """Calls a subscriber; a connection that fails is status 0."""

    async def __call__(self, method: str, url: str, body: bytes | None) -> tuple[int, str]:
        """Return status and body of the answer."""


async def send_over_http(method: str, url: str, body: bytes | None) -> tuple[int, str]:
    """Call a subscriber on this machine."""
    headers = {"Content-Type": "application/json"} if body is not None else None
    async with httpx.AsyncClient(timeout=30, verify=False) as http:  # noqa: S501  # loopback, certificates are made up
        try:
            answer = await http.request(method, url, content=body, headers=headers)
        except httpx.TransportError:
            return 0, ""
    return answer.status_code, answer.text


@dataclass
class Timing:
    """How long changes are collected, and how long until a failed delivery is tried again; None: on demand only."""

    delay_seconds: float | None = 0.2
    retry_seconds: float = 1.0


type RecordKey = tuple[str, str, str]  # company, entity set, id


@dataclass
class Webhooks:
    """Handshakes and deliveries of one environment."""

    store: Store
    clock: Callable[[], datetime]
    sender: Sender = send_over_http
    timing: Timing = field(default_factory=Timing)
    _pending: dict[RecordKey, tuple[str, str]] = field(default_factory=dict)  # change type and moment
    _running: asyncio.Task[None] | None = None

    def note(self, company: str, entity_set: str, row_id: str, change_type: str) -> None:
        """Collect a change, if anybody has subscribed; it is dropped again when the transaction is undone."""
        if not self._subscribers(company, entity_set):
            return
        key = (company, entity_set, row_id)
        before = self._pending.get(key)
        kind = "created" if before and before[0] == "created" and change_type == "updated" else change_type
        self._pending[key] = (kind, self._now())
        self.store.on_rollback(lambda: self._restore(key, before))
        self._start()

    async def shake(self, row: Row) -> str | None:
        """Call the notification URL; returns what is wrong with its answer."""
        token = uuid.uuid4().hex
        address = httpx.URL(row["notificationUrl"]).copy_merge_params({"validationToken": token})
        status, body = await self.sender("POST", str(address), b"")
        if status == 200 and body.strip() == token:
            return None
        what = f"answered with status {status}" if status != 200 else "did not return the validationToken"
        return f"The notificationUrl {what}."

    async def deliver(self) -> bool:
        """Send what has been collected; False when something has to be tried again."""
        taken, self._pending = self._pending, {}
        by_url: dict[str, list[tuple[Row, dict[RecordKey, tuple[str, str]]]]] = {}
        for row in self._rows():
            changes = {key: change for key, change in taken.items() if row in self._subscribers(*key[:2])}
            if changes:
                by_url.setdefault(row["notificationUrl"], []).append((row, changes))
        results = [await self._send(url, subscribed) for url, subscribed in by_url.items()]
        return all(results)

    async def _send(self, url: str, subscribed: list[tuple[Row, dict[RecordKey, tuple[str, str]]]]) -> bool:
        notices = [notice for row, changes in subscribed for notice in notices_of(row, changes)]
        status, _ = await self.sender("POST", url, json.dumps({"value": notices}).encode())
        if 200 <= status < 300:
            return True
        if status in (0, 408, 429) or status >= 500:
            for _, changes in subscribed:
                self._pending = changes | self._pending
            return False
        for row, _ in subscribed:
            self.store.remove(SCOPE, SUBSCRIPTIONS, (row["subscriptionId"],))
        return True

    def _rows(self) -> list[Row]:
        rows = self.store.table(SCOPE, SUBSCRIPTIONS).rows.values()
        return [row for row in rows if row[SHAKEN] and datetime.fromisoformat(row["expirationDateTime"]) > self.clock()]

    def _subscribers(self, company: str, entity_set: str) -> list[Row]:
        wanted = f"companies({company})/{entity_set}".lower()
        return [row for row in self._rows() if row["resource"].lower().endswith(wanted)]

    def _start(self) -> None:
        if self.timing.delay_seconds is None or (self._running is not None and not self._running.done()):
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._running = loop.create_task(self._run(self.timing.delay_seconds))

    async def _run(self, delay: float) -> None:
        waited = 0.0
        while self._pending and waited < LONGEST_RETRY_SECONDS:
            await asyncio.sleep(delay)
            waited += delay
            sent = await self.deliver()
            delay = self.timing.delay_seconds or 0 if sent else self.timing.retry_seconds

    def _restore(self, key: RecordKey, before: tuple[str, str] | None) -> None:
        if before is None:
            self._pending.pop(key, None)
        else:
            self._pending[key] = before

    def _now(self) -> str:
        return self.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def notices_of(subscription: Row, changes: Mapping[RecordKey, tuple[str, str]]) -> list[dict[str, Any]]:
    """Return a notice for each record, or a single one when there are too many."""
    own = {name: subscription[name] for name in ("subscriptionId", "clientState", "expirationDateTime")}
    if len(changes) <= MANY:
        return [
            own
            | {
                "resource": f"api/v2.0/companies({company})/{entity_set}({row_id})",
                "changeType": kind,
                "lastModifiedDateTime": moment,
            }
            for (company, entity_set, row_id), (kind, moment) in changes.items()
        ]
    company, entity_set, _ = next(iter(changes))
    first = min(moment for _, moment in changes.values())
    condition = quote(f"lastModifiedDateTime ge {first}", safe=":")
    resource = f"/api/v2.0/companies({company})/{entity_set}?$filter={condition}"
    return [own | {"resource": resource, "changeType": "collection", "lastModifiedDateTime": first}]
