"""Azurite's Table service as a process of its own.

`python -m local.azurite --in-memory` starts it on a free loopback port, prints one JSON line with the connection
string when it answers, and stops it on SIGTERM with exit code 0. The account key is made anew for each start.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from local.interruption import INTERRUPTION
from local.node import node_path

ACCOUNT = "devstoreaccount1"
_MAIN = Path(__file__).parent.parent / "node_modules" / "azurite" / "dist" / "src" / "table" / "main.js"
_READY_WITHIN = 60.0
_STOPPED_WITHIN = 10.0
_ATTEMPTS = 5
_READY = "successfully started"


class AzuriteFailed(Exception):
    """Azurite did not start, or died."""


@dataclass(frozen=True, slots=True)
class Azurite:
    """A running Azurite."""

    process: subprocess.Popen[bytes]
    port: int
    account_key: str = field(repr=False)

    @property
    def tables_connection_string(self) -> str:
        """What `TablesState.from_connection_string` takes."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={self.account_key};"
            f"TableEndpoint=http://127.0.0.1:{self.port}/{ACCOUNT};"
        )

    def stop(self) -> None:
        """End the process and wait for it."""
        # The Table service saves what it holds on SIGINT only; SIGTERM would lose up to five seconds of writes.
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def find_command() -> list[str]:
    """Return the command that runs Azurite's Table service; options are appended by the caller."""
    if not _MAIN.is_file():
        raise AzuriteFailed(f"{_MAIN} is missing: install the Node packages (`python -m local.node npm ci`)")
    return [str(node_path()), str(_MAIN)]


def start(port: int = 0, location: Path | None = None) -> Azurite:
    """Start Azurite and wait until it answers. Port 0 takes a free one; without a location it forgets on exit."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _start_once(port or _free_port(), location)
        except AzuriteFailed:
            # Between finding a free port and Azurite's taking it, somebody else may have.
            if port:
                raise
    return _start_once(port or _free_port(), location)


def _start_once(port: int, location: Path | None) -> Azurite:
    key = base64.b64encode(secrets.token_bytes(64)).decode("ascii")
    with tempfile.TemporaryFile() as log:
        running: Azurite | None = None
        try:
            with INTERRUPTION.held():  # whoever stops us now would leave Azurite behind
                process = subprocess.Popen(
                    [*find_command(), *_options(port, location)],
                    env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
                running = Azurite(process, port, key)
            _wait_until_ready(running, log)
        except BaseException:
            if running is not None:
                running.stop()
            raise
    return running


def _options(port: int, location: Path | None) -> list[str]:
    persistence = ["--inMemoryPersistence"] if location is None else ["--location", str(location)]
    address = ["--tableHost", "127.0.0.1", "--tablePort", str(port)]
    # Newer SDKs send API versions that this Azurite has not heard of; the Table service answers them all the same.
    return [*address, *persistence, "--silent", "--disableTelemetry", "--skipApiVersionCheck"]


def _wait_until_ready(running: Azurite, log: IO[bytes]) -> None:
    # Azurite's own word, not a connection: on a port that somebody else took first a connection would succeed too.
    deadline = time.monotonic() + _READY_WITHIN
    while _READY not in (said := _read(log)):
        if (code := running.process.poll()) is not None:
            raise AzuriteFailed(
                f"Azurite ended with exit code {code} before it listened on port {running.port}: {said}"
            )
        if time.monotonic() > deadline:
            raise AzuriteFailed(f"Azurite does not listen on port {running.port} after {_READY_WITHIN:.0f} s: {said}")
        time.sleep(0.05)


def _read(log: IO[bytes]) -> str:
    # pread: the child writes through the same file description, so seeking would move its position as well.
    return os.pread(log.fileno(), 20_000, 0).decode("utf-8", "replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.azurite", description="Azurite's Table service")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free port")
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument("--location", type=Path, help="keep the tables in this folder")
    keep.add_argument("--in-memory", action="store_true", help="forget everything on exit (the default)")
    return parser.parse_args()


def main() -> int:
    """Run Azurite until SIGTERM or SIGINT."""
    arguments = _arguments()
    INTERRUPTION.install()
    try:
        with start(arguments.port, arguments.location) as running:
            print(json.dumps({"tables_connection_string": running.tables_connection_string}), flush=True)
            code = running.process.wait()
    except KeyboardInterrupt:
        return 0
    sys.stderr.write(f"Azurite ended by itself with exit code {code}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
