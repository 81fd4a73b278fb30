"""`ctd365 doctor`: is everything there that the market map counts on? Each failure comes with its fix."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from shared.cli.context import Context
from shared.cli.doctor_map import check_map
from shared.cli.doctor_systems import check_systems
from shared.cli.exits import Exit, usage_error
from shared.cli.findings import Finding, failed, failures, note, print_findings
from shared.cli.preview_market import read_raw_map
from shared.cli.run import run, run_alone
from shared.markets import MarketMapError
from shared.settings import ROOT


def doctor_command(
    ctx: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Check the market map alone; ask no system.")] = False,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="Market map; MARKET_MAP if not given. With --offline.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Check the market map and, unless --offline, every system that it names. Exits with 0 when all checks pass."""

    async def offline_work() -> Exit:
        return _judge(check_offline(_path(map_file, os.environ), os.environ), as_json)

    async def online_work(context: Context) -> Exit:
        return _judge([*check_map(context.app.markets), *await check_systems(context)], as_json)

    if offline:
        run_alone(offline_work)
    elif map_file is not None:
        run_alone(map_needs_offline)
    else:
        run(ctx, online_work)


async def map_needs_offline() -> Exit:
    """Refuse --map where the running application's own map counts."""
    raise usage_error("--map goes with --offline; without it the map is the one that MARKET_MAP names")


def _judge(findings: list[Finding], as_json: bool) -> Exit:
    print_findings(findings, as_json)
    return Exit.NOTHING_OR_PARTLY if failures(findings) else Exit.OK


def _path(given: Path | None, environment: Mapping[str, str]) -> Path:
    if given is not None:
        return given
    if not environment.get("MARKET_MAP"):
        raise usage_error("no market map to check", "give --map FILE, or set MARKET_MAP to its path")
    return ROOT / environment["MARKET_MAP"]


def check_offline(path: Path, environment: Mapping[str, str]) -> list[Finding]:
    """Check a map file. Settings that are not set here stand in for themselves: secrets are not needed."""
    try:
        markets, absent = read_raw_map(path, environment)
    except MarketMapError as error:
        return [_problem(problem) for problem in error.problems]
    names = ", ".join(absent)
    found = [note("settings", str(path), f"not set here: {names}", "set them where it runs")] if absent else []
    return [*found, *check_map(markets)]


def _problem(problem: str) -> Finding:
    """Split a problem of the map into place, what and hint."""
    place, _, text = problem.partition(": ")
    what, _, hint = text.partition(" (")
    return failed("market map", place, what, hint.removesuffix(")") or "correct it; see docs/market-map.md")
