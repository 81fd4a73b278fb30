"""`python -m local up`: start everything, say where it is, keep it running until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.processes import ProcessFailed
from local.seed import prepare, prepare_back_ends, prepare_commercetools
from local.stack import Stack, start_functions, start_stack

WATCH_SECONDS = 0.2


@contextmanager
def running_stack(overrides: Mapping[str, str]) -> Iterator[Stack]:
    """Start the stack in a temporary folder; stop it and remove the folder at the end."""
    with tempfile.TemporaryDirectory(prefix="ctd365-") as folder:
        stack = Stack(Path(folder) / "logs")
        try:
            start_stack(stack, Path(folder), overrides)
            asyncio.run(_prepare(stack))
            yield stack
        finally:
            stack.stop()


async def _prepare(stack: Stack) -> None:
    """Do what a new installation is set up with."""
    said = stack.description()["functions"]
    await prepare(stack.environment)
    await prepare_commercetools(
        stack.environment, f"{said['url']}{said['events_path']}?code={stack.environment['FUNCTIONS_KEY']}"
    )
    await prepare_back_ends(stack.environment, said["url"])


def up(overrides: Mapping[str, str], *, as_json: bool) -> int:
    """Run until a part dies. Returns 1; `Interruption` ends it before."""
    try:
        with running_stack(overrides) as stack:
            _announce(stack, as_json=as_json)
            return _watch(stack)
    except ProcessFailed as error:
        print(error, file=sys.stderr)
        return 1


def _announce(stack: Stack, *, as_json: bool) -> None:
    description = stack.description()
    if as_json:
        print(json.dumps(description), flush=True)
        return
    print("The stack is up. Ctrl-C stops it.\n")
    for name, address in _addresses(description).items():
        print(f"  {name:<18}{address}")
    print(f"\n  logs              {description['logs']}")
    print("\nFor ctd365, in another terminal:\n")
    for name, value in stack.environment.items():
        print(f"  export {name}='{value}'")


def _addresses(description: Mapping[str, dict[str, str]]) -> dict[str, str]:
    return {
        "functions": description["functions"]["url"],
        "commercetools": description["commercetools"]["url"],
        "business central": description["business_central"]["api_url"],
        "dataverse": description["dataverse"]["api_url"],
        "finance": description["finance"]["api_url"],
        "authority": description["authority"]["url"],
        "service bus": description["service_bus"]["control_url"] + "/__queues",
    }


def _watch(stack: Stack) -> int:
    """Start the functions host again when it dies, as Azure does; end when anything else does."""
    while True:
        time.sleep(WATCH_SECONDS)
        for name, part in list(stack.parts.items()):
            if part.process.poll() is None:
                continue
            if name != "functions":
                print(f"{name} ended with {part.process.returncode}:\n{part.log_tail()}", file=sys.stderr)
                return 1
            part.stop()
            start_functions(stack, stack.logs.parent).wait_ready()
