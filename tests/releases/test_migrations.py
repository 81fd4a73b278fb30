"""Starting twice, or two versions at once, changes nothing that is there."""

from __future__ import annotations

import asyncio

from shared.state.tables import TablesState
from tests.contract.state.stores import unused_prefix
from tests.releases.history import Works, read_rows, write_everything


async def test_ensuring_the_tables_again_keeps_every_row(connection_string: str) -> None:
    prefix = unused_prefix()
    state = TablesState.from_connection_string(connection_string, prefix)
    await state.ensure()
    await write_everything(Works(state))
    before = await read_rows(connection_string, prefix)
    await state.ensure()
    assert await read_rows(connection_string, prefix) == before
    await state.close()


async def test_two_instances_that_start_at_once_both_find_the_tables(connection_string: str) -> None:
    prefix = unused_prefix()
    states = [TablesState.from_connection_string(connection_string, prefix) for _ in range(2)]
    await asyncio.gather(*(state.ensure() for state in states))
    await states[0].cursors.put("cursor", "from the first")
    assert await states[1].cursors.get("cursor") == "from the first"
    for state in states:
        await state.close()
