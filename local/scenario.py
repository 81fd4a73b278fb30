"""Driving a running stack from outside: place orders, program faults, look at every side, run the CLI."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from local.processes import ROOT
from local.seed import commercetools
from local.stack import PROJECT
from shared.state.tables import TablesState

type Row = dict[str, Any]
POLL_SECONDS = 0.2


class TooLate(AssertionError):
    """Something did not happen in time."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One running stack, described by what `python -m local up --json` printed."""

    stack: Mapping[str, Any]

    def seed(self, resource: str, document: Row, message: str = "", times: int = 1) -> None:
        """Store a whole document in commercetools; with a message, deliver that message."""
        query = {"message": message, "times": str(times)} if message else {}
        self._post(f"{self.shop}/__seed/{PROJECT}/{resource}", document, query)

    def order(self, order_id: str) -> Row:
        """Read an order from commercetools as it is now."""
        return self.shop_get(f"orders/{order_id}")

    def shop_get(self, path: str) -> Row:
        """Read a document from commercetools."""
        client = httpx.Client(base_url=self.shop, headers=self.sign_in())
        with client:
            document: Row = client.get(f"/{PROJECT}/{path}").raise_for_status().json()
        return document

    def sign_in(self) -> dict[str, str]:
        """Return the header by which commercetools knows us."""
        return {"Authorization": commercetools(self.env).headers["Authorization"]}

    def run_timer(self, function: str) -> None:
        """Run a timer's function now."""
        functions = self.stack["functions"]
        key = {"x-functions-key": functions["function_key"]}
        answer = httpx.post(f"{functions['url']}/admin/functions/{function}", headers=key, json={})
        answer.raise_for_status()

    def sales_orders(self, reference: str | None = None) -> list[Row]:
        """List Business Central's sales orders with their lines, past the API and its limits."""
        lines = self.central_state("salesOrderLines")
        orders = self.central_state("salesOrders")
        return [
            {**order, "salesOrderLines": [line for line in lines if line["documentId"] == order["id"]]}
            for order in orders
            if reference in (None, order["externalDocumentNumber"])
        ]

    def central_state(self, entity_set: str) -> list[Row]:
        """List all rows of one entity set."""
        rows: list[Row] = httpx.get(f"{self.central}/__state/{entity_set}").raise_for_status().json()["value"]
        return rows

    def requests(self, server: str) -> list[Row]:
        """List what a server was asked."""
        rows: list[Row] = httpx.get(f"{server}/__requests").raise_for_status().json()["requests"]
        return rows

    def functions_log(self) -> str:
        """Return what the functions have logged so far."""
        return (Path(self.stack["logs"]) / "functions.log").read_text(encoding="utf-8", errors="replace")

    def queue(self, name: str = "orders") -> Mapping[str, int]:
        """Count the messages of a queue by state."""
        counts: Mapping[str, Mapping[str, int]] = httpx.get(f"{self.broker}/__queues").json()
        return counts[name]

    def faults(self, server: str, *faults: Mapping[str, Any]) -> None:
        """Program a server's failures in place of those before; none clears them."""
        httpx.delete(f"{server}/__faults").raise_for_status()
        if faults:
            self._post(f"{server}/__faults", {"faults": list(faults)}, {})

    def ctd365(self, *arguments: str, columns: int = 160) -> subprocess.CompletedProcess[str]:
        """Run the command line as an operator would, in a terminal of that width."""
        return subprocess.run(
            [sys.executable, "-m", "shared.cli", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.env, "COLUMNS": str(columns)},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def listing(self, *arguments: str) -> list[Row]:
        """Run a listing command and return its rows."""
        done = self.ctd365(*arguments, "--json")
        if done.returncode not in (0, 1):
            raise AssertionError(f"ctd365 {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        rows: list[Row] = json.loads(done.stdout or "[]")  # nothing found: exit 1 and a hint on standard error
        return rows

    def audit(self, entity_id: str) -> list[Row]:
        """List the audit entries of an entity, oldest first, straight from the table."""
        return asyncio.run(self._audit(entity_id))

    async def _audit(self, entity_id: str) -> list[Row]:
        state = TablesState.from_connection_string(self.env["TABLES_CONNECTION_STRING"])
        try:
            return [asdict(entry) async for entry in state.audit.by_entity(entity_id)]
        finally:
            await state.close()

    @property
    def env(self) -> dict[str, str]:
        """The application settings of this stack."""
        return dict(self.stack["env"])

    @property
    def shop(self) -> str:
        """The URL of commercetools."""
        return str(self.stack["commercetools"]["url"])

    @property
    def central(self) -> str:
        """Business Central's URL."""
        return str(self.stack["business_central"]["url"]).rstrip("/")

    @property
    def broker(self) -> str:
        """The broker's control URL."""
        return str(self.stack["service_bus"]["control_url"]).rstrip("/")

    @property
    def events_url(self) -> str:
        """The intake, with its key."""
        functions = self.stack["functions"]
        return f"{functions['url']}{functions['events_path']}?code={functions['function_key']}"

    @staticmethod
    def _post(url: str, body: Row, query: Mapping[str, str]) -> None:
        httpx.post(url, json=body, params=dict(query) or None, timeout=30).raise_for_status()


def wait_until[Value](what: str, look: Callable[[], Value], seconds: float = 40.0) -> Value:
    """Look again until there is something to see; returns it. Raises TooLate naming what did not happen."""
    deadline = time.monotonic() + seconds
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TooLate(f"{what}: not within {seconds:.0f} s; last seen: {value!r}")
        time.sleep(POLL_SECONDS)


def steps(entries: Sequence[Row]) -> list[str]:
    """Reduce audit entries to their steps; outcomes by name."""
    return [entry["outcome"] if entry["step"] == "outcome" else entry["step"] for entry in entries]
