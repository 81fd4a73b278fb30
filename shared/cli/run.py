"""Runs the async part of a command and turns every expected error into one message and an exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import typer

from shared.cli.context import Context, OpenContext, open_context
from shared.cli.exits import CommandError, Exit, service_error
from shared.cli.output import show_error
from shared.errors import ServiceError

type Work = Callable[[Context], Awaitable[Exit]]


def run(ctx: typer.Context, work: Work) -> None:
    """Open the context (tests put their own opener into `ctx.obj`), work, exit with its code."""
    opener: OpenContext = ctx.obj or open_context
    try:
        code = asyncio.run(_work(opener, work))
    except ServiceError as error:
        code = _report(service_error(error))
    except CommandError as error:
        code = _report(error)
    raise typer.Exit(code)


def run_alone(work: Callable[[], Awaitable[Exit]]) -> None:
    """Work without a context: for commands that ask no system."""
    try:
        code = asyncio.run(_awaited(work))
    except CommandError as error:
        code = _report(error)
    raise typer.Exit(code)


async def _awaited(work: Callable[[], Awaitable[Exit]]) -> Exit:
    return await work()


async def _work(opener: OpenContext, work: Work) -> Exit:
    async with opener() as context:
        return await work(context)


def _report(error: CommandError) -> Exit:
    show_error(error.message, error.hint)
    return error.code
