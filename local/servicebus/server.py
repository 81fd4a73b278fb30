"""The listener: one port, all connections, and the switch that makes the broker unreachable."""

import asyncio

from .clock import LoopClock
from .config import BrokerConfig
from .connection import Connection, Context
from .dispatcher import Dispatcher
from .namespace import Namespace
from .sas import SharedAccessKey

HOST = "127.0.0.1"
_FAREWELL_SECONDS = 2


class Server:
    """A broker that listens on loopback."""

    def __init__(self, config: BrokerConfig, access_key: SharedAccessKey) -> None:
        clock = LoopClock()
        dispatcher = Dispatcher(clock)
        self.namespace = Namespace(clock, dispatcher.wake, config.queues)
        self.access_key = access_key
        self.refuses_connections = False
        self._context = Context(self.namespace, dispatcher, access_key, clock)
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._port = 0

    async def start(self, port: int = 0) -> None:
        """Begin to listen; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self._context, self), HOST, port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection; a client left with an open socket would wait for ever."""
        if self._listener is None:
            return
        self._listener.close()
        for connection in tuple(self._connections):
            connection.shut("The broker is stopping.")
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._listener.wait_closed()
        except TimeoutError:
            # A client that does not read cannot be told; it must not keep the broker alive.
            self._listener.abort_clients()

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        return self._port

    @property
    def connection_string(self) -> str:
        """What the SDK needs to connect; the emulator flag must be lower case to mean plain TCP."""
        return (
            f"Endpoint=sb://{HOST}:{self.port};SharedAccessKeyName={self.access_key.name};"
            f"SharedAccessKey={self.access_key.key};UseDevelopmentEmulator=true;"
        )

    def refuse_connections(self, refuse: bool) -> None:
        """Drop all connections and refuse new ones, or accept them again."""
        self.refuses_connections = refuse
        if refuse:
            for connection in tuple(self._connections):
                connection.abort()

    def admit(self, connection: Connection) -> bool:
        """Keep track of a new connection, unless connections are refused."""
        if self.refuses_connections:
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: Connection) -> None:
        """Lose track of a connection that is gone."""
        self._connections.discard(connection)
