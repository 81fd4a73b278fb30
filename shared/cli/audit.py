"""`ctd365 audit`: what happened, when, why and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from shared.cli.audit_views import show_timeline
from shared.cli.context import Context
from shared.cli.exits import CommandError, Exit
from shared.cli.output import plain, show_json
from shared.cli.run import run
from shared.state.protocols import AuditLog
from shared.state.records import AuditEntry

group = typer.Typer(no_args_is_help=True, help="What happened to an entity or on a day, step by step.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@group.command("show")
def show_command(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ENTITY_ID|DOCUMENT_NUMBER", help="An id, or a number of either side.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show the whole story of one entity, oldest first."""

    async def work(context: Context) -> Exit:
        entries = await _entries(context.state.audit, name)
        if not entries:
            raise CommandError(
                f"nothing is recorded about {name}",
                "give an entity id or a document number as it stands in either system; `ctd365 audit day` lists a day",
            )
        _show(_title(entries), entries, as_json, with_entity=len({entry.entity_id for entry in entries}) > 1)
        return Exit.OK

    run(ctx, work)


@group.command("day")
def day_command(
    ctx: typer.Context,
    day: Annotated[
        datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="A day, from midnight UTC.")
    ],
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", help="Only this outcome: Done, NoChange, RetryAt, DeadLetter, Resubmitted…"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show everything that happened on a UTC day."""

    async def work(context: Context) -> Exit:
        entries = [entry async for entry in context.state.audit.by_day(day.replace(tzinfo=UTC), outcome)]
        _show(f"Audit of {day:%Y-%m-%d} (UTC)", entries, as_json, with_entity=True)
        return Exit.OK

    run(ctx, work)


async def _entries(audit: AuditLog, name: str) -> list[AuditEntry]:
    found = [entry async for entry in audit.by_entity(name)]
    return found or [entry async for entry in audit.by_document_number(name)]


def _show(title: str, entries: Sequence[AuditEntry], as_json: bool, *, with_entity: bool) -> None:
    if as_json:
        show_json([plain(entry) for entry in entries])
    else:
        show_timeline(title, entries, with_entity=with_entity)


def _title(entries: Sequence[AuditEntry]) -> str:
    entity = ", ".join(dict.fromkeys(f"{entry.entity_type} {entry.entity_id}" for entry in entries))
    markets = ", ".join(dict.fromkeys(entry.market for entry in entries if entry.market))
    return f"{entity}, market {markets}" if markets else entity
