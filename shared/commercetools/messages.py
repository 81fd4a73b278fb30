"""Notifications of commercetools Subscriptions: CloudEvents 1.0 (structured, binary, batch) and the Platform payload.

Event Grid forces CloudEvents, Service Bus gets the Platform payload by default: both end as `Notification`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

MAX_EVENTS = 1_000  # of one request; Event Grid batches are smaller
MAX_BASE64 = 1024 * 1024  # characters; Event Grid itself takes no larger event
MAX_ID = 100  # characters of a resource id; an envelope takes no more
_ID = re.compile(r"(?!\.+$)[!-~]+")  # ids become part of URLs: printable ASCII, and nothing that a path would misread
_MISREAD = frozenset("/\\?#%")


class MalformedNotification(ValueError):
    """The body is no notification; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification, reduced to what the connector may trust: which resource to look at, and why.

    `type` is the message type for messages and events, else the notification type (ResourceCreated …). `project` is
    empty for an event that does not say. `erasure` says that the personal data of what was deleted must go.
    """

    project: str
    resource_type: str
    resource_id: str
    type: str
    id: str
    sequence_number: int | None
    erasure: bool = False

    @property
    def is_subscription_test(self) -> bool:
        """The notification that commercetools sends when a Subscription is made."""
        return self.resource_type == "subscription"


def parse_request(headers: Mapping[str, str], body: bytes) -> list[Notification]:
    """Decode an HTTP request of any of the four forms. Raises MalformedNotification."""
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    document = _json(body)
    if content_type == "application/cloudevents-batch+json" or isinstance(document, list):
        return _parse_batch(document)
    if "ce-specversion" in headers:
        return [_from_binary(headers, document)]
    return [parse_document(document)]


def parse_message(body: bytes) -> Notification:
    """Decode the body of a Service Bus message."""
    return parse_document(_json(body))


def parse_document(document: Any) -> Notification:
    """Decode one structured CloudEvent or one Platform payload."""
    if not isinstance(document, dict):
        raise MalformedNotification("expected a JSON object")
    if "specversion" in document:
        return _from_cloud_event(document)
    return _from_platform(document)


def _parse_batch(document: Any) -> list[Notification]:
    if not isinstance(document, list):
        raise MalformedNotification("a CloudEvents batch must be a JSON array")
    if len(document) > MAX_EVENTS:
        raise MalformedNotification(f"a batch may carry {MAX_EVENTS} events, this one has {len(document)}")
    return [_at(index, item) for index, item in enumerate(document)]


def _at(index: int, item: Any) -> Notification:
    try:
        return parse_document(item)
    except MalformedNotification as error:
        raise MalformedNotification(f"event {index}: {error}") from error


def _from_binary(headers: Mapping[str, str], data: Any) -> Notification:
    """Binary mode: attributes in `ce-` headers (percent-encoded), data in the body."""
    attributes = {name[3:].lower(): unquote(value) for name, value in headers.items() if name.lower().startswith("ce-")}
    return _from_cloud_event({**attributes, "data": data})


def _from_cloud_event(event: Mapping[str, Any]) -> Notification:
    if str(event.get("specversion")) != "1.0":
        raise MalformedNotification(f"specversion {event.get('specversion')!r} is not supported, expected 1.0")
    for attribute in ("id", "source", "type"):
        if not isinstance(event.get(attribute), str) or not event[attribute]:
            raise MalformedNotification(f"CloudEvents attribute {attribute} is missing")
    data = _from_base64(event) if "data_base64" in event else event.get("data")
    if not isinstance(data, dict):
        raise MalformedNotification("data is missing or no JSON object")
    return _from_platform(data, source=event["source"])


def _from_base64(event: Mapping[str, Any]) -> Any:
    """Read data that a sender took for binary; it never stands beside `data` (CloudEvents 1.0, JSON format, 3.1.1)."""
    text = event["data_base64"]
    if "data" in event:
        raise MalformedNotification("data and data_base64 exclude each other")
    if not isinstance(text, str):
        raise MalformedNotification("data_base64 is no text")
    if len(text) > MAX_BASE64:
        raise MalformedNotification(f"data_base64 has {len(text)} characters, at most {MAX_BASE64} are taken")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise MalformedNotification(f"data_base64 is no base64: {error}") from error
    return _json(data)


def _from_platform(data: Mapping[str, Any], source: str = "") -> Notification:
    kind = _text(data, "notificationType")
    if kind == "Event":
        return _from_event(data, source)
    resource = data.get("resource")
    if not isinstance(resource, dict):
        raise MalformedNotification("resource is missing")
    version = data.get("sequenceNumber", data.get("version"))
    resource_id = _text(resource, "id", "resource.id")
    if len(resource_id) > MAX_ID:
        raise MalformedNotification(f"resource.id has {len(resource_id)} characters, at most {MAX_ID} are taken")
    if not _ID.fullmatch(resource_id) or _MISREAD & set(resource_id):
        raise MalformedNotification("resource.id has characters that no id of commercetools has")
    message_type = _text(data, "type") if kind == "Message" else kind
    return Notification(
        project=_text(data, "projectKey"),
        resource_type=_text(resource, "typeId", "resource.typeId"),
        resource_id=resource_id,
        type=message_type,
        # Changes have no id of their own: resource and version identify them.
        id=_encodable(str(data.get("id") or f"{resource_id}/{version}"), "id"),
        sequence_number=version if isinstance(version, int) else None,
        erasure=data.get("dataErasure") is True,
    )


def _from_event(data: Mapping[str, Any], source: str) -> Notification:
    """Read an Event (Import API, Checkout): it names no resource, and its project only in the CloudEvents source."""
    identity = _text(data, "id")
    return Notification(
        project=source.strip("/").partition("/")[0],
        resource_type=str(data.get("resourceType") or "event"),
        resource_id=identity[:MAX_ID],
        type=_text(data, "type"),
        id=identity,
        sequence_number=None,
    )


def _text(data: Mapping[str, Any], name: str, path: str = "") -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedNotification(f"{path or name} is missing")
    return _encodable(value, path or name)


def _encodable(text: str, path: str) -> str:
    """Refuse half a surrogate pair: JSON can spell one, but no queue, table or log can store it."""
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise MalformedNotification(f"{path} is no Unicode text")
    return text


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedNotification(f"no JSON: {error}") from error
