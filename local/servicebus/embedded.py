"""The broker in a thread of the caller's process, for tests."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from .config import BrokerConfig, QueueConfig
from .queue import Counts
from .sas import SharedAccessKey
from .server import Server

_WAIT_SECONDS = 10


class EmbeddedBroker:
    """``with EmbeddedBroker(queues=[QueueConfig(name="orders")]) as broker: ... broker.connection_string``."""

    def __init__(
        self, queues: Iterable[QueueConfig] = (), *, port: int = 0, access_key: SharedAccessKey | None = None
    ) -> None:
        self._server = Server(BrokerConfig(queues=tuple(queues)), access_key or SharedAccessKey())
        self._wanted_port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="servicebus", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(self._wanted_port), self._loop).result(_WAIT_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(_WAIT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WAIT_SECONDS)
        self._loop.close()

    @property
    def access_key(self) -> SharedAccessKey:
        """The key that clients sign with; a broker that takes over from this one needs the same."""
        return self._server.access_key

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        return self._server.port

    @property
    def connection_string(self) -> str:
        """What the SDK needs to connect."""
        return self._server.connection_string

    def add_queue(self, config: QueueConfig) -> str:
        """Create a queue while the broker runs; answer its name."""
        self._call(lambda: self._server.namespace.add(config))
        return config.name

    def counts(self, queue: str) -> Counts:
        """Count the messages of a queue."""
        return self._call(lambda: self._server.namespace.find(queue).counts())

    def refuse_connections(self, refuse: bool) -> None:
        """Drop all connections and refuse new ones, or accept them again."""
        self._call(lambda: self._server.refuse_connections(refuse))

    def _call[Result](self, action: Callable[[], Result]) -> Result:
        """Run something on the broker's own thread, where all its state lives."""

        async def run() -> Result:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_WAIT_SECONDS)
