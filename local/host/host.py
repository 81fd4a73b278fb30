"""The composition root: settings, worker, listeners and server, from start to stop."""

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from local.host.errors import HostError
from local.host.functions import HttpTrigger, QueueTrigger, TimerTrigger, Trigger, read_trigger
from local.host.http import HttpHost
from local.host.logs import InvocationNames, configure_logging
from local.host.routes import RouteTable
from local.host.servicebus import QueueListener
from local.host.settings import HostConfig, load_host_config, load_settings
from local.host.timers import StatusStore, Timer
from local.host.worker import Worker

_log = logging.getLogger("local.host")


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    app: Path
    port: int = 0
    env_file: Path | None = None
    state_dir: Path | None = None
    drain_seconds: float = 30.0


@dataclass(frozen=True)
class Ready:
    """What a caller needs to know once the host is up."""

    url: str
    function_key: str
    functions: list[str]


class _Server(uvicorn.Server):
    """A server that leaves signals to the host and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no handler."""
        yield


class Host:
    """One app being served."""

    def __init__(self, options: Options, names: InvocationNames) -> None:
        self._options = options
        self._names = names
        self._worker = Worker(names)
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, Timer] = {}
        self._listeners: list[QueueListener] = []
        self._socket = _loopback_socket(options.port)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> Ready:
        """Index the app and start everything; HostError where the app cannot be served."""
        settings = load_settings(self._options.app, self._options.env_file)
        config = load_host_config(self._options.app, os.environ)
        functions = await self._worker.load(self._options.app)
        enabled = [item for item in functions if not settings.is_disabled(item.name)]
        triggers = [read_trigger(item.name, item.raw_bindings, settings) for item in enabled]
        key = settings.get("FUNCTIONS_KEY") or secrets.token_urlsafe(32)
        await self._start_listeners(triggers, config, key)
        port = self._socket.getsockname()[1]
        return Ready(f"http://127.0.0.1:{port}", key, [item.name for item in enabled])

    async def stop(self) -> list[str]:
        """Stop listening, wait for what runs and name the functions that did not end in time."""
        for task in self._tasks:
            task.cancel()
        if self._server:
            self._server.should_exit = True
        stopping = [asyncio.create_task(listener.stop()) for listener in self._listeners]
        stopping.append(asyncio.create_task(self._names.wait_until_idle()))
        await self._finish([*stopping, *([self._serving] if self._serving else [])])
        return self._names.running()

    def run_in_background(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run beside the server; a bug in it is logged, not lost."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _start_listeners(self, triggers: list[Trigger], config: HostConfig, key: str) -> None:
        store = StatusStore(self._options.state_dir)
        timers = [item for item in triggers if isinstance(item, TimerTrigger)]
        self._timers = {item.function: Timer(item, self._worker, store) for item in timers}
        self._listeners = [
            QueueListener(item, self._worker, config) for item in triggers if isinstance(item, QueueTrigger)
        ]
        routes = RouteTable(config.route_prefix, [item for item in triggers if isinstance(item, HttpTrigger)])
        await self._serve(HttpHost(self._worker, routes, key, self._fires(), self.run_in_background))
        for listener in self._listeners:
            listener.start()
        for name, timer in self._timers.items():
            self.run_in_background(timer.run(), f"timer {name}")

    async def _serve(self, app: HttpHost) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, round(self._options.drain_seconds)),
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        await self._server.listening.wait()

    def _fires(self) -> dict[str, Callable[[], Coroutine[None, None, None]]]:
        return {name: timer.fire for name, timer in self._timers.items()}

    async def _finish(self, stopping: list[asyncio.Task[None]]) -> None:
        done, late = await asyncio.wait(stopping, timeout=self._options.drain_seconds)
        for task in late:
            task.cancel()
        for problem in [task.exception() for task in done if not task.cancelled()]:
            if problem:
                _log.error("while stopping: %r", problem)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            _log.error("%s stopped: %r", task.get_name(), problem, exc_info=problem)


async def run(options: Options, announce: Callable[[Ready], None]) -> list[str]:
    """Serve until SIGTERM or SIGINT; return the functions that were still running after the drain."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    names = InvocationNames()
    configure_logging(names)
    host = Host(options, names)
    announce(await host.start())
    await stop.wait()
    _log.info("Stopping: no new work, %s running.", len(names.running()))
    return await host.stop()


def _loopback_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise HostError(f"port {port} cannot be bound on 127.0.0.1: {error}; give another --port, or 0.") from error
    return listener
