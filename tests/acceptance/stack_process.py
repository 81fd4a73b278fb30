"""`python -m local up --json` as a process of the test session."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.processes import ROOT
from local.scenario import Scenario

START_SECONDS = 120
STOP_SECONDS = 60


@contextmanager
def stack_process(*settings: str) -> Iterator[Scenario]:
    """Start the stack, hand out its scenario, stop it with SIGTERM and expect a clean end."""
    command = [sys.executable, "-m", "local", "up", "--json"]
    command += [word for setting in settings for word in ("--set", setting)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ})
    try:
        yield Scenario(json.loads(_line(process)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()


def _line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(START_SECONDS):
            raise AssertionError("the stack did not start in time")
    return process.stdout.readline()
