"""The AMQP 1.0 type system: encode and decode values, and cut compounds without decoding what is inside."""

import struct
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Value = Any

MALFORMED = (ValueError, TypeError, IndexError, struct.error, RecursionError)
"""What decoding raises on bytes that are not AMQP, or that are AMQP of another type than belongs there."""


class Symbol(str):
    """A string of the AMQP type symbol."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A value with the descriptor that says what it is."""

    descriptor: Value
    value: Value


@dataclass(frozen=True, slots=True)
class Typed:
    """A number that must travel as one particular AMQP type, such as ``uint``."""

    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class Array:
    """An AMQP array; every element has the one type named by ``kind``."""

    kind: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Opaque:
    """An already encoded value, passed on as it came so that no type is lost on the way."""

    data: bytes


_U8 = struct.Struct(">B")
_U32 = struct.Struct(">I")

_NUMBERS: dict[str, tuple[int, struct.Struct]] = {
    "ubyte": (0x50, _U8),
    "ushort": (0x60, struct.Struct(">H")),
    "uint": (0x70, _U32),
    "ulong": (0x80, struct.Struct(">Q")),
    "byte": (0x51, struct.Struct(">b")),
    "short": (0x61, struct.Struct(">h")),
    "int": (0x71, struct.Struct(">i")),
    "long": (0x81, struct.Struct(">q")),
    "float": (0x72, struct.Struct(">f")),
    "double": (0x82, struct.Struct(">d")),
    "timestamp": (0x83, struct.Struct(">q")),
}
_SMALL = {"ulong": (b"\x44", b"\x53"), "uint": (b"\x43", b"\x52")}
_FIXED: dict[int, struct.Struct] = {
    **dict(_NUMBERS.values()),
    0x52: _U8,
    0x53: _U8,
    0x54: struct.Struct(">b"),
    0x55: struct.Struct(">b"),
}
_CONSTANTS: dict[int, Value] = {0x40: None, 0x41: True, 0x42: False, 0x43: 0, 0x44: 0}
# Characters and decimals have no use here; they are carried along undecoded.
_OPAQUE_WIDTHS = {0x73: 4, 0x74: 4, 0x84: 8, 0x94: 16}
_FIXED_WIDTHS = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}
_DESCRIBED = 0x00


def uint(value: int) -> Typed:
    """Mark a number as AMQP ``uint``."""
    return Typed("uint", value)


def timestamp(seconds: float) -> Typed:
    """Mark a Unix time in seconds as AMQP ``timestamp`` (milliseconds)."""
    return Typed("timestamp", int(seconds * 1000))


def encode(value: Value) -> bytes:
    """Encode one value; a plain ``int`` becomes ``long`` and a plain ``float`` becomes ``double``."""
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise TypeError(f"no AMQP type for {type(value).__name__}: wrap it in Typed, Symbol or Opaque")
    return encoder(value)


def _encode_bool(value: bool) -> bytes:
    return b"\x41" if value else b"\x42"


def _encode_typed(typed: Typed) -> bytes:
    small = _SMALL.get(typed.kind)
    if small is not None and typed.value < 256:
        return small[0] if typed.value == 0 else small[1] + bytes((int(typed.value),))
    code, layout = _NUMBERS[typed.kind]
    return bytes((code,)) + layout.pack(typed.value)


def _variable(code: int, data: bytes) -> bytes:
    if len(data) < 256:
        return bytes((code, len(data))) + data
    return bytes((code + 0x10,)) + _U32.pack(len(data)) + data


def _compound(code: int, data: bytes, count: int) -> bytes:
    if len(data) < 254 and count < 256:
        return bytes((code, len(data) + 1, count)) + data
    return bytes((code + 0x10,)) + _U32.pack(len(data) + 4) + _U32.pack(count) + data


def _encode_list(values: Sequence[Value]) -> bytes:
    if not values:
        return b"\x45"
    return _compound(0xC0, b"".join(map(encode, values)), len(values))


def _encode_map(values: Mapping[Value, Value]) -> bytes:
    data = b"".join(encode(key) + encode(value) for key, value in values.items())
    return _compound(0xC1, data, 2 * len(values))


def _encode_array(array: Array) -> bytes:
    code, element = _array_element(array.kind)
    data = bytes((code,)) + b"".join(map(element, array.values))
    return b"\xf0" + _U32.pack(len(data) + 4) + _U32.pack(len(array.values)) + data


def _array_element(kind: str) -> tuple[int, Callable[[Value], bytes]]:
    if kind == "uuid":
        return 0x98, lambda value: bytes(value.bytes)
    if kind in {"symbol", "string"}:
        return (0xB3 if kind == "symbol" else 0xB1), lambda text: _U32.pack(len(text.encode())) + text.encode()
    code, layout = _NUMBERS[kind]
    return code, layout.pack


