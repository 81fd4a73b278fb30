"""What happened to rows: for change tracking by delta tokens, and for whoever is told of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.dynamics.odata.definitions import Row
from local.dynamics.odata.store import Store

VALID_FOR = timedelta(days=7)  # ExpireChangeTrackingInDays


@dataclass(frozen=True)
class Happened:
    """One row was created (nothing before), changed or deleted (nothing after)."""

    entity_set: str
    row_id: str
    before: Row | None
    after: Row | None


class Changes:
    """Numbers every change; a token is the number that was reached and when it was."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._number = 0
        self._latest: dict[tuple[str, str], tuple[int, bool]] = {}
        self._untold: list[Happened] = []

    def note(self, entity_set: str, row_id: str, before: Row | None, after: Row | None) -> int:
        """Remember that the row was written or deleted; returns the number of the change."""
        key = (entity_set, row_id)
        latest = self._latest.get(key)
        self._number += 1
        self._latest[key] = (self._number, after is None)
        happened = Happened(entity_set, row_id, before, after)
        self._untold.append(happened)
        self._store.on_rollback(lambda: self._restore(key, latest, happened))
        return self._number

    def _restore(self, key: tuple[str, str], latest: tuple[int, bool] | None, happened: Happened) -> None:
        if latest is None:
            self._latest.pop(key, None)
        else:
            self._latest[key] = latest
        self._untold = [one for one in self._untold if one is not happened]

    def take(self) -> list[Happened]:
        """Return what has happened since the last call."""
        untold, self._untold = self._untold, []
        return untold

    def token(self) -> str:
        """Return a token for the present moment."""
        return f"{self._number}!{self._clock().isoformat()}"

    def is_expired(self, token: str) -> bool:
        """Say whether the token is too old; ValueError when it is none."""
        _, _, moment = token.partition("!")
        return self._clock() - datetime.fromisoformat(moment.replace(" ", "+")) > VALID_FOR

    def between(self, entity_set: str, after: int, until: int) -> list[tuple[int, str, bool]]:
        """Return number, id and whether it went, of rows whose latest change is in between, in order."""
        rows = ((at, key[1], gone) for key, (at, gone) in self._latest.items() if key[0] == entity_set)
        return sorted(row for row in rows if after < row[0] <= until)


def number_of(token: str) -> int:
    """Return the number of a token; ValueError when it is none."""
    return int(token.partition("!")[0])
