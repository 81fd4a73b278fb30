"""An AMQP session: its windows, its links and its unsettled deliveries."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .codec import Typed, Value, uint
from .consumer import Consumer
from .links import Link, OutboundLink, ReplyLink
from .message import Lock
from .nodes import open_link
from .performatives import Attach, Code, Disposition, Fields, Flow, Transfer, disposition, write

if TYPE_CHECKING:
    from .connection import Connection

WINDOW = 5000
_MAX_HANDLE = 255
_SERIAL = 0xFFFFFFFF
# The largest head a transfer frame can have: frame header, performative and a 16-byte delivery tag.
_TRANSFER_HEAD = 80


class Channel:
    """One AMQP session of a connection; the sessions of Service Bus are something else, see ``sessions``."""

    def __init__(self, connection: Connection, number: int, begin: Fields) -> None:
        self.connection = connection
        self.context = connection.context
        self.unsettled: dict[int, tuple[Consumer, Lock]] = {}
        self.reply_links: dict[str, ReplyLink] = {}
        self._number = number
        self._links: dict[int, Link] = {}
        self._next_incoming_id: int = begin.get(1, 0)
        self._incoming_window = WINDOW
        self._next_outgoing_id = 0
        self._peer_window: int = begin.get(2, 0)
        self._next_delivery_id = 0
        self._backlog: deque[bytes] = deque()
        reply = [Typed("ushort", number), uint(0), uint(WINDOW), uint(WINDOW), uint(_MAX_HANDLE)]
        self.write(write(Code.BEGIN, reply))

    def write(self, body: bytes) -> None:
        """Send a frame on this channel."""
        self.connection.write(self._number, body)

    def handle(self, code: Code, fields: Fields, payload: bytes) -> None:
        """Act on a frame of the client."""
        match code:
            case Code.ATTACH:
                self._on_attach(Attach.parse(fields))
            case Code.FLOW:
                self._on_flow(Flow.parse(fields))
            case Code.TRANSFER:
                self._on_transfer(Transfer.parse(fields), payload)
            case Code.DISPOSITION:
                self._on_disposition(Disposition.parse(fields))
            case Code.DETACH:
                self._on_detach(fields.get(0))
            case _:
                raise ValueError(f"frame {code.name} does not belong on an open channel")

    def close(self) -> None:
        """Let go of all links."""
        for link in self._links.values():
            link.close()
        self._links.clear()

    def _on_attach(self, attach: Attach) -> None:
        self._links[attach.handle] = open_link(self, attach)

    def _on_detach(self, handle: int) -> None:
        link = self._links.pop(handle, None)
        if link is None:
            return
        link.close()
        link.detach()

    # Flow

    def send_flow(self, link: Link | None = None, *, drain: bool = False) -> None:
        """Tell the client the windows and, with a link, the link's credit."""
        fields: list[Value] = [
            uint(self._next_incoming_id),
            uint(self._incoming_window),
            uint(self._next_outgoing_id),
            uint(WINDOW),
        ]
        if link is not None:
            fields += [uint(link.handle), uint(link.delivery_count), uint(link.credit), None, drain]
        self.write(write(Code.FLOW, fields))

    def _on_flow(self, flow: Flow) -> None:
        self._peer_window = flow.window_left(self._next_outgoing_id)
        while self._backlog and self._peer_window > 0:
            self._send_transfer(self._backlog.popleft())
        link = self._links.get(flow.handle) if flow.handle is not None else None
        if link is not None:
            link.on_flow(flow)
        if flow.echo:
            self.send_flow(link)

    # Messages

    def _on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        self._next_incoming_id = (self._next_incoming_id + 1) & _SERIAL
        self._incoming_window -= 1
        link = self._links.get(transfer.handle)
        if link is not None:
            link.on_transfer(transfer, payload)
        if self._incoming_window < WINDOW // 2:
            self._incoming_window = WINDOW
            self.send_flow()

    def deliver(self, handle: int, tag: bytes, payload: bytes, *, settled: bool) -> int:
        """Send a message in as many frames as it needs, as far as the client's window allows; the rest waits."""
        delivery_id = self._next_delivery_id
        self._next_delivery_id = (delivery_id + 1) & _SERIAL
        room = self.connection.max_frame - _TRANSFER_HEAD
        for start in range(0, max(len(payload), 1), room):
            has_more = start + room < len(payload)
            head = write(Code.TRANSFER, [uint(handle), uint(delivery_id), tag, uint(0), settled, has_more])
            frame = head + payload[start : start + room]
            if self._peer_window > 0 and not self._backlog:
                self._send_transfer(frame)
            else:
                self._backlog.append(frame)
        return delivery_id

    def _send_transfer(self, frame: bytes) -> None:
        self._peer_window -= 1
        self._next_outgoing_id = (self._next_outgoing_id + 1) & _SERIAL
        self.write(frame)

    def reply(self, path: str, payload: bytes) -> None:
        """Send the answer of a request node, if the client listens for it."""
        link: OutboundLink | None = self.reply_links.get(path)
        if link is not None:
            link.send(b"answer", payload, settled=True)

    # Outcomes

    def _on_disposition(self, wanted: Disposition) -> None:
        if not wanted.client_receives or (wanted.outcome is None and not wanted.settled):
            return
        for delivery_id in range(wanted.first, wanted.last + 1):
            delivery = self.unsettled.pop(delivery_id, None)
            if delivery is None:
                continue
            consumer, lock = delivery
            state = consumer.settle(lock, wanted)
            if not wanted.settled:
                self.write(disposition(delivery_id, state, broker_receives=False))

    def forget_deliveries(self, consumer: Consumer) -> None:
        """Drop what a closed link can no longer settle here; its locks stay until they expire."""
        gone = [delivery_id for delivery_id, (owner, _) in self.unsettled.items() if owner is consumer]
        for delivery_id in gone:
            del self.unsettled[delivery_id]
