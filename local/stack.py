"""The local stack: which parts there are, how they find each other, in which order they start and stop."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.interruption import INTERRUPTION
from local.node import node_path
from local.ports import ReservedPort
from local.processes import ROOT, Part, start
from shared.messaging.queues import QUEUES

PROJECT = "demo"
TENANT = "local"
BACK_ENDS = ("business_central", "dataverse", "finance")
BC_PATH = f"v2.0/{TENANT}/Sandbox/api/v2.0"
REVENUE_ACCOUNT = "6110"
ROUNDING_ACCOUNT = "9140"
# Short enough that a demo or a test does not wait for minutes, long enough to see what happens.
TIMINGS = {
    "CLAIM_LEASE_SECONDS": "6",
    "RETRY_BASE_SECONDS": "0.5",
    "RETRY_CEILING_SECONDS": "4",
    "ORDERS_SWEEP_SCHEDULE": "0 */5 * * * *",
    "CUSTOMERS_SWEEP_SCHEDULE": "0 */10 * * * *",
    "CUSTOMERS_PULL_SCHEDULE": "0 */2 * * * *",
    "SUBSCRIPTIONS_SCHEDULE": "0 15 */12 * * *",
    "RETENTION_SCHEDULE": "0 0 3 * * *",
    "PRODUCTS_PULL_SCHEDULE": "30 */5 * * * *",
    "PRICES_PULL_SCHEDULE": "45 */5 * * * *",
    "INVENTORY_PULL_SCHEDULE": "0 */1 * * * *",
    "CATALOGUE_FULL_SCHEDULE": "0 30 2 * * *",
    "SWEEP_OVERLAP_SECONDS": "300",
    # The host waits this long on an idle session before it takes the next one.
    "AzureFunctionsJobHost__extensions__serviceBus__sessionIdleTimeout": "00:00:00.2",
}


@dataclass(slots=True)
class Stack:
    """A running stack. `environment` is what the application and the CLI need.

    The back-ends are told where to deliver before the Functions host starts: its port is fixed from the beginning.
    """

    logs: Path
    functions_port: ReservedPort = field(default_factory=ReservedPort)
    parts: dict[str, Part] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def part(self, name: str, command: list[str], environment: Mapping[str, str]) -> Part:
        """Start one part."""
        with INTERRUPTION.held():
            self.parts[name] = start(name, command, environment, self.logs)
        return self.parts[name]

    def stop(self) -> None:
        """Stop every part, the functions host first so that it can settle its messages."""
        for part in reversed(self.parts.values()):
            part.stop()
        self.functions_port.close()

    def description(self) -> dict[str, Any]:
        """Describe the stack for whoever drives it: URLs, keys, connection strings, process ids."""
        said = {name: part.announced for name, part in self.parts.items()}
        environment = self.environment
        return {
            "functions": {**said["functions"], "events_path": "/api/commercetools/events"},
            "commercetools": {
                "url": environment["CT_API_URL"],
                "project": PROJECT,
                "client_id": environment["CT_CLIENT_ID"],
                "client_secret": environment["CT_CLIENT_SECRET"],
            },
            "business_central": {
                "url": said["business_central"]["url"],
                "api_url": environment["BC_URL"],
                "company": environment["BC_COMPANY"],
            },
            "dataverse": {"url": said["dataverse"]["url"], "api_url": environment["DATAVERSE_URL"]},
            "finance": {"url": said["finance"]["url"], "api_url": environment["FINANCE_URL"]},
            "authority": {"url": said["authority"]["url"], "ca_file": environment["OAUTH_CA_FILE"]},
            "service_bus": {
                "connection_string": environment["ServiceBus"],
                "control_url": said["service_bus"]["control_url"],
            },
            "tables": {"connection_string": environment["TABLES_CONNECTION_STRING"]},
            "env": environment,
            "pids": {name: part.process.pid for name, part in self.parts.items()},
            "logs": str(self.logs),
        }


def start_stack(stack: Stack, directory: Path, overrides: Mapping[str, str]) -> None:
    """Start every part and wait until all answer. Raises ProcessFailed; whoever made the stack stops it."""
    stack.logs.mkdir(parents=True, exist_ok=True)
    _start_services(stack, directory)
    stack.environment |= {**TIMINGS, **overrides}
    start_functions(stack, directory).wait_ready()


def _start_services(stack: Stack, directory: Path) -> None:
    """Start what the application talks to, all at once, then collect what each announces."""
    client = {"id": f"client-{secrets.token_hex(4)}", "secret": secrets.token_urlsafe(24)}
    tokens = {
        "LOCAL_TOKEN_KEY": secrets.token_urlsafe(32),
        "LOCAL_CLIENT_ID": client["id"],
        "LOCAL_CLIENT_SECRET": client["secret"],
    }
    shop = {"CT_MOCK_PROJECT": PROJECT, "CT_MOCK_CLIENT_ID": client["id"], "CT_MOCK_CLIENT_SECRET": client["secret"]}
    queues = directory / "queues.json"
    queues.write_text(json.dumps({"queues": [_queue_config(queue) for queue in QUEUES]}), encoding="utf-8")
    python, free = sys.executable, ["--port", "0"]
    stack.part(
        "service_bus",
        [python, "-m", "local.servicebus", *free, "--control-port", "0", "--config", str(queues), "--json"],
        {},
    )
    stack.part("tables", [python, "-m", "local.azurite", *free, "--in-memory"], {})
    stack.part("commercetools", [str(node_path()), str(ROOT / "local" / "commercetools" / "server.mjs")], shop)
    stack.part("authority", [python, "-m", "local.dynamics", "authority", *free, "--state-dir", str(directory)], tokens)
    for back_end in BACK_ENDS:
        stack.part(back_end, [python, "-m", "local.dynamics", back_end, *free], tokens)
    said = {name: part.wait_ready() for name, part in stack.parts.items()}
    stack.environment = _environment(said, client) | _events(stack.functions_port.url)


def _queue_config(queue: Any) -> dict[str, Any]:
    return {
        "name": queue.name,
        "requires_session": queue.requires_session,
        "max_delivery_count": queue.max_delivery_count,
        "lock_duration_seconds": queue.lock_duration_seconds,
    }


def _environment(said: Mapping[str, Mapping[str, Any]], client: Mapping[str, str]) -> dict[str, str]:
    central = str(said["business_central"]["url"]).rstrip("/")
    return {
        "MARKET_MAP": "local/market-map.yaml",
        "ServiceBus": said["service_bus"]["connection_string"],
        "TABLES_CONNECTION_STRING": said["tables"]["tables_connection_string"],
        "CT_API_URL": str(said["commercetools"]["url"]).rstrip("/"),
        "CT_AUTH_URL": str(said["commercetools"]["url"]).rstrip("/"),
        "CT_CLIENT_ID": client["id"],
        "CT_CLIENT_SECRET": client["secret"],
        "BC_URL": f"{central}/{BC_PATH}",
        "BC_AUTHORITY": str(said["authority"]["url"]).rstrip("/"),
        "BC_TENANT": said["authority"]["tenant"],
        "DATAVERSE_URL": f"{str(said['dataverse']['url']).rstrip('/')}/api/data/v9.2",
        "FINANCE_URL": f"{str(said['finance']['url']).rstrip('/')}/data",
        "BC_CLIENT_ID": client["id"],
        "BC_CLIENT_SECRET": client["secret"],
        "BC_COMPANY": _first_company(central),
        "BC_REVENUE_ACCOUNT": REVENUE_ACCOUNT,
        "BC_ROUNDING_ACCOUNT": ROUNDING_ACCOUNT,
        "OAUTH_CA_FILE": said["authority"]["ca_file"],
    }


def _events(functions: str) -> dict[str, str]:
    """Where the back-ends tell what has changed, with the function key, and the secret that they must show."""
    key = secrets.token_urlsafe(24)
    return {
        "FUNCTIONS_KEY": key,
        "DYNAMICS_EVENTS_URL": f"{functions}/api/dynamics",
        "DYNAMICS_EVENTS_KEY": key,
        "DYNAMICS_EVENTS_SECRET": secrets.token_urlsafe(24),
    }


def _first_company(central: str) -> str:
    rows = httpx.get(f"{central}/__state/companies").raise_for_status().json()
    companies = rows["value"] if isinstance(rows, dict) else rows
    return str(companies[0]["id"])


def start_functions(stack: Stack, directory: Path) -> Part:
    """Start the Functions host, or start it again: it always has the same port."""
    command = [sys.executable, "-m", "local.host", "--app", str(ROOT), "--port", str(stack.functions_port.number)]
    return stack.part("functions", [*command, "--state-dir", str(directory / "timers")], stack.environment)
