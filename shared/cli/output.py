"""What commands print: tables and fields for people, JSON with stable names for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from shared.state.codec import encode

WIDTH_WHEN_PIPED = 160  # a pipe has no width of its own; rich would cut to 80
NEVER_WRAPPED = frozenset({"Seq", "Time", "Id", "Age"})  # people copy these, or read down the column
_COLOURS = {"Done": "green", "NoChange": "green", "DeadLetter": "red", "RetryAt": "yellow", "NeedsReview": "yellow"}


def console(*, errors: bool = False) -> Console:
    """Return a console on the standard stream of this moment."""
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_WHEN_PIPED
    return Console(file=stream, width=width, highlight=False)


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print rows; long cells are folded, never cut."""
    table = Table(title=Text(title), title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in NEVER_WRAPPED)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    console().print(table)


def show_fields(title: str, fields: Mapping[str, str]) -> None:
    """Print one thing, a field a line; empty fields are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in fields.items():
        if value:
            grid.add_row(Text(name), Text(value))
    console().print(Text(title, style="bold underline"))
    console().print(grid)


def show_text(text: str, style: str = "") -> None:
    """Print text as it is."""
    console().print(Text(text, style=style), soft_wrap=True)


def show_error(message: str, hint: str) -> None:
    """Print an error and what to do next on the standard error stream."""
    screen = console(errors=True)
    screen.print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)
    if hint:
        screen.print(Text.assemble(("Next:  ", "bold"), hint), soft_wrap=True)


def show_json(value: Any) -> None:
    """Print JSON and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def plain(record: object) -> dict[str, Any]:
    """Turn a record into JSON types; times become ISO texts."""
    decoded: dict[str, Any] = json.loads(encode(record))
    return decoded


def outcome_cell(outcome: str) -> Text:
    """Colour an outcome as good, bad or waiting."""
    return Text(outcome, style=_COLOURS.get(outcome, ""))


def pretty(body: str) -> str:
    """Indent a JSON body; anything else stays as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def moment(when: datetime | None) -> str:
    """Show a time in UTC, to the second."""
    return f"{when:%Y-%m-%d %H:%M:%S}Z" if when else ""


def age(since: datetime | None, now: datetime) -> str:
    """Show how long ago something was, in its two largest units."""
    if since is None:
        return ""
    seconds = max(int((now - since) / timedelta(seconds=1)), 0)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Progress]:
    """Show progress on the standard error stream, so that the output stays clean."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    screen = console(errors=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        progress.add_task(title, total=total)
        yield progress
