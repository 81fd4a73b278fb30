"""What both sides tell of themselves: commercetools' notifications and each back-end's webhook bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from shared.markets import BackEndType
from tests.contract.connectors.business_central_harness import COMPANY
from tests.fakes.commercetools import FakeCommercetools, Json

SECRET = "a secret that both know"
ENTITY_OF = {"customers": "customer", "business-units": "business-unit"}


class TellingShop(FakeCommercetools):
    """A project whose every write raises a notification, the connector's own writes among them; it can be swept."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.told: list[Json] = []
        self.written = 0  # by the connector
        self._clock = clock

    def tell(self, path: str, kind: str = "ResourceUpdated", **more: Any) -> None:
        """Queue a notification about a document."""
        collection, _, key = path.partition("/")
        resource = {"typeId": ENTITY_OF[collection], "id": key}
        version = self.documents[path]["version"] if path in self.documents else 0
        payload = {"notificationType": kind, "projectKey": "shop", "resource": resource, "version": version}
        self.told.append({**payload, **more})

    def edit(self, path: str, change: Callable[[Json], None]) -> None:
        """Change a document as the Merchant Center would."""
        change(self.documents[path])
        self.documents[path]["version"] += 1
        self._stamp(path)

    def delete(self, path: str, *, erasure: bool = False) -> None:
        """Delete a document as an API client would."""
        del self.documents[path]
        self.tell(path, "ResourceDeleted", dataErasure=erasure)

    def _stamp(self, path: str) -> None:
        moment = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.documents[path]["lastModifiedAt"] = moment
        self.tell(path)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        where = request.url.params.get("where", "")
        if where.startswith("lastModifiedAt"):
            return self._swept(request.url.path.rpartition("/")[2], where)
        before = {path: document["version"] for path, document in self.documents.items()}
        answer = super()._answer(request)
        for path, document in self.documents.items():
            if path.partition("/")[0] in ENTITY_OF and before.get(path) != document["version"]:
                self.written += answer.status_code < 300  # else somebody else was faster
                self._stamp(path)
        return answer

    def _swept(self, kind: str, where: str) -> httpx.Response:
        """One page holds all that these tests have."""
        since = json.loads(where.partition(">= ")[2])
        found = [one for one in self.all_of(kind) if one["lastModifiedAt"] >= since]
        found.sort(key=lambda one: (one["lastModifiedAt"], one["id"]))
        return httpx.Response(200, json={"results": found})


type Body = Mapping[str, Any]


def body_of(back_end: BackEndType, record_id: str, now: datetime, count: int, **more: Any) -> bytes:
    """Spell the request by which a back-end tells that a customer changed."""
    return json.dumps({**_BODIES[back_end](record_id, now, count), **more}).encode()


def headers_of(back_end: BackEndType) -> dict[str, str]:
    """The headers that belong to such a request."""
    return {} if back_end == "business_central" else {"x-ctd365-secret": SECRET}


def business_central_notice(record_id: str, now: datetime, change: str = "updated", **more: Any) -> Json:
    """One of the notifications in a body, by Microsoft's documentation of webhooks."""
    return {
        "subscriptionId": "a-subscription",
        "clientState": SECRET,
        "expirationDateTime": "2026-11-27T12:00:00Z",
        "resource": f"api/v2.0/companies({COMPANY})/customers({record_id})",
        "changeType": change,
        "lastModifiedDateTime": now.isoformat(),
        **more,
    }


def _business_central(record_id: str, now: datetime, count: int) -> Body:
    return {"value": [business_central_notice(record_id, now)]}


def _dataverse(record_id: str, now: datetime, count: int) -> Body:
    entity_set, _, key = record_id.removesuffix(")").partition("(")
    return {
        "MessageName": "Update",
        "PrimaryEntityName": entity_set.removesuffix("s"),
        "PrimaryEntityId": key,
        "OrganizationName": "an-organisation",
        "OperationCreatedOn": f"/Date({int(now.timestamp()) * 1000})/",  # whole seconds, as the platform sends
        "OperationId": f"00000000-0000-4000-8000-{count:012}",
    }


def _finance(record_id: str, now: datetime, count: int) -> Body:
    columns = {"CustomerAccount": record_id, "dataAreaId": "demf"}
    attributes = [{"key": name, "value": value} for name, value in columns.items()]
    return {
        "BusinessEventId": "CustCustomerV3Entity_DataEvent_Update",
        "LegalEntity": "demf",
        "EventId": f"00000000-0000-4000-8000-{count:012}",
        "ControlNumber": 5_637_144_576 + count,
        "EventTime": f"/Date({int(now.timestamp() * 1000)})/",
        "InputParameters": [{"key": "Target", "value": {"Attributes": attributes}}],
    }


_BODIES: Mapping[BackEndType, Callable[[str, datetime, int], Body]] = {
    "business_central": _business_central,
    "dataverse": _dataverse,
    "finance": _finance,
}
