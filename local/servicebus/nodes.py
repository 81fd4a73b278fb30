"""What a client can open a link to: a queue to send to, a queue to receive from, and the request nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import management
from .codec import Typed
from .consumer import Consumer
from .errors import BrokerError, Condition
from .links import InboundLink, Link, ReplyLink
from .message import Message, unbatch
from .namespace import MANAGEMENT_SUFFIX
from .performatives import Attach
from .queue import Queue
from .requests import Request

if TYPE_CHECKING:
    from .channel import Channel

CBS = "$cbs"


class SubmitLink(InboundLink):
    """A sender of a queue."""

    def __init__(self, channel: Channel, attach: Attach, queue: Queue) -> None:
        super().__init__(channel, attach)
        self.queue = queue
        self.max_message_bytes = queue.config.max_message_bytes

    def open(self) -> None:
        """Accept, unless the target is a dead-letter queue."""
        if self.queue.dead_letters is None:
            raise BrokerError(
                Condition.NOT_ALLOWED, f"'{self.queue.config.name}' takes no messages: send to the queue itself."
            )
        super().open()

    def receive(self, raw: bytes, message_format: int) -> None:
        """Store the message, or all messages of a batch."""
        if len(raw) > self.max_message_bytes:
            raise BrokerError(
                Condition.MESSAGE_SIZE_EXCEEDED,
                f"The message of {len(raw)} bytes exceeds the {self.max_message_bytes} bytes that the queue "
                f"'{self.queue.config.name}' takes.",
            )
        self.queue.submit([Message.parse(message) for message in unbatch(raw, message_format)])


class CbsLink(InboundLink):
    """The node that takes tokens."""

    def receive(self, raw: bytes, message_format: int) -> None:  # noqa: ARG002 - requests are never batches
        """Check a token and answer 202 or 401."""
        request = Request.parse(raw)
        status, description = 202, "Accepted"
        try:
            self.context.access_key.check(request.body, self.context.clock.now())
            self.channel.connection.is_authorized = True
        except BrokerError as error:
            status, description = error.status, error.description
        answer = request.answer({"status-code": Typed("int", status), "status-description": description})
        self.channel.reply(CBS, answer)


class ManagementLink(InboundLink):
    """The management node of a queue."""

    def __init__(self, channel: Channel, attach: Attach, queue: Queue, path: str) -> None:
        super().__init__(channel, attach)
        self._queue = queue
        self._path = path

    def receive(self, raw: bytes, message_format: int) -> None:  # noqa: ARG002 - requests are never batches
        """Carry out a request and answer it on the link that the client opened beside this one."""
        answer = management.answer(self._queue, raw, self.context.dispatcher.session_held_by)
        self.channel.reply(self._path, answer)


def open_link(channel: Channel, attach: Attach) -> Link:
    """Open the link that a client asks for, or refuse it with the reason."""
    link = Link(channel, attach)
    try:
        link = _link_for(channel, attach)
        link.open()
    except BrokerError as error:
        link.refuse(error)
    return link


def _link_for(channel: Channel, attach: Attach) -> Link:
    path = attach.terminus.path if attach.terminus else ""
    lowered = path.lower()
    if lowered == CBS:
        return ReplyLink(channel, attach, CBS) if attach.client_receives else CbsLink(channel, attach)
    if not channel.connection.is_authorized:
        raise BrokerError(Condition.UNAUTHORIZED, f"Unauthorized access to '{path}': put a token to '{CBS}' first.")
    if lowered.endswith(MANAGEMENT_SUFFIX):
        queue = channel.context.namespace.find(lowered.removesuffix(MANAGEMENT_SUFFIX))
        if attach.client_receives:
            return ReplyLink(channel, attach, lowered)
        return ManagementLink(channel, attach, queue, lowered)
    queue = channel.context.namespace.find(path)
    return Consumer(channel, attach, queue) if attach.client_receives else SubmitLink(channel, attach, queue)
