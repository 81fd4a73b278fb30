"""The in-memory state behind a line that a test can cut."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from shared.errors import ServiceError, Transient
from shared.state.memory import MemoryState


class ShakyState(MemoryState):
    """`break_down("audit.append")` makes that method fail, for ever or for some calls; `mend` repairs everything.

    `calls` holds the names of the methods that were called, failed ones too.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.calls: list[str] = []
        self._broken: dict[str, float] = {}
        for name in ("idempotency", "id_map", "cursors", "snapshots", "digests", "failures", "audit", "review"):
            setattr(self, name, _ShakyStore(name, getattr(self, name), self._pass))

    def break_down(self, method: str, *, times: float = float("inf")) -> None:
        self._broken[method] = times

    def mend(self) -> None:
        self._broken.clear()

    def _pass(self, method: str) -> ServiceError | None:
        self.calls.append(method)
        left = self._broken.get(method, 0)
        if left < 1:
            return None
        self._broken[method] = left - 1
        return Transient("store", method, "the store cannot be reached")


class _ShakyStore:
    def __init__(self, name: str, store: Any, passes: Callable[[str], ServiceError | None]) -> None:
        self._name = name
        self._store = store
        self._passes = passes

    def __getattr__(self, method: str) -> Any:
        target = getattr(self._store, method)
        if method.startswith("by_day") or method in {"by_entity", "by_document_number", "list_items"}:
            return target

        async def call(*args: Any, **kwargs: Any) -> Any:
            error = self._passes(f"{self._name}.{method}")
            if error is not None:
                raise error
            answer: Coroutine[Any, Any, Any] = target(*args, **kwargs)
            return await answer

        return call
