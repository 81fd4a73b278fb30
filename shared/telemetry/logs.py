"""The product's own log records on their way to an exporter."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from shared.telemetry.cleaning import clean
from shared.telemetry.items import Item, Message, Place
from shared.telemetry.names import CORRELATION
from shared.telemetry.operation import current
from shared.telemetry.seam import LOGGER


class ProductLogHandler(logging.Handler):
    """Hands records of the product's logger to `put`, in the operation in which they were written."""

    def __init__(self, put: Callable[[Item], None]) -> None:
        super().__init__(logging.INFO)
        self._put = put

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`. Of an exception, type and places are kept; its text may quote anybody."""
        running = current.get()
        kind = record.exc_info[0] if record.exc_info else None
        message = Message(
            text=clean(record.getMessage()),
            level=record.levelno,
            place=Place() if running is None else Place(running.id, running.span_id),
            at=record.created,
            exception=kind.__name__ if kind else "",
            stack="".join(traceback.format_tb(record.exc_info[2])) if record.exc_info else "",
            properties={} if running is None else {CORRELATION: clean(running.correlation_id)},
        )
        self._put(message)


def attach_handler(put: Callable[[Item], None]) -> Callable[[], None]:
    """Take over the product's logger; returns what gives it back.

    The worker passes what reaches the root logger to the Functions host, which exports it too: so while the handler
    is attached, nothing of the product's goes there.
    """
    handler = ProductLogHandler(put)
    before = LOGGER.propagate, LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False

    def detach() -> None:
        LOGGER.removeHandler(handler)
        LOGGER.propagate, level = before
        LOGGER.setLevel(level)

    return detach
