from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from local import azurite
from shared.state.tables import TablesState
from tests.contract.state.stores import unused_prefix
from tests.releases.history import Tables, Works, write_rows
from tests.releases.versions import VERSIONS, of_a_later_version, recorded


@pytest.fixture(scope="session")
def connection_string() -> Iterator[str]:
    with azurite.start() as running:
        yield running.tables_connection_string


@pytest.fixture(params=[*VERSIONS, f"{VERSIONS[-1]} and later"])
def tables(request: pytest.FixtureRequest) -> Tables:
    """The rows of every recorded version, and the newest ones as a later version may write them."""
    name, _, later = request.param.partition(" ")
    rows: Tables = recorded(name, "tables.json")
    return of_a_later_version(rows) if later else rows


@pytest.fixture
async def works(connection_string: str, tables: Tables) -> AsyncIterator[Works]:
    """This version, started on what another one left behind."""
    prefix = unused_prefix()
    state = TablesState.from_connection_string(connection_string, prefix=prefix)
    await state.ensure()
    await write_rows(connection_string, prefix, tables)
    works = Works(state)
    works.desk.connector._count = 100  # the back-end's number series goes on
    yield works
    await state.close()
