"""`ctd365 shadow`: what flows in shadow mode would have written, and whether another version would write the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.text import Text

from shared.cli.context import Context
from shared.cli.exits import CommandError, Exit
from shared.cli.output import show_json, show_table, show_text
from shared.cli.run import run
from shared.cli.shadow_report import Comparison, ShadowReport, compare, report_of

group = typer.Typer(no_args_is_help=True, help="Compare what two versions would write, order by order.")

_STYLES = {"same": "green", "differs": "red", "only here": "yellow", "only there": "yellow"}
MASKED = "Personal data is masked in the audit: differences inside masked fields do not show (AUDIT_PERSONAL_DATA)."


@group.callback()
def _group() -> None:
    """Keep `report` a word of its own although it is the only command yet."""


@group.command("report")
def report_command(
    ctx: typer.Context,
    day: Annotated[
        datetime, typer.Option("--day", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="A day, UTC, of the audit.")
    ],
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="A report that another version saved.")
    ] = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Write this report to a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Report what shadow mode recorded. Against a saved report: exits with 1 unless everything is the same."""

    async def work(context: Context) -> Exit:
        entries = [entry async for entry in context.state.audit.by_day(day.replace(tzinfo=UTC))]
        report = report_of(f"{day:%Y-%m-%d}", entries)
        if save is not None:
            _save(save, report)
        if against is None:
            return _show_report(report, as_json)
        return _show_comparison(compare(report, _read(against)), as_json)

    run(ctx, work)


def _save(path: Path, report: ShadowReport) -> None:
    try:
        path.write_text(json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}", "give --save another path") from error


def _read(path: Path) -> ShadowReport:
    try:
        return TypeAdapter(ShadowReport).validate_json(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}", "give the path of a saved report") from error
    except ValidationError as error:
        hint = "give a file that `ctd365 shadow report --save FILE` wrote"
        raise CommandError(f"{path} is no shadow report: {error.error_count()} problem(s)", hint) from error


def _show_report(report: ShadowReport, as_json: bool) -> Exit:
    if as_json:
        show_json(asdict(report))
        return Exit.OK
    if not report.entities:
        show_text(f"Shadow of {report.day} (UTC): nothing is recorded.")
        return Exit.OK
    rows = [(item.market, item.shown, str(len(item.fields))) for item in report.entities]
    show_table(f"Shadow of {report.day} (UTC)", ("Market", "Entity", "Fields that would be written"), rows)
    return Exit.OK


def _show_comparison(found: Sequence[Comparison], as_json: bool) -> Exit:
    if as_json:
        show_json([asdict(item) for item in found])
    else:
        show_table("Here against the saved report", ("Market", "Entity", "Verdict", "Fields"), map(_row, found))
        show_text(_sum(found))
        show_text(MASKED, style="dim")
    agreed = found and all(item.verdict == "same" for item in found)
    return Exit.OK if agreed else Exit.NOTHING_OR_PARTLY


def _row(item: Comparison) -> tuple[str, str, Text, str]:
    fields = "\n".join(f"{field.path}: {field.there} → {field.here}" for field in item.fields)
    return item.market, item.entity, Text(item.verdict, style=_STYLES[item.verdict]), fields


def _sum(found: Sequence[Comparison]) -> str:
    counts = {verdict: sum(item.verdict == verdict for item in found) for verdict in _STYLES}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
