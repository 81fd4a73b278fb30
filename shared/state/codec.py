"""Records to JSON text and back. Both adapters use it, so that memory forgets exactly what a table forgets."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from shared.state.records import JSON


@cache
def _adapter(record_type: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(record_type)


def encode_json(value: JSON) -> str:
    """JSON text of a mapping, ASCII only: one character is then always one UTF-16 unit of a table property."""
    return json.dumps(value, separators=(",", ":"))


def decode_json(text: str) -> JSON:
    """Read what `encode_json` wrote."""
    decoded: dict[str, Any] = json.loads(text)
    return decoded


def encode(record: object) -> str:
    """JSON text of a record of `shared.state.records`."""
    record_type: Any = type(record)
    return encode_json(_adapter(record_type).dump_python(record, mode="json"))


def decode[Record](record_type: type[Record], text: str) -> Record:
    """Read what `encode` wrote; fields that are unknown today are ignored, missing ones take their default."""
    hashable_type: Any = record_type
    decoded: Record = _adapter(hashable_type).validate_json(text)
    return decoded


def copied[Record](record: Record) -> Record:
    """Copy a record through its stored form, so that nobody shares a mutable value with a store."""
    return decode(type(record), encode(record))
