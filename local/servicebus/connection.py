"""One client connection: protocol headers, SASL, frames and channels."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, cast

from .channel import Channel
from .clock import Alarm, Clock
from .codec import MALFORMED, Array, Typed, uint
from .dispatcher import Dispatcher
from .namespace import Namespace
from .performatives import Code, Fields, close, read, write
from .sas import SharedAccessKey

_AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
_SASL_HEADER = b"AMQP\x03\x01\x00\x00"
_HEADER_SIZE = 8
_SASL_FRAME = 1
_MAX_FRAME = 65_536
_MECHANISMS = ("MSSBCBS", "ANONYMOUS", "EXTERNAL")


@dataclass(frozen=True, slots=True)
class Context:
    """What all connections share."""

    namespace: Namespace
    dispatcher: Dispatcher
    access_key: SharedAccessKey
    clock: Clock


class Registry(Protocol):
    """Whoever keeps track of the open connections."""

    def admit(self, connection: Connection) -> bool:
        """Hear about a new connection; answer whether it may stay."""

    def forget(self, connection: Connection) -> None:
        """Hear that a connection is gone."""


class Connection(asyncio.Protocol):
    """Reads frames from a socket, hands them to channels and writes what those answer."""

    def __init__(self, context: Context, registry: Registry) -> None:
        self.context = context
        self.max_frame = 512
        self.is_authorized = False
        self._registry = registry
        self._transport: asyncio.Transport | None = None
        self._input = bytearray()
        self._output: list[bytes] = []
        self._expects_header = True
        self._channels: dict[int, Channel] = {}
        self._heartbeat: Alarm | None = None

    # Socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless new connections are refused just now."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._registry.admit(self):
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it is gone does not matter
        """Free everything that the client held."""
        self._registry.forget(self)
        self._transport = None
        self._output.clear()
        if self._heartbeat:
            self._heartbeat.cancel()
        for channel in self._channels.values():
            channel.close()
        self._channels.clear()

    def data_received(self, data: bytes) -> None:
        """Take apart what came in; what is not AMQP ends the connection."""
        self._input += data
        try:
            self._consume()
        except MALFORMED as error:
            self.shut(f"The connection sent something that is not AMQP 1.0: {error}")

    def _consume(self) -> None:
        position = 0
        while self._transport and len(self._input) - position >= _HEADER_SIZE:
            if self._expects_header:
                self._on_header(bytes(self._input[position : position + _HEADER_SIZE]))
                position += _HEADER_SIZE
                continue
            size = int.from_bytes(self._input[position : position + 4])
            if not _HEADER_SIZE <= size <= _MAX_FRAME:
                raise ValueError(f"a frame of {size} bytes")
            if len(self._input) - position < size:
                break
            self._on_frame(bytes(self._input[position : position + size]))
            position += size
        del self._input[:position]

    def write(self, channel: int, body: bytes, kind: int = 0) -> None:
        """Send a frame; what is written in one turn of the event loop leaves in one piece."""
        if self._transport is None:
            return
        if not self._output:
            asyncio.get_running_loop().call_soon(self._flush)
        head = (len(body) + _HEADER_SIZE).to_bytes(4) + bytes((2, kind)) + channel.to_bytes(2)
        self._output.append(head + body)

    def _flush(self) -> None:
        if self._output and self._transport:
            self._transport.write(b"".join(self._output))
        self._output.clear()

    def shut(self, reason: str | None = None) -> None:
        """Close the connection in an orderly way."""
        self.write(0, close(reason))
        self._flush()
        if self._transport:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection without a word."""
        if self._transport:
            self._transport.abort()

    # Frames

    def _on_header(self, header: bytes) -> None:
        if self._transport is None:
            return
        if header not in {_SASL_HEADER, _AMQP_HEADER}:
            self._transport.write(_AMQP_HEADER)
            self._transport.close()
            return
        self._expects_header = False
        self._transport.write(header)
        if header == _SASL_HEADER:
            self.write(0, write(Code.SASL_MECHANISMS, [Array("symbol", _MECHANISMS)]), _SASL_FRAME)

    def _on_frame(self, frame: bytes) -> None:
        body = frame[4 * frame[4] :]
        if not body:
            return
        code, fields, payload = read(body)
        if frame[5] == _SASL_FRAME:
            self._on_sasl(code)
            return
        number = int.from_bytes(frame[6:8])
        match code:
            case Code.OPEN:
                self._on_open(fields)
            case Code.BEGIN:
                self._channels[number] = Channel(self, number, fields)
            case Code.END:
                self._on_end(number)
            case Code.CLOSE:
                self.shut()
            case _ if number in self._channels:
                # Anything else is for a channel that has ended: the SDK still detaches links after that.
                self._channels[number].handle(code, fields, payload)

    def _on_sasl(self, code: Code) -> None:
        if code is Code.SASL_INIT:
            self.write(0, write(Code.SASL_OUTCOME, [Typed("ubyte", 0)]), _SASL_FRAME)
            # The next header must leave after the outcome.
            self._flush()
            self._expects_header = True

    def _on_open(self, fields: Fields) -> None:
        self.max_frame = min(fields.get(2, _MAX_FRAME), _MAX_FRAME)
        self.write(0, write(Code.OPEN, ["local-servicebus", None, uint(_MAX_FRAME), Typed("ushort", 255)]))
        idle_milliseconds = fields.get(4)
        if idle_milliseconds:
            self._beat(idle_milliseconds / 2000)

    def _beat(self, seconds: float) -> None:
        self.write(0, b"")
        self._heartbeat = self.context.clock.at(self.context.clock.now() + seconds, lambda: self._beat(seconds))

    def _on_end(self, number: int) -> None:
        channel = self._channels.pop(number, None)
        if channel:
            channel.close()
            self.write(number, write(Code.END, [None]))
