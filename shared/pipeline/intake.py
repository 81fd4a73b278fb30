"""From notifications to envelopes: which of them are work, and for which flow."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from shared.commercetools.messages import (
    MalformedNotification,
    Notification,
    parse_message,
    parse_request,
)
from shared.messaging.sender import OutgoingMessage
from shared.pipeline.auditing import notification_entry
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.failures import Incoming, MessageFailed, failure_of
from shared.pipeline.measuring import dimensions_of, report_accepted
from shared.pipeline.outcome import DeadLetter
from shared.pipeline.process import Road
from shared.pipeline.routing import QUEUE_OF, flow_of


class UnknownProject(ValueError):
    """A notification of a project that the market map does not know."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a request: envelopes queued, notifications that are nobody's work."""

    queued: int
    ignored: int


async def accept_request(
    road: Road, projects: Collection[str], headers: Mapping[str, str], body: bytes, correlation_id: str
) -> Accepted:
    """Take an HTTP delivery. Raises MalformedNotification, UnknownProject, or Transient when Service Bus is down."""
    try:
        notifications = parse_request(headers, body)
        check_projects(notifications, projects)
    except (MalformedNotification, UnknownProject) as error:
        await road.state.audit.append(notification_entry(road.now(), correlation_id, type(error).__name__, str(error)))
        raise
    return await accept(road, notifications)


async def accept_message(road: Road, projects: Collection[str], body: bytes) -> Accepted:
    """Take a message that commercetools sent straight to Service Bus."""
    notification = parse_message(body)
    check_projects([notification], projects)
    return await accept(road, [notification])


async def take_message(road: Road, projects: Collection[str], incoming: Incoming) -> Accepted:
    """Accept a message; one that never can be accepted is remembered and audited, and fails fast from then on."""
    await road.failures.refuse_known(incoming)
    try:
        return await accept_message(road, projects, incoming.body)
    except (MalformedNotification, UnknownProject) as error:
        dead = DeadLetter(type(error).__name__, str(error))
        entry = notification_entry(road.now(), incoming.message_id, dead.reason, dead.detail)
        await road.state.audit.append(replace(entry, actor=incoming.queue))
        failure = failure_of(incoming, "intake", None, dead, road.now())
        await road.failures.remember(failure)
        raise MessageFailed(failure) from error


async def accept(road: Road, notifications: Sequence[Notification]) -> Accepted:
    """Queue what is work, as one batch per queue; count the rest."""
    by_queue: dict[str, list[OutgoingMessage]] = {}
    envelopes = [envelope_of(notification, road.now()) for notification in notifications]
    for envelope in envelopes:
        if envelope is not None:
            by_queue.setdefault(QUEUE_OF[envelope.flow], []).append(envelope.to_message())
    for queue, messages in by_queue.items():
        await road.sender.send(queue, messages)
    queued = sum(map(len, by_queue.values()))
    for notification, envelope in zip(notifications, envelopes, strict=True):
        _count(road, notification, envelope)
    return Accepted(queued, len(notifications) - queued)


def envelope_of(notification: Notification, now: datetime) -> Envelope | None:
    """Build the envelope of a notification; None when no flow wants it."""
    flow = flow_of(notification.resource_type, notification.type)
    if flow is None:
        return None
    return Envelope(
        flow=flow,
        project=notification.project,
        entity_type=notification.resource_type,
        entity_id=notification.resource_id,
        cause=Cause(
            source="commercetools",
            type=notification.type,
            id=notification.id,
            sequence_number=notification.sequence_number,
            erasure=notification.erasure,
        ),
        correlation_id=f"{notification.project}/{uuid.uuid4()}",
        accepted_at=now,
    )


def check_projects(notifications: Iterable[Notification], projects: Collection[str]) -> None:
    """Raise UnknownProject for a notification of somebody else's project."""
    for notification in notifications:
        if notification.project and notification.project not in projects:
            raise UnknownProject(f"project {notification.project} is not in the market map")


def _count(road: Road, notification: Notification, envelope: Envelope | None) -> None:
    with ExitStack() as stack:
        if envelope is not None:
            stack.enter_context(road.telemetry.operation("intake", envelope.correlation_id, **dimensions_of(envelope)))
            report_accepted(road.telemetry, envelope.flow, envelope.cause.source, 1)
        road.telemetry.event(
            "notification",
            type=notification.type,
            resource=notification.resource_type,
            project=notification.project,
            queued=str(envelope is not None).lower(),
        )
