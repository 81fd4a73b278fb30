"""The webhook by which Dataverse tells of customers: a service endpoint, and a step for each message. Idempotent.

Facts: contract 8 is a webhook, message format 2 is JSON, authentication 5 (HttpHeader) sends headers of our choice: the
function key, and the secret that a notice must show; stage 40 and mode 1 are after the operation and asynchronously.
What was set cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.sax.saxutils import quoteattr

from shared.dynamics.dataverse_setup import Step
from shared.dynamics.odata import ODataClient, any_of, literal
from shared.errors import NotFound, Permanent

SERVICE = "Dataverse"
NAME = "commercetools connector"
TABLES = ("account", "contact", "customeraddress")
MESSAGES = ("Create", "Update", "Delete")
WEBHOOK, JSON, HTTP_HEADER = 8, 2, 5
KEY_HEADER = "x-functions-key"
SECRET_HEADER = "x-ctd365-secret"  # noqa: S105 - the header's name
POST_OPERATION, ASYNCHRONOUS = 40, 1
ENDPOINT, STEP = "serviceendpoint", "sdkmessageprocessingstep"

type Report = Callable[[Step], None]


def address_and_key(url: str) -> tuple[str, str]:
    """Split a function's URL into its address and the key in `code`. Raises ValueError without one."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    key = next((value for name, value in query if name == "code"), "")
    if not key or parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("the webhook's URL must be complete and end in ?code=KEY: copy it from the function's page")
    others = urlencode([(name, value) for name, value in query if name != "code"])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, others, "")), key


class WebhookSetup:
    """Registers one webhook. `renew_key` sends key and secret again although the endpoint is there.

    Raises ValueError for a URL without a key.
    """

    def __init__(
        self, api: ODataClient, url: str, secret: str, correlation_id: str, *, renew_key: bool = False
    ) -> None:
        self._api = api
        self._address, key = address_and_key(url)
        self._headers = {KEY_HEADER: key, SECRET_HEADER: secret}
        self._trace = correlation_id
        self._renew_key = renew_key

    async def plan(self) -> list[Step]:
        """Return endpoint and steps with their present state; writes nothing."""
        endpoint = await self._endpoint()
        is_there = endpoint is not None and self._is_ours(endpoint) and not self._renew_key
        there = await self._registered(endpoint["serviceendpointid"]) if endpoint else {}
        steps = [Step("webhook", ENDPOINT, NAME, "there" if is_there else "missing")]
        return steps + [_step(table, message, there) for table in TABLES for message in MESSAGES]

    async def apply(self, steps: Sequence[Step], report: Report) -> None:
        """Create or correct what is missing. Raises Permanent."""
        wrong = next((step for step in steps if step.state == "wrong"), None)
        if wrong is not None:
            raise Permanent(SERVICE, f"set up {wrong.name}", wrong.problem)
        missing = [step for step in steps if step.state == "missing"]
        endpoint = await self._endpoint()
        messages = await self._messages() if missing else {}
        for step in missing:
            if step.table == ENDPOINT:
                endpoint = await self._write_endpoint(endpoint)
            else:
                await self._create_step(step, endpoint or {}, messages)
            report(step)

    def _is_ours(self, endpoint: Mapping[str, Any]) -> bool:
        return (endpoint["url"], endpoint["authtype"]) == (self._address, HTTP_HEADER)

    async def _endpoint(self) -> dict[str, Any] | None:
        condition = f"name eq {literal(NAME)}"
        found = self._api.rows("serviceendpoints", self._trace, filter=condition, select="name,url,authtype")
        return await anext(found, None)

    async def _registered(self, endpoint_id: str) -> Mapping[tuple[str, str], int]:
        """Return the state of each step by table and message."""
        names = {message_id: name for name, message_id in (await self._messages()).items()}
        expand = "sdkmessagefilterid($select=primaryobjecttypecode)"
        condition = f"_eventhandler_value eq {endpoint_id}"
        rows = self._api.rows(f"{STEP}s", self._trace, filter=condition, expand=expand)
        return {
            (row["sdkmessagefilterid"]["primaryobjecttypecode"], names.get(row["_sdkmessageid_value"], "")): row[
                "statecode"
            ]
            async for row in rows
            if row.get("sdkmessagefilterid")
        }

    async def _messages(self) -> dict[str, str]:
        rows = self._api.rows("sdkmessages", self._trace, filter=any_of("name", list(MESSAGES)), select="name")
        return {row["name"]: row["sdkmessageid"] async for row in rows}

    async def _write_endpoint(self, endpoint: dict[str, Any] | None) -> dict[str, Any]:
        signs_in = {"authtype": HTTP_HEADER, "authvalue": _settings(self._headers)}
        own = {"url": self._address, "contract": WEBHOOK, **signs_in}
        body = {"name": NAME, "messageformat": JSON, **own}
        if endpoint is not None:
            path = f"serviceendpoints({endpoint['serviceendpointid']})"
            await self._api.call("PATCH", path, self._trace, json=body, if_match="*")
            return endpoint
        await self._api.call("POST", "serviceendpoints", self._trace, json=body)
        created = await self._endpoint()
        if created is None:
            raise NotFound(SERVICE, "register webhook", f"the service endpoint {NAME} is not there after its creation")
        return created

    async def _create_step(self, step: Step, endpoint: Mapping[str, Any], messages: Mapping[str, str]) -> None:
        table, message = _subject(step)
        condition = f"primaryobjecttypecode eq {literal(table)} and _sdkmessageid_value eq {messages[message]}"
        filters = self._api.rows("sdkmessagefilters", self._trace, filter=condition, select="primaryobjecttypecode")
        found = await anext(filters, None)
        if found is None:
            raise NotFound(SERVICE, f"set up {step.name}", f"there is no message {message} of {table}")
        body = {
            "name": step.name,
            "stage": POST_OPERATION,
            "mode": ASYNCHRONOUS,
            "rank": 1,
            "supporteddeployment": 0,
            "asyncautodelete": True,
            "sdkmessageid@odata.bind": f"/sdkmessages({messages[message]})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({found['sdkmessagefilterid']})",
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint['serviceendpointid']})",
        }
        await self._api.call("POST", f"{STEP}s", self._trace, json=body)


def _settings(headers: Mapping[str, str]) -> str:
    """Spell headers as the endpoint wants them."""
    rows = (f"<setting name={quoteattr(name)} value={quoteattr(text)} />" for name, text in headers.items())
    return f"<settings>{''.join(rows)}</settings>"


def _step(table: str, message: str, there: Mapping[tuple[str, str], int]) -> Step:
    name = f"{NAME}: {message} of {table}"
    state = there.get((table, message))
    if state is None:
        return Step("webhook", STEP, name, "missing")
    if state != 0:
        return Step("webhook", STEP, name, "wrong", f"the step {name} is disabled: enable it, or delete it")
    return Step("webhook", STEP, name, "there")


def _subject(step: Step) -> tuple[str, str]:
    message, _, table = step.name.removeprefix(f"{NAME}: ").partition(" of ")
    return table, message
