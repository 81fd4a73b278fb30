"""Webhooks: service endpoints with steps, told of what was committed, tried once more on 502, 503 and 504."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from local.dynamics.dataverse.catalogue import Catalogue
from local.dynamics.dataverse.changes import Changes, Happened
from local.dynamics.dataverse.context import Organisation, body_of, changed_columns, message_of, remote_context
from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.dataverse.operations import WHO
from local.dynamics.dataverse.rules import Settings, TableRules
from local.dynamics.dataverse.service import SCOPE
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.store import Store

ENDPOINTS, STEPS, FILTERS, SDK_MESSAGES = (
    "serviceendpoints",
    "sdkmessageprocessingsteps",
    "sdkmessagefilters",
    "sdkmessages",
)
WEBHOOK = 8
WEBHOOK_KEY, HTTP_HEADER, QUERY_STRING = 4, 5, 6
TRIED_AGAIN = frozenset({502, 503, 504})
TIMEOUT_SECONDS = 60.0
ORGANISATION = "example.crm4.dynamics.com"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Delivery:
    """One request to a webhook."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Delivered:
    """A request and its answer's status."""

    delivery: Delivery
    status: int

    def shown(self) -> dict[str, Any]:
        """Return what may be looked at: no secrets."""
        parts = urlsplit(self.delivery.url)
        return {"path": parts.path, "status": self.status, "body": json.loads(self.delivery.body)}


type Sender = Callable[[Delivery], Awaitable[int]]


async def post(delivery: Delivery) -> int:
    """Send over HTTP; 0 stands for no answer."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            answer = await client.post(delivery.url, content=delivery.body, headers=dict(delivery.headers))
    except httpx.HTTPError:
        return 0
    return answer.status_code


class EndpointRules(TableRules):
    """A webhook has a name, an address on this machine, and a way to sign in."""

    required = ("name", "url", "contract", "authtype")
    standard: Mapping[str, Any] = {"messageformat": 2}

    def save(self, scope: str, row: Row) -> Row:
        """See `TableRules.save`."""
        if row["contract"] != WEBHOOK or row["authtype"] not in (WEBHOOK_KEY, HTTP_HEADER, QUERY_STRING):
            raise MESSAGES.error("bad_endpoint", reason="only webhooks (contract 8, authtype 4, 5 or 6) are simulated")
        if urlsplit(row["url"]).hostname not in LOOPBACK:
            raise MESSAGES.error("bad_endpoint", reason="this simulator only sends to its own machine")
        signed_in(row)
        return super().save(scope, row | {"isauthvalueset": bool(row["authvalue"])})


class StepRules(TableRules):
    """A step says which message of which table goes to which endpoint."""

    required = ("name", "_sdkmessageid_value", "_eventhandler_value", "stage", "mode")
    standard: Mapping[str, Any] = {"statecode": 0, "statuscode": 1, "rank": 1, "supporteddeployment": 0}

    def save(self, scope: str, row: Row) -> Row:
        """See `TableRules.save`."""
        if (row["mode"], row["stage"]) != (1, 40):
            raise MESSAGES.error("only_asynchronous")
        return super().save(scope, row)


class Webhooks:
    """Delivers events; `deliveries` holds every attempt."""

    def __init__(
        self,
        catalogue: Catalogue,
        store: Store,
        changes: Changes,
        settings: Settings,
        clock: Callable[[], datetime],
        sender: Sender,
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._changes = changes
        self._settings = settings
        self._clock = clock
        self._owner = Organisation(ORGANISATION, WHO["OrganizationId"], WHO["UserId"], WHO["BusinessUnitId"])
        self._sender = sender
        self._tasks: set[asyncio.Task[None]] = set()
        self.deliveries: list[Delivered] = []
        self.failed: list[Delivery] = []

    def dispatch(self) -> None:
        """Start sending what has happened since the last call; a rolled-back change has not happened."""
        for event in self._changes.take():
            for delivery in self._deliveries(event):
                task = asyncio.get_running_loop().create_task(self._send(delivery))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until everything that was dispatched is delivered or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _send(self, delivery: Delivery) -> None:
        if await self._sent(delivery) in TRIED_AGAIN:
            await asyncio.sleep(self._settings.webhook_retry_seconds)
            await self._sent(delivery)

    async def _sent(self, delivery: Delivery) -> int:
        status = await self._sender(delivery)
        self.deliveries.append(Delivered(delivery, status))
        return status

    def _deliveries(self, event: Happened) -> Iterator[Delivery]:
        table = self._catalogue.tables[event.entity_set].name
        message = message_of(event)
        for step in list(self._store.table(SCOPE, STEPS).rows.values()):
            if step["statecode"] == 0 and self._concerns(step, event, table, message):
                yield self._delivery(step, event, table, message)

    def _concerns(self, step: Row, event: Happened, table: str, message: str) -> bool:
        wanted = self._row(SDK_MESSAGES, step["_sdkmessageid_value"])["name"]
        tables = self._row(FILTERS, step["_sdkmessagefilterid_value"]).get("primaryobjecttypecode", table)
        if (wanted, tables) != (message, table):
            return False
        columns = {name.strip() for name in (step["filteringattributes"] or "").split(",") if name.strip()}
        return message != "Update" or not columns or bool(columns & changed_columns(event).keys())

    def _delivery(self, step: Row, event: Happened, table: str, message: str) -> Delivery:
        endpoint = self._row(ENDPOINTS, step["_eventhandler_value"])
        context = remote_context(event, table, step["sdkmessageprocessingstepid"], self._owner, self._clock())
        body, is_short = body_of(context, self._settings.webhook_limit_bytes)
        headers, query = signed_in(endpoint)
        headers |= {
            "Content-Type": "application/json; charset=utf-8",
            "x-request-id": context["OperationId"],
            "x-ms-dynamics-organization": self._owner.name,
            "x-ms-dynamics-entity-name": table,
            "x-ms-dynamics-request-name": message,
            "x-ms-correlation-request-id": context["CorrelationId"],
        }
        if is_short:
            headers["x-ms-dynamics-msg-size-exceeded"] = "true"
        separator = "&" if urlsplit(endpoint["url"]).query else "?"
        return Delivery(endpoint["url"] + (separator + urlencode(query) if query else ""), headers, body)

    def _row(self, entity_set: str, row_id: str | None) -> Row:
        return self._store.table(SCOPE, entity_set).rows.get((row_id,), {})


def signed_in(endpoint: Row) -> tuple[dict[str, str], dict[str, str]]:
    """Return headers and query by which an endpoint is signed in to."""
    value, kind = endpoint["authvalue"] or "", endpoint["authtype"]
    if kind == WEBHOOK_KEY:
        return {}, {"code": value}
    try:
        found = ET.fromstring(value).iter("setting")  # noqa: S314  # of a test, in memory
        pairs = {str(item.get("name")): str(item.get("value")) for item in found}
    except ET.ParseError as error:
        reason = 'authvalue must be <settings><setting name="…" value="…" /></settings>'
        raise MESSAGES.error("bad_endpoint", reason=reason) from error
    return (pairs, {}) if kind == HTTP_HEADER else ({}, pairs)


class Telling:
    """An ASGI app that tells webhooks of what each request has committed."""

    def __init__(self, inner: ASGIApp, webhooks: Webhooks) -> None:
        self._inner = inner
        self._webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        await self._inner(scope, receive, send)
        self._webhooks.dispatch()
