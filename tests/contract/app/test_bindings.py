"""The app as the real Functions runtime sees it, and the promises that the code makes about its host."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.queues import QUEUES

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).with_name("bindings.json")


@pytest.fixture(scope="module")
def indexed() -> dict[str, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "tests.contract.app.index_app"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    bindings: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return bindings


def test_the_indexed_bindings_are_the_golden_ones(indexed: dict[str, Any]) -> None:
    assert indexed == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_every_queue_has_a_processor_that_knows_whether_it_has_sessions(indexed: dict[str, Any]) -> None:
    triggers = {
        binding["queueName"]: bool(binding.get("isSessionsEnabled"))
        for bindings in indexed.values()
        for binding in bindings
        if binding["type"] == "serviceBusTrigger"
    }
    assert triggers == {queue.name: queue.requires_session for queue in QUEUES}


def test_no_function_is_open_to_everybody(indexed: dict[str, Any]) -> None:
    levels = [b["authLevel"] for bindings in indexed.values() for b in bindings if b["type"] == "httpTrigger"]
    assert levels
    assert set(levels) == {"FUNCTION"}


def test_no_retry_policy_is_on_a_service_bus_trigger() -> None:
    """The runtime accepts @app.retry there and the host ignores it."""
    source = (ROOT / "shared" / "triggers" / "queues.py").read_text(encoding="utf-8")
    assert ".retry(" not in source


def test_host_json_keeps_sessions_short_and_lets_eight_run_at_once() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    service_bus = host["extensions"]["serviceBus"]
    assert service_bus["maxConcurrentSessions"] == 8
    assert service_bus["autoCompleteMessages"] is True


def test_the_settings_example_names_every_setting_that_the_market_map_needs() -> None:
    example = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    text = (ROOT / "local" / "market-map.yaml").read_text(encoding="utf-8")
    placeholders = {part.split("}")[0] for part in text.split("${")[1:]} - {"NAME"}
    assert placeholders <= set(example)
