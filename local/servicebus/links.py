"""Links in general: attach, credit, and how messages come in and go out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from .codec import MALFORMED, Described, Opaque, Symbol, Value
from .errors import BrokerError, Condition
from .performatives import Attach, Flow, Terminus, Transfer, accepted, attach_reply, detach, disposition, rejected

if TYPE_CHECKING:
    from .channel import Channel

_CREDIT = 1000
_MAX_REQUEST_BYTES = 1024 * 1024


class Link:
    """One link on a channel; on its own it stands for one that was refused."""

    max_message_bytes = _MAX_REQUEST_BYTES

    def __init__(self, channel: Channel, attach: Attach) -> None:
        self.channel = channel
        self.context = channel.context
        self.attach = attach
        self.handle = attach.handle
        self.name = attach.name
        self.credit = 0
        self.delivery_count = 0
        self.is_detached = False

    def open(self) -> None:
        """Begin to work; refuse with a ``BrokerError``."""

    def close(self) -> None:
        """Let go of everything the link holds; the client has closed it or is gone."""

    def accept(self, properties: dict[Symbol, Value] | None = None, source: Opaque | None = None) -> None:
        """Answer the attach with the client's own source and target."""
        source = source or _encoded(self.attach.source)
        self._reply(source, _encoded(self.attach.target), properties)

    def refuse(self, error: BrokerError) -> None:
        """Answer the attach without an end on the broker's side, and detach: the SDK then raises on opening."""
        receives = self.attach.client_receives
        source = None if receives else _encoded(self.attach.source)
        target = _encoded(self.attach.target) if receives else None
        self._reply(source, target, None)
        self.detach(error)

    def _reply(self, source: Value, target: Value, properties: dict[Symbol, Value] | None) -> None:
        self.channel.write(attach_reply(self.attach, source, target, self.max_message_bytes, properties))

    def detach(self, error: BrokerError | None = None) -> None:
        """Close the link from the broker's side, once."""
        if not self.is_detached:
            self.is_detached = True
            self.channel.write(detach(self.handle, error))

    def on_flow(self, flow: Flow) -> None:
        """Hear about credit; only links that send care."""

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Hear about a message; only links that receive care."""


def _encoded(terminus: Terminus | None) -> Opaque | None:
    return terminus.encoded if terminus else None


class InboundLink(Link, ABC):
    """A link on which the client sends."""

    def __init__(self, channel: Channel, attach: Attach) -> None:
        super().__init__(channel, attach)
        self._first: Transfer | None = None
        self._chunks: list[bytes] = []

    def open(self) -> None:
        """Accept, and grant credit."""
        self.accept()
        self._grant()

    def _grant(self) -> None:
        self.credit = _CREDIT
        self.channel.send_flow(self)

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Collect the frames of a message, take the message and say what became of it."""
        first = self._first = self._first or transfer
        self._chunks.append(payload)
        if transfer.more and not transfer.aborted:
            return
        raw = b"".join(self._chunks)
        self._first, self._chunks = None, []
        self.delivery_count += 1
        self.credit -= 1
        if not transfer.aborted:
            state = self._try(raw, first.message_format)
            if first.delivery_id is not None and not (first.settled or transfer.settled):
                self.channel.write(disposition(first.delivery_id, state, broker_receives=True))
        if self.credit < _CREDIT // 2:
            self._grant()

    def _try(self, raw: bytes, message_format: int) -> Described:
        try:
            self.receive(raw, message_format)
        except BrokerError as error:
            return rejected(error)
        except MALFORMED as error:
            return rejected(BrokerError(Condition.DECODE_ERROR, f"The message cannot be decoded: {error}"))
        return accepted()

    @abstractmethod
    def receive(self, raw: bytes, message_format: int) -> None:
        """Take one whole message."""


class OutboundLink(Link):
    """A link on which the client receives."""

    def on_flow(self, flow: Flow) -> None:
        """Take new credit; on drain, send what there is and use up the rest."""
        self.credit = flow.credit_left(self.delivery_count)
        self.on_credit()
        if flow.drain:
            self.context.dispatcher.run()
            self.delivery_count = (self.delivery_count + self.credit) & 0xFFFFFFFF
            self.credit = 0
            self.channel.send_flow(self, drain=True)

    def on_credit(self) -> None:
        """Hear that the client wants more."""

    def send(self, tag: bytes, payload: bytes, *, settled: bool) -> int:
        """Send one message; answer its delivery id."""
        self.credit -= 1
        self.delivery_count = (self.delivery_count + 1) & 0xFFFFFFFF
        return self.channel.deliver(self.handle, tag, payload, settled=settled)


class ReplyLink(OutboundLink):
    """The link on which a client hears the answers of a request node."""

    def __init__(self, channel: Channel, attach: Attach, path: str) -> None:
        super().__init__(channel, attach)
        self._path = path

    def open(self) -> None:
        """Accept; from now on answers of this node go here."""
        self.channel.reply_links[self._path] = self
        self.accept()

    def close(self) -> None:
        """Take no more answers."""
        if self.channel.reply_links.get(self._path) is self:
            del self.channel.reply_links[self._path]
