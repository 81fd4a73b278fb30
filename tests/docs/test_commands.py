"""Every command in the documents is run here, or says what it needs and which test shows it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from local.orders import Line, Shopper, order_document
from local.scenario import Scenario, wait_until
from shared.settings import ROOT
from tests.acceptance.stack_process import stack_process
from tests.docs.pages import TOOLS, Command, commands

COMMANDS = list(commands())
AZURE, STACK, DRY_RUN, NOT_RUN = "needs Azure", "needs the stack", "dry run", "not run by a test"
# README is written for a first look, without notes; what it shows is shown here.
README = {
    "make demo": "tests/acceptance/test_order_to_business_central.py",
    "make test": ".ci/run",
    "ctd365 review resolve": "tests/acceptance/test_order_to_business_central.py",
}
NUMBER = "WEB-10023"


def of(note: str) -> list[Command]:
    return [command for command in COMMANDS if command.note.startswith(note)]


def _readme_source(command: Command) -> str | None:
    return next((source for start, source in README.items() if command.text.startswith(start)), None)


def _runs_on_the_stack(command: Command) -> bool:
    if command.words[0] != "ctd365" or command.test:
        return False
    is_readme = command.page == "README.md" and _readme_source(command) is None
    return is_readme or command.note.startswith(STACK)


def once(found: Iterable[Command]) -> list[Command]:
    """The same command on several pages is run once."""
    return list({command.text: command for command in found}.values())


ON_STACK = once(command for command in COMMANDS if _runs_on_the_stack(command))
OFFLINE = once(command for command in COMMANDS if not command.note and command.page != "README.md")
MAKE = once(command for command in COMMANDS if command.words[0] == "make")


def run(command: Command, folder: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command at the root; files that it writes go to a folder of the test's own."""
    words = shlex.split(command.text)
    words = [sys.executable, "-m", "shared.cli", *words[1:]] if words[0] == "ctd365" else words
    words = [str(folder / word) if word == "old.json" else word for word in words]
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_commands_were_found() -> None:
    assert len(OFFLINE) >= 6
    assert len(ON_STACK) >= 6
    assert {command.page for command in COMMANDS} >= {"README.md", "CONTRIBUTING.md", "docs/getting-started.md"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.page}: {command.text}")
def test_every_command_is_run_or_says_why_not(command: Command) -> None:
    assert command.text.startswith(TOOLS), f"{command.page}: {command.text}: no tool that is known here"
    if command.page == "README.md":
        assert _runs_on_the_stack(command) or _readme_source(command), f"README.md: {command.text} is shown by nothing"
    else:
        marks = (AZURE, STACK, DRY_RUN, NOT_RUN)
        assert not command.note or command.note.startswith(marks), f"{command.page}: {command.text}: {command.note}"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.page}: {command.text}")
def test_the_test_that_a_command_names_exists(command: Command) -> None:
    source = command.test or (command.page == "README.md" and _readme_source(command)) or "tests"
    assert (ROOT / source).exists(), f"{command.page}: {command.text}: {source} is not there"


@pytest.mark.parametrize("command", OFFLINE, ids=lambda command: command.text)
def test_a_command_without_a_note_runs_offline(command: Command, tmp_path: Path) -> None:
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", MAKE, ids=lambda command: command.text)
def test_a_make_target_exists(command: Command) -> None:
    done = subprocess.run(
        ["make", "--dry-run", *command.words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def stack() -> Iterator[Scenario]:
    """A stack that has exported the order of the documents, and refused another one."""
    with stack_process() as scenario:
        shopper = Shopper("customer@example.com")
        lines = (Line("NO-SUCH-SKU", "Nothing", 1, 1000),)
        refused = order_document("WEB-10024", shopper, lines)
        order = order_document(NUMBER, shopper)
        for document in (order, refused):
            scenario.seed("order", document, message="OrderCreated")
        wait_until("the audit of both", lambda: scenario.audit(order["id"]) and scenario.audit(refused["id"]))
        wait_until("the dead letter", lambda: scenario.queue()["dead_letter"])
        wait_until("the export", lambda: scenario.audit(order["id"])[-1]["outcome"] == "Done")
        yield scenario


@pytest.mark.parametrize("command", ON_STACK, ids=lambda command: command.text)
def test_a_command_for_the_stack_runs_on_it(command: Command, stack: Scenario, tmp_path: Path) -> None:
    done = run(command, tmp_path, stack.env)
    assert done.returncode == 0, done.stdout + done.stderr
