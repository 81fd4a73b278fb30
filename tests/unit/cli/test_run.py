from __future__ import annotations

from datetime import timedelta

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.cli.output import age
from tests.unit.cli.desk import NOW, Desk


def test_an_unreachable_service_bus_is_exit_code_four_without_a_traceback(desk: Desk) -> None:
    desk.dead_letters.down = True

    result = desk.run("dead-letters", "list")

    assert result.exit_code == 4
    assert "service bus: read the dead letters of orders: connection refused" in result.stderr
    assert "run the command again" in result.stderr
    assert "Traceback" not in result.output


def test_missing_settings_are_exit_code_three_and_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MARKET_MAP", "ServiceBus", "TABLES_CONNECTION_STRING"):
        monkeypatch.delenv(name, raising=False)

    result = CliRunner().invoke(app, ["review", "list"])

    assert result.exit_code == 3
    assert "MARKET_MAP: is not set" in result.stderr
    assert result.stdout == ""


def test_a_market_map_that_is_not_there_is_exit_code_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_MAP", "no/such/map.yaml")
    monkeypatch.setenv("ServiceBus", "Endpoint=sb://localhost/;SharedAccessKeyName=name;SharedAccessKey=key")
    monkeypatch.setenv("TABLES_CONNECTION_STRING", "UseDevelopmentStorage=true")

    result = CliRunner().invoke(app, ["review", "list"])

    assert result.exit_code == 3
    assert "no/such/map.yaml" in result.stderr


def test_the_help_names_the_exit_codes_and_the_commands() -> None:
    result = CliRunner().invoke(app, ["--help"])

    assert result.exit_code == 0
    for shown in ("dead-letters", "review", "audit", "Exit codes", "MARKET_MAP"):
        assert shown in result.stdout


@pytest.mark.parametrize("command", [["dead-letters"], ["review"], ["audit"], []])
def test_a_group_alone_prints_its_help(command: list[str]) -> None:
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2
    assert "Usage" in result.output


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=2, minutes=3), "2 h 3 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
    ],
)
def test_an_age_is_shown_in_its_largest_units(passed: timedelta, shown: str) -> None:
    assert age(NOW, NOW + passed) == shown
