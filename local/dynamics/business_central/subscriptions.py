"""The entity set of webhook subscriptions, and the handshake around its writes."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from local.dynamics.business_central.messages import MESSAGES, dialog, error_body
from local.dynamics.business_central.webhooks import SCOPE, SHAKEN, SUBSCRIPTIONS, Webhooks
from local.dynamics.odata.control import CapturedAnswer
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.rules import EntityRules
from local.dynamics.odata.store import Store

# What webhookSupportedResources lists for API v2.0.
RESOURCES = frozenset(
    (
        "accounts",
        "companyInformation",
        "countriesRegions",
        "currencies",
        "customerPaymentJournals",
        "customers",
        "dimensions",
        "employees",
        "generalLedgerEntries",
        "itemCategories",
        "items",
        "journals",
        "paymentMethods",
        "paymentTerms",
        "purchaseInvoices",
        "salesCreditMemos",
        "salesInvoices",
        "salesOrders",
        "salesQuotes",
        "shipmentMethods",
        "unitsOfMeasure",
        "vendors",
    )
)
LIFETIME = timedelta(days=3)
LIMIT = 200
_RESOURCE = re.compile(r"(?:.*/)?api/v2\.0/companies\(([^)]+)\)/(\w+)", re.IGNORECASE)
_PATH = re.compile(r".*/api/v2\.0/subscriptions(?:\(|$)")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SubscriptionRules(EntityRules):
    """Subscriptions: all three properties are checked, and three days are left after each write."""

    def __init__(
        self,
        entity_set: EntitySet,
        store: Store,
        clock: Callable[[], datetime],
        knows_company: Callable[[str], bool],
    ) -> None:
        super().__init__(entity_set, store, MESSAGES, clock)
        self._knows_company = knows_company

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new subscription; nothing is sent to it before its handshake."""
        if len(self.store.table(SCOPE, SUBSCRIPTIONS).rows) >= LIMIT:
            raise dialog(f"The number of subscriptions cannot exceed {LIMIT}.")
        identity = {"subscriptionId": uuid.uuid4().hex, SHAKEN: False}
        return self._kept(scope, self.entity_set.defaults() | identity | dict(values))

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Renew a subscription."""
        return self._kept(scope, row | dict(values))

    def _kept(self, scope: str, row: Row) -> Row:
        self._check(row)
        expires = (self.clock() + LIFETIME).isoformat(timespec="seconds").replace("+00:00", "Z")
        return self.save(scope, row | {"expirationDateTime": expires})

    def _check(self, row: Row) -> None:
        for name in ("notificationUrl", "resource"):
            if not row[name]:
                raise dialog(f"{name} must have a value. It cannot be zero or empty.")
        address = urlsplit(row["notificationUrl"])
        if address.scheme not in ("http", "https") or address.hostname not in _LOOPBACK:
            raise dialog(f"The notificationUrl {row['notificationUrl']} is no address of this machine.")
        resource = _RESOURCE.fullmatch(row["resource"])
        if resource is None or resource[2] not in RESOURCES or not self._knows_company(resource[1]):
            raise dialog(f"The resource {row['resource']} does not support webhooks.")


class HandshakeGate:
    """Stands before the service: a subscription is only written when its URL answers the handshake."""

    def __init__(self, inner: ASGIApp, webhooks: Webhooks) -> None:
        self._inner = inner
        self._webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        is_write = scope["type"] == "http" and scope["method"] in ("POST", "PATCH")
        if not is_write or not _PATH.match(scope["path"]):
            await self._inner(scope, receive, send)
            return
        rows = self._webhooks.store.table(SCOPE, SUBSCRIPTIONS).rows
        before = dict(rows)
        answer = CapturedAnswer()
        await self._inner(scope, receive, answer.send)
        if answer.status in (200, 201):
            key = (json.loads(answer.body)["subscriptionId"],)
            await self._shake(key, before.get(key), answer)
        await answer.forward(send)

    async def _shake(self, key: tuple[str], before: Row | None, answer: CapturedAnswer) -> None:
        store = self._webhooks.store
        row = store.table(SCOPE, SUBSCRIPTIONS).rows[key]
        problem = await self._webhooks.shake(row)
        if problem is None:
            store.table(SCOPE, SUBSCRIPTIONS).replace(key, row | {SHAKEN: True})
            return
        store.table(SCOPE, SUBSCRIPTIONS).replace(key, before)
        refusal = ServiceError(400, "BadRequest", f"The validation of the subscription failed. {problem}")
        answer.status = refusal.status
        answer.headers = [(b"content-type", b"application/json")]
        answer.body = json.dumps(error_body(refusal)).encode()
