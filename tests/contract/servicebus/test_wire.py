"""The wire format and the rules that need no network: judged by the AMQP specification and by the SDK's own codec."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.servicebus._pyamqp._decode import _DECODE_BY_CONSTRUCTOR
from azure.servicebus._pyamqp._encode import encode_value
from hypothesis import given
from hypothesis import strategies as st

from local.servicebus.codec import MALFORMED, Array, Described, Opaque, Symbol, Typed, cut, decode, encode, skip, uint
from local.servicebus.config import QueueConfig
from local.servicebus.errors import BrokerError, Condition
from local.servicebus.message import BATCH_FORMAT, Message, Section, join_section, unbatch
from local.servicebus.performatives import Flow
from local.servicebus.queue import Queue
from local.servicebus.sas import SharedAccessKey

INTS = st.integers(min_value=-(2**31), max_value=2**31 - 1)
LONGS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
SCALARS = st.none() | st.booleans() | LONGS | st.floats(allow_nan=False) | st.text() | st.binary() | st.uuids()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    encoded = encode(value)
    assert decode(encoded) == (value, len(encoded))
    assert skip(encoded, 0) == len(encoded)


@given(st.dictionaries(st.text(), INTS | st.text() | st.binary() | st.booleans() | st.uuids() | st.none()))
def test_what_the_sdk_encodes_is_decoded_to_the_same_value(values: dict[str, Any]) -> None:
    output = bytearray()
    encode_value(output, values)
    assert decode(bytes(output)) == (values, len(output))


@given(st.lists(LONGS | st.binary() | st.booleans(), max_size=300))
def test_what_is_encoded_here_the_sdk_decodes_to_the_same_value(values: list[Any]) -> None:
    encoded = encode(values)
    _, decoded = _DECODE_BY_CONSTRUCTOR[encoded[0]](memoryview(encoded)[1:])
    assert decoded == values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (uint(0), "43"),
        (uint(255), "52ff"),
        (uint(256), "7000000100"),
        (Typed("ulong", 0), "44"),
        (Typed("ulong", 16), "5310"),
        (Typed("ubyte", 7), "5007"),
        (Typed("int", -1), "71ffffffff"),
        (Symbol("ab"), "a3026162"),
        ("ab", "a1026162"),
        ([], "45"),
        (Described(0x24, []), "00532445"),
        (Opaque(b"\x41"), "41"),
    ],
)
def test_types_are_written_as_the_specification_shows_them(value: Any, expected: str) -> None:
    assert encode(value).hex() == expected


def test_arrays_of_every_kind_that_the_broker_sends_can_be_read() -> None:
    tokens = [uuid.UUID(int=1), uuid.UUID(int=2)]
    assert decode(encode(Array("uuid", tokens)))[0] == tokens
    assert decode(encode(Array("long", [1, -1])))[0] == [1, -1]
    assert decode(encode(Array("string", ["a", "é"])))[0] == ["a", "é"]
    assert decode(encode(Array("symbol", ["x"])))[0] == [Symbol("x")]


@given(st.dictionaries(st.text(min_size=1), LONGS | st.text()))
def test_a_map_can_be_cut_and_joined_without_decoding_it(value: dict[str, Any]) -> None:
    elements = cut(encode(value))
    assert encode(dict(zip(elements[::2], elements[1::2], strict=True))) == encode(value)


@given(st.lists(st.tuples(st.sampled_from(Section), st.binary(max_size=30) | VALUES.map(encode)), max_size=3))
def test_bytes_that_are_not_amqp_are_refused_and_nothing_worse(sections: list[tuple[Section, bytes]]) -> None:
    data = b"".join(join_section(section, value) for section, value in sections)
    with contextlib.suppress(*MALFORMED):
        queue = a_queue(HandClock())
        queue.submit([Message.parse(data)])
        assert queue.counts().active + queue.counts().scheduled == 1


def test_a_batch_is_its_data_sections_and_anything_else_is_one_message() -> None:
    inner = [join_section(Section.DATA, encode(text)) for text in (b"one", b"two")]
    envelope = b"".join(join_section(Section.DATA, encode(message)) for message in inner)
    assert unbatch(envelope, BATCH_FORMAT) == inner
    assert unbatch(envelope, 0) == [envelope]


def flow(**given: int) -> Flow:
    fields: dict[str, Any] = {"next_incoming_id": 0, "incoming_window": 0, "delivery_count": 0, "link_credit": 0}
    return Flow(**{**fields, **given}, handle=0, drain=False, echo=False)


@pytest.mark.parametrize(
    ("delivery_count", "link_credit", "sent", "left"),
    [(0, 10, 0, 10), (5, 10, 8, 7), (3, 0, 5, 0), (2**32 - 1, 3, 1, 1), (1, 3, 2**32 - 1, 5)],
)
def test_credit_counts_what_is_under_way_and_survives_the_wrap_of_the_counter(
    delivery_count: int, link_credit: int, sent: int, left: int
) -> None:
    assert flow(delivery_count=delivery_count, link_credit=link_credit).credit_left(sent) == left
    assert flow(next_incoming_id=delivery_count, incoming_window=link_credit).window_left(sent) == left


def test_a_signature_is_accepted_only_unchanged_and_before_its_expiry() -> None:
    key = SharedAccessKey("secret-of-this-test")
    signature = key.signature("sb://example.com/orders", "1000")
    token = f"SharedAccessSignature sr=sb%3A%2F%2Fexample.com%2Forders&sig={quoted(signature)}&se=1000&skn={key.name}"
    key.check(token, now=999)
    for wrong, now in ((token, 1001), (token.replace("orders", "prices"), 999), ("Bearer x", 999), (None, 999)):
        with pytest.raises(BrokerError) as refused:
            key.check(wrong, now=now)
        assert refused.value.condition is Condition.UNAUTHORIZED
    assert "secret-of-this-test" not in repr(key)


def quoted(text: str) -> str:
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


@dataclass
class HandClock:
    """A clock that a test sets by hand."""

    time: float = 1000.0
    alarms: list[HandAlarm] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def at(self, when: float, action: Callable[[], None]) -> HandAlarm:
        alarm = HandAlarm(when, action)
        self.alarms.append(alarm)
        return alarm

    def advance(self, seconds: float) -> None:
        end = self.time + seconds
        while due := sorted((alarm for alarm in self.alarms if alarm.when <= end), key=lambda alarm: alarm.when):
            self.alarms.remove(due[0])
            self.time = max(self.time, due[0].when)
            if not due[0].is_cancelled:
                due[0].action()
        self.time = end


@dataclass
class HandAlarm:
    when: float
    action: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


def message(text: str, session_id: str | None = None, ttl_milliseconds: int | None = None) -> Message:
    header = encode([None, None, None if ttl_milliseconds is None else uint(ttl_milliseconds)])
    properties = encode([text, *[None] * 9, session_id])
    return Message.parse(join_section(Section.HEADER, header) + join_section(Section.PROPERTIES, properties))


def a_queue(clock: HandClock, **settings: Any) -> Queue:
    return Queue(QueueConfig(name="q", **settings), clock, lambda _: None)


def test_a_lock_lasts_exactly_its_duration_and_counts_when_it_ends() -> None:
    clock = HandClock()
    queue = a_queue(clock, lock_duration_seconds=30)
    queue.submit([message("m")])
    queue.take()
    clock.advance(29.9)
    assert queue.take() is None
    clock.advance(0.1)
    again = queue.take()
    assert again is not None
    assert again.delivery_count == 1


def test_a_message_whose_lock_expires_too_often_is_dead_lettered() -> None:
    clock = HandClock()
    queue = a_queue(clock, lock_duration_seconds=30, max_delivery_count=2)
    queue.submit([message("m")])
    for _ in range(2):
        assert queue.take() is not None
        clock.advance(30)
    assert queue.take() is None
    assert queue.counts().dead_letter == 1


def test_a_message_that_outlives_its_time_under_lock_expires_when_it_comes_back() -> None:
    clock = HandClock()
    queue = a_queue(clock, dead_letter_on_expiration=True)
    queue.submit([message("m", ttl_milliseconds=5000)])
    stored = queue.take()
    assert stored is not None
    assert stored.lock is not None
    clock.advance(10)
    assert queue.counts().active == 1
    queue.release(stored.lock)
    assert (queue.counts().active, queue.counts().dead_letter) == (0, 1)


def test_an_expired_first_message_does_not_hide_its_session() -> None:
    clock = HandClock()
    queue = a_queue(clock, requires_session=True)
    queue.submit([message("brief", "s", ttl_milliseconds=1000), message("lasting", "s")])
    clock.advance(2)
    session = queue.next_free_session()
    assert session is not None
    stored = queue.take(session)
    assert stored is not None
    assert stored.message.message_id == "lasting"


def test_the_duplicate_table_does_not_grow_beyond_its_window() -> None:
    clock = HandClock()
    queue = a_queue(clock, duplicate_detection_seconds=10)
    for number in range(100):
        queue.submit([message(f"m{number}")])
        clock.advance(1)
    assert len(queue._seen) <= 11
