"""`python -m local up` that is told to stop before it is up: it ends well, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.processes import ROOT

MARKER = "LOCAL_STACK_UNDER_TEST"
PATIENCE_SECONDS = 60
MODULE_THAT_NEVER_ENDS = """
import time
print("importing", flush=True)
time.sleep(600)
"""


@contextmanager
def starting(directory: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The stack as a process on its way up; its temporary files are in the directory."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "up", "--json"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(directory), MARKER: str(directory), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < ends
        time.sleep(0.001)


def left_running(directory: Path) -> list[str]:
    """Command lines of the processes that inherited the marker."""
    marker = f"{MARKER}={directory}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().decode())
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_it_still_imports_it_ends_with_0(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "rich.py").write_text(MODULE_THAT_NEVER_ENDS)  # imported before the real one
    with starting(tmp_path, PYTHONPATH=str(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(number)
        assert (process.wait(PATIENCE_SECONDS), process.communicate()) == (0, ("", ""))


@pytest.mark.parametrize("part", ["service_bus", "finance", "functions"])
def test_told_to_stop_while_a_part_starts_it_stops_what_is_there_and_ends_with_0(tmp_path: Path, part: str) -> None:
    with starting(tmp_path) as process:
        # The log is opened just before the part is started.
        wait_for(lambda: list(tmp_path.glob(f"ctd365-*/logs/{part}.log")), process)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert (process.wait(PATIENCE_SECONDS), process.communicate()) == (0, ("", ""))
    assert left_running(tmp_path) == []
    assert list(tmp_path.glob("ctd365-*")) == []
