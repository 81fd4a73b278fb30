"""A received Service Bus message in the shape that the host hands to the worker."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.amqp import AmqpMessageBodyType

from local.host.protos import TypedData


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """Return the body as the bytes that were sent; an AMQP value or sequence becomes text or JSON."""
    if message.body_type is AmqpMessageBodyType.DATA:
        return b"".join(message.body)
    if message.body_type is AmqpMessageBodyType.SEQUENCE:
        return json.dumps(list(message.body), default=_plain).encode()
    body = message.body
    return _plain(body).encode() if isinstance(body, str | bytes) else json.dumps(body, default=_plain).encode()


def metadata_of(message: ServiceBusReceivedMessage) -> dict[str, TypedData]:
    """Return exactly the trigger metadata that Azure's host sends for a single message."""
    properties = {_plain(key): value for key, value in (message.application_properties or {}).items()}
    values = {
        # The service counts deliveries from 0, the .NET client that the host uses from 1.
        "DeliveryCount": (message.delivery_count or 0) + 1,
        "DeadLetterSource": message.dead_letter_source,
        "LockToken": message.lock_token,
        "ExpiresAtUtc": message.expires_at_utc,
        "ExpiresAt": message.expires_at_utc,
        "EnqueuedTimeUtc": message.enqueued_time_utc,
        "EnqueuedTime": message.enqueued_time_utc,
        "MessageId": message.message_id,
        "ContentType": message.content_type,
        "ReplyTo": message.reply_to,
        "SequenceNumber": message.sequence_number,
        "To": message.to,
        "Subject": message.subject,
        "Label": message.subject,
        "CorrelationId": message.correlation_id,
        "ApplicationProperties": properties,
        "UserProperties": properties,
        "SessionId": message.session_id,
        "ReplyToSessionId": message.reply_to_session_id,
        "PartitionKey": message.partition_key,
    }
    return {name: _typed(value) for name, value in values.items() if value is not None}


def parent_of(message: ServiceBusReceivedMessage) -> str | None:
    """Return the sender's trace context, where the message carries one."""
    properties = {_plain(key): value for key, value in (message.application_properties or {}).items()}
    found = properties.get("Diagnostic-Id") or properties.get("traceparent")
    return _plain(found) if isinstance(found, str | bytes) else None


def _typed(value: Any) -> TypedData:
    if isinstance(value, int | dict):
        return TypedData(json=json.dumps(value, default=_plain))
    return TypedData(string=_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str | UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")
