"""The queues of the broker by their paths."""

from collections.abc import Callable, Iterable

from .clock import Clock
from .config import QueueConfig
from .errors import BrokerError, Condition
from .queue import DEAD_LETTER_SUFFIX, Counts, Queue

MANAGEMENT_SUFFIX = "/$management"


class Namespace:
    """All queues; paths are matched without regard to case, as Service Bus does."""

    def __init__(self, clock: Clock, on_change: Callable[[Queue], None], queues: Iterable[QueueConfig] = ()) -> None:
        self._clock = clock
        self._on_change = on_change
        self._queues: dict[str, Queue] = {}
        for config in queues:
            self.add(config)

    def add(self, config: QueueConfig) -> Queue:
        """Create a queue."""
        queue = Queue(config, self._clock, self._on_change)
        self._queues[config.name.lower()] = queue
        return queue

    def find(self, path: str) -> Queue:
        """Find a queue or a dead-letter queue by its path."""
        lowered = path.lower()
        queue = self._queues.get(lowered.removesuffix(DEAD_LETTER_SUFFIX))
        if queue and lowered.endswith(DEAD_LETTER_SUFFIX):
            queue = queue.dead_letters
        if queue is None:
            known = ", ".join(sorted(self._queues)) or "none"
            raise BrokerError(
                Condition.NOT_FOUND,
                f"The messaging entity '{path}' could not be found. Queues of this broker: {known}.",
            )
        return queue

    def counts(self) -> dict[str, Counts]:
        """Count the messages of every queue."""
        return {queue.config.name: queue.counts() for queue in self._queues.values()}
