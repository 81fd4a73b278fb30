"""``python -m local.servicebus --port 0 --config FILE.json``: the broker as a process of its own."""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from .config import BrokerConfig, ConfigError, load_config
from .control import Control
from .sas import SharedAccessKey, new_key
from .server import Server

KEY_VARIABLE = "SERVICEBUS_SAS_KEY"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.servicebus", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON file with the queues")
    parser.add_argument("--port", type=int, default=0, help="AMQP port; 0 takes a free one (default)")
    parser.add_argument("--control-port", type=int, help="HTTP port of the operator's side port; 0: a free one")
    parser.add_argument("--json", action="store_true", help="print only the JSON line, no hint for people")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace, config: BrokerConfig) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = Server(config, SharedAccessKey(os.environ.get(KEY_VARIABLE) or new_key()))
    control = Control(server)
    await server.start(arguments.port)
    if arguments.control_port is not None:
        await control.start(arguments.control_port)
    _announce(server, control, for_people=not arguments.json)
    await stopped.wait()
    await control.stop()
    await server.stop()


def _announce(server: Server, control: Control, *, for_people: bool) -> None:
    ready: dict[str, int | str] = {"port": server.port, "connection_string": server.connection_string}
    if control.url:
        ready["control_url"] = control.url
    print(json.dumps(ready), flush=True)
    if for_people:
        names = ", ".join(server.namespace.counts()) or "none"
        print(f"Service Bus broker on port {server.port}; queues: {names}. Stop with Ctrl+C.", file=sys.stderr)


def main() -> int:
    """Run until SIGTERM or Ctrl+C; exit code 2 when the configuration or a port cannot be used."""
    arguments = _arguments()
    try:
        asyncio.run(_run(arguments, load_config(arguments.config)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot listen: {error.strerror}. Give another --port or --control-port, or 0.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
