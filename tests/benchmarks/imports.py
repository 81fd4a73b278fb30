"""How long a cold start waits for `import function_app`, and which heavy packages it does not wait for."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 9
GOAL_MS = 400
LAZY = (
    "azure.identity",
    "azure.servicebus",
    "azure.data.tables",
    "msal",
    "opencensus",
    "opentelemetry",
    "azure.monitor",
)
PROGRAM = """
import sys, time
start = time.perf_counter()
import function_app
print((time.perf_counter() - start) * 1000)
print(*(name for name in {lazy!r} if name in sys.modules))
start = time.perf_counter()
import shared.composition
print((time.perf_counter() - start) * 1000)
"""


def import_figures() -> Iterator[str]:
    """Import in fresh processes; the median in milliseconds."""
    runs = [_run() for _ in range(RUNS)]
    median = statistics.median(run[0] for run in runs)
    first_use = statistics.median(run[1] for run in runs)
    yield f"import function_app: median {median:.0f} ms of {RUNS} fresh processes (goal: at most {GOAL_MS} ms)"
    yield f"  first use, shared.composition: median {first_use:.0f} ms more"
    yield f"  heavy packages imported with it: {runs[-1][2] or 'none'} (looked for: {', '.join(LAZY)})"


def _run() -> tuple[float, float, str]:
    command = [sys.executable, "-c", PROGRAM.format(lazy=LAZY)]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return float(lines[0]), float(lines[2]), lines[1]
