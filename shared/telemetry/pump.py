"""A bounded queue and one thread between the product and an exporter, so that neither waits for the other."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import batched

from shared.telemetry.aggregates import Aggregates
from shared.telemetry.items import Item, Measurement

CAPACITY = 8_192  # items; when the queue is full, new ones are dropped
BATCH = 100
EXPORT_SECONDS = 5.0
METRIC_SECONDS = 60.0
CLOSE_SECONDS = 5.0
ATTEMPTS = 3  # of one batch, an interval apart

# Not a child of the product's logger: what goes wrong with telemetry is no telemetry.
logger = logging.getLogger(__name__)

type Export = Callable[[Sequence[Item]], bool]


class Pump:
    """`export` sends one batch and says whether it arrived; it runs in the pump's own thread and may block there."""

    def __init__(self, export: Export, *, capacity: int = CAPACITY, interval: float = EXPORT_SECONDS) -> None:
        self._export = export
        self._interval = interval
        self._capacity = capacity
        self._waiting: deque[Item] = deque()
        self._metrics = Aggregates()
        self._metrics_due = time.monotonic() + METRIC_SECONDS
        self._failures = 0
        self.dropped = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def put(self, item: Item) -> None:
        """Take an item; never waits and never raises."""
        with self._lock:
            if isinstance(item, Measurement):
                taken = self._metrics.add(item)
            elif taken := len(self._waiting) < self._capacity:
                self._waiting.append(item)
            self.dropped += not taken

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Send what waits, for at most `timeout` seconds. May be called twice."""
        atexit.unregister(self.close)
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        closing = False
        while not closing:
            self._wake.wait(self._interval)
            closing = self._closing  # asked before sending: what was put before `close` is sent
            self._send_all()

    def _send_all(self) -> None:
        self._collect_metrics()
        with self._lock:
            items, dropped, self.dropped = tuple(self._waiting), self.dropped, 0
        if dropped:
            logger.warning("telemetry: %d items came too fast and are dropped", dropped)
        for batch in batched(items, BATCH, strict=False):
            if not self._sent(batch) and not self._give_up():
                return
            self._failures = 0
            with self._lock:
                for _ in batch:
                    self._waiting.popleft()

    def _sent(self, batch: Sequence[Item]) -> bool:
        try:
            return self._export(batch)
        except Exception:
            logger.exception("telemetry: %d items were not sent", len(batch))
            return False

    def _give_up(self) -> bool:
        """Count a failure: true when the batch is to be dropped. A newer one may do better."""
        self._failures += 1
        if self._failures < ATTEMPTS and not self._closing:
            return False
        logger.warning("telemetry: a batch was not sent in %d attempts and is dropped", self._failures)
        return True

    def _collect_metrics(self) -> None:
        if not self._closing and time.monotonic() < self._metrics_due:
            return
        self._metrics_due = time.monotonic() + METRIC_SECONDS
        with self._lock:
            self._waiting.extend(self._metrics.take())
