"""The matrix of entry points in the security page is that of the application: none is missing, none is made up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from typing import Any

from shared.settings import ROOT

SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
COMMAND_LINE = "`ctd365`"  # on a person's machine, not in the application


# An application can be indexed once in a process, and other tests do it too.
INDEX = """
import json
from function_app import app
print(json.dumps([json.loads(function.get_function_json()) for function in app.get_functions()]))
"""


@cache
def bindings() -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", INDEX], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [binding for function in json.loads(done.stdout) for binding in function["bindings"]]


def triggers(kind: str) -> list[dict[str, Any]]:
    return [binding for binding in bindings() if binding["type"] == kind]


def matrix() -> dict[str, list[str]]:
    """The table's rows: entry point to its other columns."""
    section = SECURITY.partition("## Authentication of the entry points\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line]
    return {row[0]: row[1:] for row in rows[2:]}


def test_every_entry_point_has_its_row_and_every_row_its_entry_point() -> None:
    http = {
        f"`{method} /api/{binding['route']}`" for binding in triggers("httpTrigger") for method in binding["methods"]
    }
    queues = {f"queue `{binding['queueName']}`" for binding in triggers("serviceBusTrigger")}
    assert http
    assert queues
    assert matrix().keys() == http | queues | {COMMAND_LINE}


def test_no_http_entry_point_is_open_without_a_key() -> None:
    levels = {f"{binding['methods']} {binding['route']}": binding["authLevel"] for binding in triggers("httpTrigger")}
    assert {name: level for name, level in levels.items() if level.upper() != "FUNCTION"} == {}
    keys = [columns[0] for name, columns in matrix().items() if re.match(r"`[A-Z]+ /api/", name)]
    assert set(keys) == {"function key"}


def test_no_trigger_is_of_a_kind_that_the_matrix_does_not_know() -> None:
    kinds = {binding["type"] for binding in bindings() if binding["type"].lower().endswith("trigger")}
    assert kinds <= {"httpTrigger", "serviceBusTrigger", "timerTrigger"}
