"""`ctd365 preview`: what would be written, with the money explained. Nothing is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from shared.cli.context import Context
from shared.cli.doctor import map_needs_offline
from shared.cli.exits import Exit
from shared.cli.output import show_json
from shared.cli.preview_documents import read_document
from shared.cli.preview_offline import offline_preview
from shared.cli.preview_online import online_preview
from shared.cli.preview_order import Preview, as_json, show
from shared.cli.run import run, run_alone

group = typer.Typer(no_args_is_help=True, help="What would be written, with the money explained. Nothing is written.")


@group.callback()
def _group() -> None:
    """Keep `order` a word of its own although it is the only command yet."""


@group.command("order")
def order_command(
    ctx: typer.Context,
    order: Annotated[
        str, typer.Argument(metavar="FILE|ID", help="JSON of an Order or Cart, or an order id or number.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="BACKEND", help="A back-end of the market map, or its type.")],
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no system: SKU = item number, a placeholder customer.")
    ] = False,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="Market map; offline the example map if not given.")
    ] = None,
    project: Annotated[str | None, typer.Option("--project", help="commercetools project of the order.")] = None,
) -> None:
    """Show what an order would become in a back-end: each component, their sum, and the requests."""
    file = Path(order)
    is_file = file.is_file()

    async def offline_work() -> Exit:
        return _print(await offline_preview(read_document(file), to, map_file, project, os.environ), as_json_)

    async def online_work(context: Context) -> Exit:
        document = read_document(file) if is_file else None
        return _print(await online_preview(context, order, document, to, project), as_json_)

    if offline:
        run_alone(offline_work)
    elif map_file is not None:
        run_alone(map_needs_offline)
    else:
        run(ctx, online_work)


def _print(preview: Preview, as_json_: bool) -> Exit:
    if as_json_:
        show_json(as_json(preview))
    else:
        show(preview)
    return Exit.OK
