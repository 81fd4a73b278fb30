"""Ending on SIGTERM and Ctrl-C: at once, but never between the start of a child and its being known."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

NUMBERS = (signal.SIGTERM, signal.SIGINT)


class Interruption:
    """Turns the first signal into a KeyboardInterrupt; further ones are ignored, so that the parts stop in order.

    The handler stays in place afterwards: an ignored signal would be inherited by children.
    """

    def __init__(self) -> None:
        self._held = 0
        self._has_come = False
        self._is_due = False

    def install(self) -> None:
        """Take the signals from now on."""
        for number in NUMBERS:
            signal.signal(number, self._come)

    def _come(self, _signal: int, _frame: object) -> None:
        if self._has_come:
            return
        self._has_come = True
        if self._held:
            self._is_due = True
            return
        raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Put a signal off until the end of the block."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._is_due and not self._held:
            self._is_due = False
            raise KeyboardInterrupt


INTERRUPTION = Interruption()
