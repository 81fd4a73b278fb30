"""Change tracking: which rows changed or went away after a delta token was handed out."""

from collections.abc import Callable
from datetime import datetime, timedelta

from local.dynamics.odata.store import Store

VALID_FOR = timedelta(days=7)  # ExpireChangeTrackingInDays


class Changes:
    """Numbers every change; a token is the number that was reached and when it was."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._number = 0
        self._latest: dict[tuple[str, str], tuple[int, bool]] = {}

    def note(self, entity_set: str, row_id: str, *, deleted: bool = False) -> None:
        """Remember that the row was written or deleted."""
        key = (entity_set, row_id)
        before = self._latest.get(key)
        self._number += 1
        self._latest[key] = (self._number, deleted)
        self._store.on_rollback(lambda: self._restore(key, before))

    def _restore(self, key: tuple[str, str], before: tuple[int, bool] | None) -> None:
        if before is None:
            self._latest.pop(key, None)
        else:
            self._latest[key] = before

    def token(self) -> str:
        """Return a token for the present moment."""
        return f"{self._number}!{self._clock().isoformat()}"

    def is_expired(self, token: str) -> bool:
        """Say whether the token is too old; ValueError when it is none."""
        _, _, moment = token.partition("!")
        return self._clock() - datetime.fromisoformat(moment.replace(" ", "+")) > VALID_FOR

    def since(self, entity_set: str, token: str) -> tuple[list[str], list[str]]:
        """Return the ids of rows written and of rows deleted after the token."""
        number = int(token.partition("!")[0])
        later = [(key[1], gone) for key, (at, gone) in self._latest.items() if key[0] == entity_set and at > number]
        return [row_id for row_id, gone in later if not gone], [row_id for row_id, gone in later if gone]
