"""From where on changes are listed: by modification time, and for the companion's stock by row version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared.dynamics.business_central_customers import instant
from shared.dynamics.odata import Row

STAMP = timedelta(milliseconds=1)  # the smallest difference between two of Business Central's timestamps


class Marks(Protocol):
    """How an entity set tells what changed."""

    def start(self, rows: Sequence[Row], before: str) -> str:
        """Return from where on changes follow a whole list that began with these rows."""

    def reached(self, rows: Sequence[Row], since: str, *, last: bool) -> str:
        """Return from where on changes follow a page of changes; `since` as long as that is not certain."""

    def condition(self, since: str) -> str:
        """Return the filter for what changed."""

    def order(self) -> str | None:
        """Return the order in which changes are listed."""


class Timestamps:
    """Changes by modification time, of which those that may still be joined by a late commit are told again.

    A row is stamped when it is written and seen when its transaction commits; see `business_central_feed`.
    """

    def __init__(self, name: str, settled: datetime) -> None:
        self._name = name
        self._settled = settled

    def start(self, rows: Sequence[Row], before: str) -> str:
        """See `Marks.start`."""
        del rows
        return before or text_of(self._settled)

    def reached(self, rows: Sequence[Row], since: str, *, last: bool) -> str:
        """See `Marks.reached`. Where a page ends, rows with its last stamp may still follow."""
        newest = max((stamp for row in rows if (stamp := instant(row[self._name]))), default=None)
        if newest is None:
            return since
        reached = min(newest if last else newest - STAMP, self._settled)
        before = instant_of(since)
        return text_of(max(reached, before) if before else reached)

    def condition(self, since: str) -> str:
        """See `Marks.condition`."""
        return f"{self._name} gt {since}"

    def order(self) -> str:
        """See `Marks.order`."""
        return f"{self._name},id"


class RowVersions:
    """Changes by the companion's change stamp; what a running transaction commits later has the read stamp or more."""

    def __init__(self) -> None:
        self._begun: int | None = None

    def start(self, rows: Sequence[Row], before: str) -> str:
        """See `Marks.start`. Every request works the stamp out anew: that of the first one counts."""
        return before or (str(int(rows[0]["readStamp"]) - 1) if rows else "0")

    def reached(self, rows: Sequence[Row], since: str, *, last: bool) -> str:
        """See `Marks.reached`. The rows have no order, so it is certain with the last page alone."""
        if self._begun is None and rows:
            self._begun = int(rows[0]["readStamp"]) - 1
        return since if self._begun is None or not last else str(max(self._begun, int(since)))

    def condition(self, since: str) -> str:
        """See `Marks.condition`."""
        return f"changeStamp gt {int(since)}"

    def order(self) -> None:
        """See `Marks.order`: the table is made for the request and has no other key."""


def text_of(moment: datetime) -> str:
    """Spell an instant to the millisecond, rounded down."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_of(text: str) -> datetime | None:
    """Read an instant; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
