"""What a command works with, made in one place; tests hand in their own."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from shared.cli.exits import CommandError, Exit
from shared.composition import App, build_app, service_bus_client
from shared.messaging.dead_letter import DeadLetters
from shared.messaging.dead_letters import AzureDeadLetters
from shared.messaging.queues import QUEUES
from shared.state.protocols import State


@dataclass(frozen=True, slots=True)
class Context:
    """The application and the dead-letter queues. `pause` is how a command waits."""

    app: App
    dead_letters: DeadLetters
    queues: tuple[str, ...] = tuple(queue.name for queue in QUEUES)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def state(self) -> State:
        """The stores."""
        return self.app.road.state


type OpenContext = Callable[[], AbstractAsyncContextManager[Context]]


@asynccontextmanager
async def open_context() -> AsyncIterator[Context]:
    """Wire everything for this process's environment. Raises CommandError for a wrong configuration."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # the command reports errors itself, in one line
    try:
        app = build_app(os.environ)
    except ValueError as error:  # settings, market map, or a connection string that an SDK cannot read
        hint = "set what is named above in the environment (local.settings.json.example lists the settings)"
        raise CommandError(str(error), hint, Exit.CONFIGURATION) from error
    try:
        yield Context(app, AzureDeadLetters(service_bus_client(app.settings)))
    finally:
        await app.close()


def actor_or_user(actor: str | None) -> str:
    """Name who acts, for the audit: the given name, else the user of the operating system."""
    if actor:
        return actor
    try:
        return getpass.getuser()
    except OSError as error:
        raise CommandError("the operating system does not say who you are", "give --actor NAME", Exit.USAGE) from error
