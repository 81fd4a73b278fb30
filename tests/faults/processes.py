"""Killing and pausing the processes of a running stack."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import httpx

from local.scenario import Scenario, wait_until


def kill_functions_host(scenario: Scenario) -> None:
    """Kill -9 whoever serves the functions now; the stack starts a new host, as Azure would."""
    hosts = [pid for pid in _processes() if _is_host(pid, scenario)]
    assert hosts
    for pid in hosts:
        os.kill(pid, signal.SIGKILL)
    wait_until("the new host", lambda: _answers(scenario.stack["functions"]["url"]), seconds=60)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _is_host(pid: int, scenario: Scenario) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it ended meanwhile
        return False
    return b"local.host" in command and scenario.env["FUNCTIONS_KEY"].encode() in environment


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def pause(pid: int) -> None:
    """Stop a process and its children for a while."""
    for child in _family(pid):
        os.kill(child, signal.SIGSTOP)


def resume(pid: int) -> None:
    """Let them go on."""
    for child in _family(pid):
        os.kill(child, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    """The process and its children: Azurite's node runs below its Python wrapper."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [pid, *map(int, children.split())]
