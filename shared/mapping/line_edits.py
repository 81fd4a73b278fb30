"""Differences between the lines of an order, and comparing lines that carry a number of ours. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.model.order_changes import OrderEdit

type Row = Mapping[str, Any]
type Difference = Callable[[Row, Row], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class LineEdit:
    """One line to be changed, added (no `row`) or removed (no `body`). `name` is how people recognise it."""

    place: int
    name: str
    row: Row | None
    body: Row | None

    def shown(self) -> OrderEdit:
        """Describe the edit for audit and review."""
        row, body = self.row or {}, self.body or {}
        verb = "removed" if self.body is None else "added" if self.row is None else "changed"
        before = {field: row[field] for field in body if field in row}
        return OrderEdit(f"line {self.place} {self.name} {verb}".replace("  ", " "), before, body)


def compare_numbered(
    wanted: Sequence[Row], rows: Sequence[Row], number: str, difference: Difference, named: Callable[[Row], str]
) -> list[LineEdit]:
    """Compare by the number that each line carries; `difference` is None where a line sells something else.

    Such a line is removed before the other one takes its number.
    """
    there: dict[int, Row] = {}
    stray: list[Row] = []
    for row in rows:
        place = int(row.get(number) or 0)
        stray += [row] if place in there else []
        there.setdefault(place, row)
    changed: list[LineEdit] = []
    added: list[LineEdit] = []
    for line in wanted:
        place = int(line[number])
        row_there = there.pop(place, None)
        body = difference(line, row_there) if row_there is not None else None
        if body is None:
            stray += [row_there] if row_there is not None else []
            added.append(LineEdit(place, named(line), None, line))
        elif body:
            changed.append(LineEdit(place, named(line), row_there, body))
    gone = [*stray, *there.values()]
    removed = [LineEdit(int(row.get(number) or 0), named(row), row, None) for row in gone]
    return [*changed, *removed, *added]


def same_value(wanted: object, there: object) -> bool:
    """Compare a value that is sent with one that came back: numbers by value, nothing like an empty text."""
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return Decimal(str(wanted)) == Decimal(str(there or 0))
    return wanted == there or (not wanted and not there)
