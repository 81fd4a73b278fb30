"""Child processes that announce themselves with one JSON line, and end on SIGTERM."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
STOP_SECONDS = 20.0


class ProcessFailed(Exception):
    """A part of the stack did not start."""


@dataclass(slots=True)
class Part:
    """One running part. `announced` is its JSON line."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes]
    announced: dict[str, Any] = field(default_factory=dict)

    def wait_ready(self) -> dict[str, Any]:
        """Wait for the JSON line. Raises ProcessFailed with the end of the part's log."""
        line = _first_line(self.process, time.monotonic() + READY_SECONDS)
        if not line:
            raise ProcessFailed(f"{self.name} did not start ({' '.join(self.command)}):\n{self.log_tail()}")
        self.announced = json.loads(line)
        return self.announced

    def log_tail(self, lines: int = 20) -> str:
        """Return the end of the part's log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """Ask it to end; insist after a while."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)  # a test may have paused it
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start(name: str, command: Sequence[str], environment: Mapping[str, str], logs: Path) -> Part:
    """Start a part; its standard error goes to a log file."""
    log = logs / f"{name}.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            list(command),
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the stack alone, which stops the parts in order
        )
    return Part(name, command, environment, log, process)


def _first_line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """Read one line, or nothing when the process ends or the deadline passes first."""
    assert process.stdout is not None
    descriptor, line = process.stdout.fileno(), b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return b""
            chunk = os.read(descriptor, 1)
            if not chunk:
                return b""
            line += chunk
    return line
