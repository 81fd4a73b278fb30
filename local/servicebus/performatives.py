"""AMQP performatives: those that clients send, read into value objects, and those that the broker answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from .codec import Described, Opaque, Symbol, Typed, Value, cut, decode, encode, skip, uint
from .errors import BrokerError, Condition

SESSION_FILTER = Symbol("com.microsoft:session-filter")
_ERROR = 0x1D
_FILTER_FIELD = 7
_SERIAL_HALF = 1 << 31


class Code(IntEnum):
    """Descriptors of performatives and of the SASL frames."""

    OPEN = 0x10
    BEGIN = 0x11
    ATTACH = 0x12
    FLOW = 0x13
    TRANSFER = 0x14
    DISPOSITION = 0x15
    DETACH = 0x16
    END = 0x17
    CLOSE = 0x18
    SASL_MECHANISMS = 0x40
    SASL_INIT = 0x41
    SASL_OUTCOME = 0x44


class Outcome(IntEnum):
    """Descriptors of delivery outcomes."""

    ACCEPTED = 0x24
    REJECTED = 0x25
    RELEASED = 0x26
    MODIFIED = 0x27


class Fields(list[Opaque]):
    """The still encoded fields of a performative; missing ones at the end are null."""

    def get(self, index: int, default: Value = None) -> Value:
        """Decode one field; ``default`` stands in for null."""
        if index >= len(self):
            return default
        value = decode(self[index].data)[0]
        return default if value is None else value

    def raw(self, index: int) -> Opaque | None:
        """Answer one field undecoded; ``None`` for null."""
        if index >= len(self) or self[index].data == b"\x40":
            return None
        return self[index]


def read(body: bytes) -> tuple[Code, Fields, bytes]:
    """Split a frame body into its kind, its fields and the payload after them."""
    descriptor, position = decode(body, 1)
    return Code(descriptor), Fields(cut(body, position)), body[skip(body, position) :]


@dataclass(frozen=True, slots=True)
class Terminus:
    """A source or target as the client wrote it."""

    encoded: Opaque
    address: str
    session_filter: str | None = None
    wants_session: bool = False

    @classmethod
    def parse(cls, encoded: Opaque | None) -> Terminus | None:
        """Read a source or target."""
        if encoded is None:
            return None
        value = decode(encoded.data)[0].value
        filters = (value[_FILTER_FIELD] if len(value) > _FILTER_FIELD else None) or {}
        wanted = filters.get(SESSION_FILTER)
        if isinstance(wanted, Described):
            wanted = wanted.value
        return cls(encoded, value[0] or "", wanted, SESSION_FILTER in filters)

    @property
    def path(self) -> str:
        """The entity path: what follows the host in an absolute address."""
        _, scheme, rest = self.address.partition("://")
        return (rest.partition("/")[2] if scheme else self.address).strip("/")

    def holding(self, session_id: str) -> Opaque:
        """Answer it with the session that was really given, every other field untouched."""
        position = decode(self.encoded.data, 1)[1]
        fields: list[Value] = [*cut(self.encoded.data, position)]
        fields += [None] * (_FILTER_FIELD + 1 - len(fields))
        fields[_FILTER_FIELD] = {SESSION_FILTER: session_id}
        return Opaque(self.encoded.data[:position] + encode(fields))


@dataclass(frozen=True, slots=True)
class Attach:
    """A client's wish to open a link."""

    name: str
    handle: int
    client_receives: bool
    sender_settle_mode: int
    receiver_settle_mode: int
    source: Terminus | None
    target: Terminus | None
    properties: Mapping[str, Value]

    @classmethod
    def parse(cls, fields: Fields) -> Attach:
        """Read an attach."""
        return cls(
            name=fields.get(0),
            handle=fields.get(1),
            client_receives=fields.get(2),
            sender_settle_mode=fields.get(3, 2),
            receiver_settle_mode=fields.get(4, 0),
            source=Terminus.parse(fields.raw(5)),
            target=Terminus.parse(fields.raw(6)),
            properties=fields.get(13, {}),
        )

    @property
    def terminus(self) -> Terminus | None:
        """The end of the link that is on the broker's side."""
        return self.source if self.client_receives else self.target


@dataclass(frozen=True, slots=True)
class Flow:
    """A client's windows and, when ``handle`` is there, the credit of one link."""

    next_incoming_id: int
    incoming_window: int
    handle: int | None
    delivery_count: int
    link_credit: int
    drain: bool
    echo: bool

    @classmethod
    def parse(cls, fields: Fields) -> Flow:
        """Read a flow."""
        return cls(
            next_incoming_id=fields.get(0, 0),
            incoming_window=fields.get(1),
            handle=fields.get(4),
            delivery_count=fields.get(5, 0),
            link_credit=fields.get(6, 0),
            drain=fields.get(8, False),
            echo=fields.get(9, False),
        )

    def credit_left(self, sent: int) -> int:
        """How many messages may still go out on the link after ``sent``; what is under way counts as used."""
        return max(0, _serial_difference(self.delivery_count + self.link_credit, sent))

    def window_left(self, sent: int) -> int:
        """How many frames may still go out on the channel after ``sent``."""
        return max(0, _serial_difference(self.next_incoming_id + self.incoming_window, sent))


