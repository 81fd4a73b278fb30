"""What telemetry costs where it is not wanted, and that the setting chooses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from local.processes import ROOT
from shared.settings import SettingsError, read_settings
from tests.contract.telemetry.conftest import EXPORTERS
from tests.contract.telemetry.ingestion import KEY
from tests.fakes.settings import SETTINGS

HEAVY = ("opencensus", "opentelemetry.sdk", "azure.monitor")
PROGRAM = """
import asyncio, json, os, sys
import function_app
from shared.composition import build_app
app = build_app(os.environ)
asyncio.run(app.close())
print(json.dumps([name for name in {heavy!r} if name in sys.modules]))
"""
MAP = ROOT / "docs" / "market-map.example.yaml"
PLACEHOLDERS = dict.fromkeys(re.findall(r"\$\{(\w+)\}", MAP.read_text(encoding="utf-8")), "value")
TELEMETRY = {"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:9/"}


def imported(**settings: str) -> list[str]:
    environment = {**os.environ, **SETTINGS, **PLACEHOLDERS, "MARKET_MAP": str(MAP), **settings}
    command = [sys.executable, "-c", PROGRAM.format(heavy=HEAVY)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_without_a_connection_string_no_exporter_is_imported() -> None:
    assert imported() == []


@pytest.mark.parametrize(
    ("setting", "found"),
    [("", ["opencensus"]), ("opencensus", ["opencensus"]), ("opentelemetry", ["opentelemetry.sdk", "azure.monitor"])],
)
def test_the_setting_chooses_and_opencensus_is_the_default(setting: str, found: list[str]) -> None:
    assert imported(TELEMETRY_EXPORTER=setting, **TELEMETRY) == found


def test_another_exporter_is_refused_by_name_of_the_setting() -> None:
    with pytest.raises(SettingsError, match=r"TELEMETRY_EXPORTER.*opencensus.*opentelemetry"):
        read_settings({**SETTINGS, "TELEMETRY_EXPORTER": "statsd"})
    assert {read_settings({**SETTINGS, "TELEMETRY_EXPORTER": name}).telemetry_exporter for name in EXPORTERS} == set(
        EXPORTERS
    )
