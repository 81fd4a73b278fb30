"""Failures on demand: which request fails, how often or how long, and in which way."""

import re
import time
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

Mode = Literal["status", "status_after", "drop_before", "drop_after", "delay_after", "patch"]


class Fault(BaseModel):
    """One programmed failure; without times and seconds it happens once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = "*"
    path: str = ".*"
    mode: Mode = "status"
    status: int = 500
    times: int | None = None
    seconds: float | None = None
    retry_after: int | str | None = None
    delay_ms: int = 0
    patch: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _patch_is_a_mode(cls, data: Any) -> Any:
        """A fault that only carries a patch changes the answer and nothing else."""
        if isinstance(data, dict) and data.get("patch") and "mode" not in data:
            return data | {"mode": "patch"}
        return data

    @property
    def does_the_work(self) -> bool:
        """Say whether the request is carried out before it fails."""
        return self.mode not in ("status", "drop_before")

    def concerns(self, method: str, path: str) -> bool:
        """Say whether the fault is meant for this request; methods stand side by side as `PATCH|POST`.

        The path is a regular expression, searched for.
        """
        return (self.method == "*" or method in self.method.split("|")) and re.search(self.path, path) is not None


class _Armed:
    """A fault with what is left of it."""

    def __init__(self, fault: Fault, now: float) -> None:
        self.fault = fault
        self.until = now + fault.seconds if fault.seconds is not None else None
        self.left = fault.times if fault.times is not None else 1

    def spent(self, now: float) -> bool:
        return now >= self.until if self.until is not None else self.left <= 0


class FaultBook:
    """The faults that are still to happen, in the order they were programmed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._armed: list[_Armed] = []

    def add(self, faults: list[Fault]) -> None:
        """Program more faults; "seconds" counts from now."""
        self._armed += [_Armed(fault, self._clock()) for fault in faults]

    def clear(self) -> None:
        """Forget all faults."""
        self._armed.clear()

    def pending(self) -> list[Fault]:
        """Return the faults that can still happen."""
        self._drop_spent()
        return [armed.fault for armed in self._armed]

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request and count it, None when it shall succeed."""
        self._drop_spent()
        for armed in self._armed:
            if armed.fault.concerns(method, path):
                armed.left -= 1
                return armed.fault
        return None

    def _drop_spent(self) -> None:
        now = self._clock()
        self._armed = [armed for armed in self._armed if not armed.spent(now)]