@dataclass(frozen=True, slots=True)
class Transfer:
    """One frame of a message that a client sends."""

    handle: int
    delivery_id: int | None
    message_format: int
    settled: bool
    more: bool
    aborted: bool

    @classmethod
    def parse(cls, fields: Fields) -> Transfer:
        """Read a transfer."""
        return cls(
            handle=fields.get(0),
            delivery_id=fields.get(1),
            message_format=fields.get(3, 0),
            settled=fields.get(4, False),
            more=fields.get(5, False),
            aborted=fields.get(9, False),
        )


@dataclass(frozen=True, slots=True)
class Disposition:
    """A client's outcome for one or more deliveries."""

    client_receives: bool
    first: int
    last: int
    settled: bool
    outcome: Outcome | None
    undeliverable_here: bool = False
    error: Sequence[Value] = ()

    @classmethod
    def parse(cls, fields: Fields) -> Disposition:
        """Read a disposition."""
        first, state = fields.get(1), fields.get(4)
        details = (state.value if state else []) or []
        outcome = Outcome(state.descriptor) if state else None
        is_rejected = outcome is Outcome.REJECTED and bool(details) and details[0] is not None
        return cls(
            client_receives=fields.get(0),
            first=first,
            last=fields.get(2, first),
            settled=fields.get(3, False),
            outcome=outcome,
            undeliverable_here=outcome is Outcome.MODIFIED and len(details) > 1 and bool(details[1]),
            error=details[0].value if is_rejected else (),
        )

    @property
    def dead_letter_reason(self) -> str | None:
        """The reason given with a rejection."""
        return self._info().get("DeadLetterReason")

    @property
    def dead_letter_description(self) -> str | None:
        """The description given with a rejection."""
        description = self.error[1] if len(self.error) > 1 else None
        return self._info().get("DeadLetterErrorDescription") or description

    def _info(self) -> Mapping[str, str]:
        return (self.error[2] if len(self.error) > 2 else None) or {}


def _serial_difference(left: int, right: int) -> int:
    """Subtract 32-bit serial numbers (RFC 1982): the result is negative when ``left`` is behind."""
    return (left - right + _SERIAL_HALF) % (2 * _SERIAL_HALF) - _SERIAL_HALF


def write(code: Code, fields: Sequence[Value]) -> bytes:
    """Encode a performative."""
    return b"\x00\x53" + bytes((code,)) + encode(fields)


def error_of(error: BrokerError) -> Described:
    """Encode an error with all three fields: the SDK reads the third even when there is nothing in it."""
    return Described(_ERROR, [Symbol(error.condition), error.description, None])


def accepted() -> Described:
    """Say that a message was taken, or was completed."""
    return Described(Outcome.ACCEPTED, [])


def rejected(error: BrokerError | None = None) -> Described:
    """Say that a message was refused; without an error: that it was dead-lettered as asked."""
    return Described(Outcome.REJECTED, [error_of(error)] if error else [])


def modified(*, undeliverable_here: bool) -> Described:
    """Say that a message was abandoned, or deferred (``undeliverable_here``)."""
    return Described(Outcome.MODIFIED, [True, undeliverable_here])


def released() -> Described:
    """Say that a message was given back."""
    return Described(Outcome.RELEASED, [])


def attach_reply(
    attach: Attach, source: Value, target: Value, max_message_bytes: int, properties: Mapping[Symbol, Value] | None
) -> bytes:
    """Answer an attach; the broker's role is the opposite of the client's."""
    fields = [
        attach.name,
        uint(attach.handle),
        not attach.client_receives,
        Typed("ubyte", attach.sender_settle_mode),
        Typed("ubyte", attach.receiver_settle_mode),
        source,
        target,
        None,
        None,
        uint(0) if attach.client_receives else None,
        Typed("ulong", max_message_bytes),
        None,
        None,
        dict(properties) if properties else None,
    ]
    return write(Code.ATTACH, fields)


def detach(handle: int, error: BrokerError | None = None) -> bytes:
    """Close a link."""
    return write(Code.DETACH, [uint(handle), True, error_of(error) if error else None])


def close(reason: str | None = None) -> bytes:
    """Close a connection; with a reason, because the broker wants to."""
    return write(Code.CLOSE, [error_of(BrokerError(Condition.CONNECTION_FORCED, reason)) if reason else None])


def disposition(delivery_id: int, state: Described, *, broker_receives: bool) -> bytes:
    """Settle one delivery."""
    return write(Code.DISPOSITION, [broker_receives, uint(delivery_id), uint(delivery_id), True, state])
