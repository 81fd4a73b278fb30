"""`python -m local up [--json]` and `python -m local demo`."""

import os
import signal
import sys

# First of all: until the stack starts there is nothing to stop, and importing the rest takes a moment.
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda _signal, _frame: os._exit(0))

from local.command import run  # noqa: E402  # after the handlers

if __name__ == "__main__":
    sys.exit(run())
