"""What all processes know of one application user: the sheet that they rewrite in turn, and what one reports to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError


@dataclass(frozen=True, slots=True)
class Holder:
    """One process. `cap` is what it may use from now on; while requests beyond it run, it still holds `slots`."""

    slots: int
    cap: int
    budget: int
    wants: int
    since: float
    lapses_at: float
    settlement: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Times are seconds of the store's clock. `tokens` and `seconds` are what may still be granted, or a debt."""

    at: float = 0.0
    tokens: float = 0.0
    seconds: float = 0.0
    blocked_until: float = 0.0
    ceiling: float | None = None
    ceiling_at: float = 0.0
    hint: int | None = None
    hint_until: float = 0.0
    holders: Mapping[str, Holder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What a process says when it settles.

    `busy`: requests that run now. `wants`: slots that it could use. `used` and `seconds`: requests begun, and the time
    of those ended, since its settlement before. `expects`: requests that it may send before the next one.
    `refusals`: how often it saw 429 or 503. `pause`: seconds still to wait because of that. `hint`: the parallelism
    that the back-end recommended.
    """

    holder: str
    settlement: int
    busy: int = 0
    wants: int = 0
    used: int = 0
    seconds: float = 0.0
    expects: int = 0
    refusals: int = 0
    pause: float = 0.0
    hint: int | None = None


@cache
def _adapter() -> TypeAdapter[Sheet]:
    return TypeAdapter(Sheet)


def to_json(sheet: Sheet) -> dict[str, Any]:
    """Make what a store keeps."""
    written: dict[str, Any] = _adapter().dump_python(sheet, mode="json")
    return written


def from_json(data: Mapping[str, Any]) -> Sheet:
    """Read what `to_json` made; fields of a later version are ignored.

    A sheet that another version wrote and this one cannot read counts as empty: it matters for seconds only, whereas an
    error would stop the back-end until somebody deletes the row.
    """
    try:
        return _adapter().validate_python(dict(data))
    except ValidationError:
        return Sheet()
