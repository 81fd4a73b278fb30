"""The Functions host and the broker as real processes."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

APP = Path(__file__).parent / "app"
ROOT = Path(__file__).parents[3]
ALL = ("every_second", "hourly", "at_startup", "on_session", "on_plain")


class ServerProcess:
    """A child that prints one JSON line when it is ready and ends on SIGTERM."""

    def __init__(self, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed in close()
        self.child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def wait_ready(self) -> dict[str, Any]:
        assert self.child.stdout is not None
        readable, _, _ = select.select([self.child.stdout], [], [], 30)
        line = self.child.stdout.readline() if readable else ""
        if not line:
            code = self.stop()
            raise AssertionError(f"not ready, exit code {code}:\n{self.log()}")
        ready: dict[str, Any] = json.loads(line)
        return ready

    def terminate(self) -> None:
        self.child.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        if self.child.poll() is None:
            self.terminate()
        return self.wait()

    def wait(self) -> int:
        try:
            return self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise
        finally:
            if self.child.stdout:
                self.child.stdout.close()

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def close(self) -> None:
        self.stop()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class RunningHost(ServerProcess):
    """The host, serving the small app with only the named triggers besides HTTP."""

    def __init__(
        self,
        folder: Path,
        *only: str,
        app: Path = APP,
        options: tuple[str, ...] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.record_file = folder / "record.jsonl"
        values = {
            "RECORD": str(self.record_file),
            "HOURLY": "0 0 * * * *",
            "SESSION_QUEUE": "with-sessions",
            "PLAIN_QUEUE": "plain",
            "ServiceBus": "Endpoint=sb://localhost:1;SharedAccessKeyName=none;SharedAccessKey=bm9uZQ==;UseDevelopmentEmulator=true",
            **{f"AzureWebJobs.{name}.Disabled": "true" for name in ALL if name not in only},
            **(settings or {}),
        }
        env_file = folder / "settings.json"
        env_file.write_text(json.dumps({name: value for name, value in values.items() if value}), encoding="utf-8")
        super().__init__(["-m", "local.host", "--app", str(app), "--port", "0", "--env-file", str(env_file), *options])
        self.url = ""
        self.key = ""
        self.functions: list[str] = []

    def started(self) -> Self:
        ready = self.wait_ready()
        self.url, self.key, self.functions = ready["url"], ready["function_key"], ready["functions"]
        return self

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=20)

    def records(self, name: str) -> list[dict[str, Any]]:
        if not self.record_file.is_file():
            return []
        lines = self.record_file.read_text(encoding="utf-8").splitlines()
        return [entry for entry in map(json.loads, lines) if entry["name"] == name]


def start_broker(folder: Path, port: int = 0) -> tuple[ServerProcess, dict[str, Any]]:
    config = folder / "queues.json"
    queues = [
        {"name": "with-sessions", "requires_session": True, "max_delivery_count": 3, "lock_duration_seconds": 3},
        {"name": "plain", "max_delivery_count": 3, "lock_duration_seconds": 3},
        {"name": "stopping"},
        {"name": "short-lock", "lock_duration_seconds": 2},
    ]
    config.write_text(json.dumps({"queues": queues}), encoding="utf-8")
    broker = ServerProcess(
        ["-m", "local.servicebus", "--port", str(port), "--config", str(config), "--json"],
        {"SERVICEBUS_SAS_KEY": "a2V5LW9mLXRoZS10ZXN0cw=="},
    )
    return broker, broker.wait_ready()


def eventually[T](read: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 15) -> T:
    """Poll until what is read is as wanted; return it either way, for the caller to assert on."""
    deadline = time.monotonic() + seconds
    value = read()
    while not wanted(value) and time.monotonic() < deadline:
        time.sleep(0.05)
        value = read()
    return value
