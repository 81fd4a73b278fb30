"""Several worker processes, a Business Central simulator and Azurite, each a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx

from local import azurite
from shared.dynamics.limiter.sheet import Sheet, from_json
from shared.state.tables import TablesState

ROOT = Path(__file__).resolve().parents[3]
KEY = "a key for tests only"
API = "v2.0/tenant/sandbox/api/v2.0"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as its worker saw it; times of the machine's monotonic clock."""

    begun: float
    ended: float
    status: int
    retry_after: float | None


@dataclass
class Worker:
    """A worker process. `lines` grows while it works."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    reader: Thread | None = None

    @property
    def holder(self) -> str:
        return str(self.lines[0]["holder"])

    @property
    def sent(self) -> list[Sent]:
        found = [line for line in list(self.lines) if "begun" in line]
        return [
            Sent(line["begun"], line["ended"], line["status"], float(line["retry_after"] or 0) or None)
            for line in found
        ]

    @property
    def errors(self) -> list[str]:
        return [line["error"] for line in list(self.lines) if "error" in line]

    @property
    def operations(self) -> int:
        return sum(line.get("operations", 0) for line in self.lines)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))


@dataclass
class Fleet:
    """Everything that runs."""

    url: str
    tables: str
    clients: Sequence[str]
    limits: dict[str, Any]
    prefix: str = field(default_factory=lambda: f"t{uuid4().hex[:12]}")
    workers: list[Worker] = field(default_factory=list)

    @property
    def api(self) -> str:
        return f"{self.url}/{API}"

    @property
    def sent(self) -> list[Sent]:
        return sorted((sent for worker in self.workers for sent in worker.sent), key=lambda sent: sent.begun)

    def launch(self, count: int, tasks: int) -> None:
        """Start workers, each with so many tasks that all want to send at once; returns when all have begun."""
        settings = {"tables": self.tables, "prefix": self.prefix, "clients": self.clients, "url": self.api, "key": KEY}
        line = json.dumps(settings | {"limits": self.limits, "tasks": tasks}) + "\n"
        fresh = [self._start(line) for _ in range(count)]
        self.workers += fresh
        while not all(worker.lines for worker in fresh):
            time.sleep(0.05)

    def _start(self, line: str) -> Worker:
        command = [sys.executable, "-m", "tests.contract.limiter.worker"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        worker = Worker(process)
        worker.reader = Thread(target=worker.read, daemon=True)
        worker.reader.start()
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()
        return worker

    def recall(self) -> None:
        """End all workers and wait for what they have to say."""
        for worker in self.workers:
            assert worker.process.stdin is not None
            worker.process.stdin.close()
        for worker in self.workers:
            worker.process.wait(20)
            assert worker.reader is not None
            worker.reader.join(5)
            assert worker.process.stdout is not None
            worker.process.stdout.close()

    def kill(self, worker: Worker) -> float:
        """End a worker without a word; the time of it."""
        worker.process.send_signal(signal.SIGKILL)
        return time.monotonic()

    def sheet(self, client: str) -> Sheet:
        """What is on a user's sheet now."""

        async def read() -> Sheet:
            state = TablesState.from_connection_string(self.tables, self.prefix)
            try:
                return from_json((await state.leases.read(f"{self.api}|{client}".lower())).data)
            finally:
                await state.close()

        return asyncio.run(read())

    def control(self, path: str, body: dict[str, Any]) -> None:
        httpx.post(f"{self.url}/{path}", json=body).raise_for_status()


@contextmanager
def fleet(limits: dict[str, Any], clients: Sequence[str] = ("client-1",), latency_ms: int = 100) -> Iterator[Fleet]:
    """Start the simulator, which enforces the limits, and Azurite. Workers are launched by the caller."""
    command = [sys.executable, "-m", "local.dynamics", "business_central", "--port", "0"]
    environment = os.environ | {"LOCAL_TOKEN_KEY": KEY}
    with (
        azurite.start() as tables,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as simulator,
    ):
        assert simulator.stdout is not None
        try:
            url = json.loads(simulator.stdout.readline())["url"]
            running = Fleet(url, tables.tables_connection_string, clients, limits)
            enforced = {name: limits[name] for name in ("in_flight", "requests", "window_seconds")}
            running.control("__limits", enforced)
            running.control("__settings", {"latency_ms": latency_ms})
            asyncio.run(_create_tables(running))
            yield running
        finally:
            for worker in running.workers:
                worker.process.kill()
                worker.process.wait()
            simulator.terminate()


async def _create_tables(running: Fleet) -> None:
    state = TablesState.from_connection_string(running.tables, running.prefix)
    await state.ensure()
    await state.close()


def most_in_window(moments: Sequence[float], window: float) -> int:
    """The largest number of moments within any window that ends at one of them."""
    most, first = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - window:
            first += 1
        most = max(most, last - first + 1)
    return most


def most_at_once(sent: Sequence[Sent]) -> int:
    """The largest number of requests that ran at the same time."""
    changes = sorted([(one.begun, 1) for one in sent] + [(one.ended, -1) for one in sent])
    running, most = 0, 0
    for _, change in changes:
        running += change
        most = max(most, running)
    return most