def _encode_described(described: Described) -> bytes:
    descriptor = described.descriptor
    if isinstance(descriptor, int):
        descriptor = Typed("ulong", descriptor)
    return b"\x00" + encode(descriptor) + encode(described.value)


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"\x40",
    bool: _encode_bool,
    int: lambda value: _encode_typed(Typed("long", value)),
    float: lambda value: _encode_typed(Typed("double", value)),
    str: lambda text: _variable(0xA1, text.encode()),
    Symbol: lambda text: _variable(0xA3, text.encode()),
    bytes: lambda data: _variable(0xA0, data),
    uuid.UUID: lambda value: b"\x98" + value.bytes,
    dict: _encode_map,
    list: _encode_list,
    tuple: _encode_list,
    Typed: _encode_typed,
    Array: _encode_array,
    Described: _encode_described,
    Opaque: lambda opaque: opaque.data,
}


def decode(data: bytes, position: int = 0) -> tuple[Value, int]:
    """Decode the value at ``position``; answer it and the position just after it."""
    code = data[position]
    if code != _DESCRIBED:
        return _decode_body(code, data, position + 1)
    descriptor, position = decode(data, position + 1)
    value, position = decode(data, position)
    return Described(descriptor, value), position


def _decode_body(code: int, data: bytes, position: int) -> tuple[Value, int]:
    layout = _FIXED.get(code)
    if layout is not None:
        return layout.unpack_from(data, position)[0], position + layout.size
    if code in _CONSTANTS:
        return _CONSTANTS[code], position
    if code >> 4 in {0xA, 0xB}:
        return _decode_variable(code, data, position)
    if code >> 4 in {0xC, 0xD, 0xE, 0xF}:
        return _decode_compound(code, data, position)
    return _decode_rare(code, data, position)


def _decode_rare(code: int, data: bytes, position: int) -> tuple[Value, int]:
    if code == 0x45:
        return [], position
    if code == 0x56:
        return data[position] == 1, position + 1
    if code == 0x98:
        return uuid.UUID(bytes=bytes(data[position : position + 16])), position + 16
    width = _OPAQUE_WIDTHS.get(code)
    if width is None:
        raise ValueError(f"unknown AMQP constructor {code:#04x} at byte {position - 1}")
    return Opaque(bytes((code,)) + data[position : position + width]), position + width


def _length(code: int, data: bytes, position: int) -> tuple[int, int]:
    """Read the size field of a variable or compound type: one byte for A, C, E and four for B, D, F."""
    if code >> 4 in {0xA, 0xC, 0xE}:
        return data[position], position + 1
    return _U32.unpack_from(data, position)[0], position + 4


def _decode_variable(code: int, data: bytes, position: int) -> tuple[Value, int]:
    size, position = _length(code, data, position)
    end = position + size
    if end > len(data):
        raise ValueError(f"value of {size} bytes at byte {position} runs past the end")
    raw = bytes(data[position:end])
    if code & 0x0F == 0:
        return raw, end
    return (Symbol(raw.decode()) if code & 0x0F == 3 else raw.decode()), end


def _compound_head(code: int, data: bytes, position: int) -> tuple[int, int, int]:
    """Read the size and count of a compound: its element count, where the elements start, and where it ends."""
    size, position = _length(code, data, position)
    end = position + size
    if end > len(data):
        raise ValueError(f"compound of {size} bytes at byte {position} runs past the end")
    count, position = _length(code, data, position)
    return count, position, end


def _decode_compound(code: int, data: bytes, position: int) -> tuple[Value, int]:
    count, position, end = _compound_head(code, data, position)
    if code >> 4 in {0xE, 0xF}:
        return _decode_elements(count, data, position), end
    values = []
    for _ in range(count):
        value, position = decode(data, position)
        values.append(value)
    if code & 0x0F == 0:
        return values, end
    return dict(zip(values[::2], values[1::2], strict=True)), end


def _decode_elements(count: int, data: bytes, position: int) -> list[Value]:
    code, position = data[position], position + 1
    if code == _DESCRIBED:
        _, position = decode(data, position)
        code, position = data[position], position + 1
    values = []
    for _ in range(count):
        value, position = _decode_body(code, data, position)
        values.append(value)
    return values


def skip(data: bytes, position: int) -> int:
    """Answer the position just after the value at ``position`` without decoding it."""
    code = data[position]
    if code == _DESCRIBED:
        return skip(data, skip(data, position + 1))
    width = _FIXED_WIDTHS.get(code >> 4)
    if width is not None:
        return position + 1 + width
    if code < 0xA0:
        raise ValueError(f"unknown AMQP constructor {code:#04x} at byte {position}")
    size, position = _length(code, data, position + 1)
    return position + size


def cut(data: bytes, position: int = 0) -> list[Opaque]:
    """Cut the list or map at ``position`` into its still encoded elements; null and empty give none."""
    code = data[position]
    if code in {0x40, 0x45}:
        return []
    if code >> 4 not in {0xC, 0xD}:
        raise ValueError(f"expected a list or a map at byte {position}, found constructor {code:#04x}")
    count, position, _ = _compound_head(code, data, position + 1)
    elements = []
    for _ in range(count):
        end = skip(data, position)
        elements.append(Opaque(bytes(data[position:end])))
        position = end
    return elements
