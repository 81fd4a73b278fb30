"""An ingestion endpoint, and the program that sends to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local.processes import ROOT
from tests.contract.telemetry.ingestion import Ingestion, ingestion

EXPORTERS = ("opencensus", "opentelemetry")
SECONDS = 100


@dataclass(frozen=True)
class Run:
    """What a run of the program said, and what arrived."""

    found: Mapping[str, Any]
    modules: frozenset[str]
    received: Ingestion


def start(exporter: str, connection_string: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "APPLICATIONINSIGHTS_CONNECTION_STRING": connection_string}
    command = [sys.executable, "-m", "tests.contract.telemetry.program", exporter]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(exporter: str, server: Ingestion, connection_string: str = "") -> Run:
    """Run the program to its end."""
    process = start(exporter, connection_string or server.connection_string)
    output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    found, ended = map(json.loads, output.splitlines())
    return Run(found, frozenset(ended["modules"]), server)


@pytest.fixture
def server() -> Iterator[Ingestion]:
    with ingestion() as found:
        yield found


@pytest.fixture(scope="package")
def runs() -> dict[str, Run]:
    """One run of each exporter."""
    made = {}
    for exporter in EXPORTERS:
        with ingestion() as found:
            made[exporter] = finish(exporter, found)
    return made


@pytest.fixture(params=EXPORTERS)
def exporter(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def run(exporter: str, runs: dict[str, Run]) -> Run:
    return runs[exporter]
