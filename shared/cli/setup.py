"""`ctd365 setup`: what the connector needs inside the other systems, created where it is missing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from shared.cli.context import Context
from shared.cli.exits import CommandError, Exit, usage_error
from shared.cli.output import show_json, show_table, show_text
from shared.cli.run import run
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.dataverse_setup import DataverseSetup, Step
from shared.dynamics.dataverse_webhook import WebhookSetup
from shared.market_options.dataverse import DataverseOptions

group = typer.Typer(no_args_is_help=True, help="Create what is missing in the other systems; running it again is safe.")

_STATES = {
    "there": ("there", "green"),
    "missing": ("to be created", "yellow"),
    "building": ("index is being built", "yellow"),
    "wrong": ("must be corrected", "red"),
}


@group.command("dataverse")
def dataverse_command(
    ctx: typer.Context,
    back_end: Annotated[
        str | None, typer.Option("--back-end", metavar="NAME", help="A back-end of the market map; else all of them.")
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(
            "--webhook",
            metavar="URL",
            help="Let Dataverse tell of customers there: this application's URL with ?code=KEY.",
        ),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be created.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Create the columns and alternate keys that sales orders, accounts and contacts need, and switch tracking on.

    The names come from the market map (dataverse.order_key and the other columns there); their publisher must exist.
    With --webhook, the service endpoint and its steps are registered, too; the map's events.secret is what they show.
    """

    async def work(context: Context) -> Exit:
        names = _back_ends(context, back_end)
        hooks = {name: _webhook(context, name, webhook) for name in names} if webhook else {}
        steps = {name: await _set_up(context, name, hooks.get(name), plan_only=plan, quiet=as_json) for name in names}
        if as_json:
            show_json([{"back_end": name, **asdict(step)} for name, found in steps.items() for step in found])
        else:
            for name, found in steps.items():
                _show(name, found)
        wrong = any(step.state == "wrong" for found in steps.values() for step in found)
        return Exit.NOTHING_OR_PARTLY if wrong else Exit.OK

    run(ctx, work)


def _back_ends(context: Context, name: str | None) -> list[str]:
    known = [key for key, end in context.app.markets.back_ends.items() if end.type == "dataverse"]
    if name is not None and name not in known:
        raise usage_error(f"{name} is no Dataverse back-end of the market map", f"known are: {', '.join(known) or '-'}")
    if not known:
        raise CommandError("the market map has no Dataverse back-end", "add one to back_ends", Exit.CONFIGURATION)
    return [name] if name is not None else known


def _webhook(context: Context, name: str, url: str) -> WebhookSetup:
    """Raises CommandError for a URL without a key, and where the map says nothing of events."""
    events = context.app.markets.back_ends[name].events
    if events is None:
        hint = f"add events: {{url, secret}} to back_ends.{name}: without a secret no notice would be believed"
        raise CommandError(f"the market map has no events for {name}", hint, Exit.CONFIGURATION)
    try:
        return WebhookSetup(_dataverse(context, name).api, url, events.secret.get_secret_value(), str(uuid.uuid4()))
    except ValueError as error:
        raise usage_error(f"--webhook: {error}", f"for example …/api/dynamics/{name}/events?code=KEY") from error


def _dataverse(context: Context, name: str) -> Dataverse:
    connector = context.app.connectors[name]
    assert isinstance(connector, Dataverse)
    return connector


async def _set_up(
    context: Context, name: str, webhook: WebhookSetup | None, *, plan_only: bool, quiet: bool
) -> Sequence[Step]:
    options = [
        market.dataverse or DataverseOptions() for market in context.app.markets.markets if market.back_end == name
    ]
    api = _dataverse(context, name).api
    columns = DataverseSetup(api, options or [DataverseOptions()], str(uuid.uuid4()), context.pause)
    parts: list[DataverseSetup | WebhookSetup] = [columns, *([webhook] if webhook else [])]

    def report(step: Step) -> None:
        if not quiet:
            show_text(f"created or switched on: {step.kind} {step.table}.{step.name}")

    found = [await part.plan() for part in parts]
    if not plan_only:
        for part, steps in zip(parts, found, strict=True):
            await part.apply(steps, report)
        found = [await part.plan() for part in parts]
    return [step for steps in found for step in steps]


def _show(name: str, steps: Sequence[Step]) -> None:
    rows = [(step.kind, step.table, step.name, _state(step), step.problem) for step in steps]
    show_table(f"Dataverse back-end {name}", ("What", "Table", "Name", "State", "Problem"), rows)


def _state(step: Step) -> Text:
    text, style = _STATES[step.state]
    return Text(text, style=style)
