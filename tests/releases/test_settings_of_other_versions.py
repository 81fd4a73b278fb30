"""Settings and market maps of other versions, and switching a flow by a setting alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.markets import MarketMapError, load_market_map, parse_market_map
from shared.pipeline.outcome import Done, NoChange
from shared.settings import ROOT, Settings, read_settings
from tests.fakes.markets import ENVIRONMENT, MARKET_MAP
from tests.releases.versions import VERSIONS, recorded
from tests.unit.flows.desk import Desk

EXAMPLE = ROOT / "infra" / "market-map.example.yaml"
AZURE: dict[str, str] = recorded(VERSIONS[-1], "settings.json")["azure"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["azure", "tuned"])
def test_settings_of_that_version_are_accepted_and_mean_the_same(version: str, kind: str) -> None:
    environment = recorded(version, "settings.json")[kind]
    settings = read_settings(environment)
    for name, field in Settings.model_fields.items():
        if environment.get(field.alias or ""):
            assert _text(getattr(settings, name)) == environment[field.alias or ""].lower()


def _text(value: Any) -> str:
    plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    return str(int(plain) if isinstance(plain, float) and plain.is_integer() else plain).lower()


def test_what_a_version_does_not_set_yet_has_a_default() -> None:
    settings = read_settings(AZURE)
    assert settings.claim_lease == timedelta(minutes=5)
    assert (settings.intake_requests_per_second, settings.intake_burst) == (100, 500)


def test_a_setting_of_a_later_version_is_ignored() -> None:
    assert read_settings({**AZURE, "ADDED_LATER": "1"}) == read_settings(AZURE)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_market_map_of_that_version_is_accepted(version: str) -> None:
    environment = recorded(version, "settings.json")["azure"]
    markets = load_market_map(ROOT / environment["MARKET_MAP"], environment)
    assert [(market.name, market.mode("orders")) for market in markets.markets] == [
        ("pilot", environment["PILOT_MODE"]),
        ("others", environment["OTHERS_MODE"]),
    ]


def test_a_market_map_of_a_later_schema_is_refused_at_start_and_not_half_understood() -> None:
    with pytest.raises(MarketMapError, match="schema"):
        parse_market_map(MARKET_MAP.replace("schema: 1", "schema: 2"), "test", ENVIRONMENT)


@pytest.mark.parametrize("pilot", ["off", "shadow", "on"])
@pytest.mark.parametrize("others", ["off", "shadow", "on"])
def test_two_settings_switch_the_flows_of_the_example_map(pilot: str, others: str) -> None:
    markets = load_market_map(EXAMPLE, {**AZURE, "PILOT_MODE": pilot, "OTHERS_MODE": others})
    assert (markets.by_name["pilot"].mode("orders"), markets.by_name["others"].mode("orders")) == (pilot, others)


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MarketMapError, match="'on', 'shadow' or 'off'"):
        load_market_map(EXAMPLE, {**AZURE, "PILOT_MODE": "paused"})


def restarted_with(mode: str, desk: Desk) -> Desk:
    """The same systems under a process that started with another setting: nothing is deployed."""
    text = MARKET_MAP.replace('modes: {orders: "on"}', 'modes: {orders: "${PILOT_MODE}"}')
    desk.markets = parse_market_map(text, "test", {**ENVIRONMENT, "PILOT_MODE": mode})
    return desk


async def test_off_then_shadow_then_on_is_nothing_then_shown_then_written_once() -> None:
    desk = Desk()
    assert isinstance(await restarted_with("off", desk).run(), NoChange)
    assert isinstance(await restarted_with("shadow", desk).run(), Done)
    assert desk.steps[-1] == "shadow"
    assert desk.records == []
    await restarted_with("on", desk).done()
    assert isinstance(await restarted_with("on", desk).run(), NoChange)
    assert len(desk.records) == 1


async def test_switched_off_in_an_emergency_nothing_more_is_written() -> None:
    desk = Desk()
    await restarted_with("on", desk).done()
    desk.place(version=2, purchaseOrderNumber="changed", orderNumber="SE-1001")
    calls = len(desk.connector.calls)
    assert isinstance(await restarted_with("off", desk).run(), NoChange)
    assert len(desk.connector.calls) == calls
