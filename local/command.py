"""The command line of `python -m local`."""

import argparse

from local.demo import demo
from local.interruption import INTERRUPTION
from local.up import up


def run() -> int:
    """Run one command. Returns 0 when it was told to stop."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The local stack of the connector.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start everything on loopback; SIGTERM or Ctrl-C stops it")
    start.add_argument("--json", action="store_true", help="print one JSON line when all is ready")
    start.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an application setting")
    commands.add_parser("demo", help="start everything, show orders and a customer on their way, stop")
    given = parser.parse_args()
    try:
        INTERRUPTION.install()
        if given.command == "demo":
            return demo()
        return up(dict(item.split("=", 1) for item in given.set), as_json=given.json)
    except KeyboardInterrupt:
        return 0
