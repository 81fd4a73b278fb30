"""`python -m tests.releases.record v2` records what this version writes. Once a release; a recording never changes."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from local import azurite
from shared.state.tables import TablesState
from tests.releases.history import Tables, Works, read_rows, write_everything, write_leases

RECORDED = Path(__file__).parents[1] / "data" / "recorded"


async def record(connection_string: str, prefix: str) -> tuple[list[str], Tables]:
    """Write one of everything; returns the bodies of messages, and all rows."""
    state = TablesState.from_connection_string(connection_string, prefix)
    try:
        await state.ensure()
        bodies = await write_everything(Works(state))
        await write_leases(state)
        return bodies, await read_rows(connection_string, prefix)
    finally:
        await state.close()


def main(version: str) -> None:
    """Write the files of a version."""
    folder = RECORDED / version
    folder.mkdir(parents=True)
    with azurite.start() as running:
        bodies, tables = asyncio.run(record(running.tables_connection_string, "recorded"))
    for name, content in (("envelopes", [json.loads(body) for body in bodies]), ("tables", tables)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
