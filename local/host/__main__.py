"""`python -m local.host --app DIR`: serve a function app on loopback until SIGTERM."""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from local.host.errors import HostError
from local.host.host import Options, Ready, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 after a clean stop and 3 where the app cannot be served."""
    options = _options(arguments)
    # Standard output carries the one line that callers read; what an app prints goes to standard error.
    output, sys.stdout = sys.stdout, sys.stderr

    def announce(ready: Ready) -> None:
        print(json.dumps(asdict(ready)), file=output, flush=True)

    try:
        overrun = asyncio.run(run(options, announce))
    except HostError as error:
        print(f"The Functions host cannot start: {error}", file=sys.stderr)
        return 3
    if overrun:
        print(f"Stopped while still running: {', '.join(overrun)}", file=sys.stderr, flush=True)
        logging.shutdown()
        # A function that is stuck in a thread would keep the interpreter from ending.
        os._exit(0)
    return 0


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--env-file", type=Path, help="JSON object of settings; wins over the environment")
    parser.add_argument("--state-dir", type=Path, help="where timers remember; without it a restart forgets")
    parser.add_argument("--drain-seconds", type=float, default=30.0, help="how long a stop waits for functions")
    given = parser.parse_args(arguments)
    return Options(
        app=given.app.resolve(),
        port=given.port,
        env_file=given.env_file.resolve() if given.env_file else None,
        state_dir=given.state_dir.resolve() if given.state_dir else None,
        drain_seconds=given.drain_seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
