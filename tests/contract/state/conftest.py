from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from local import azurite
from shared.state.memory import MemoryState
from shared.state.protocols import State
from shared.state.tables import TablesState
from tests.contract.state.stores import ManualClock, Store, sleep_past, unused_prefix, utc_now


@pytest.fixture(scope="session")
def tables_connection_string() -> Iterator[str]:
    with azurite.start() as running:
        yield running.tables_connection_string


@pytest.fixture
async def tables_state(tables_connection_string: str) -> AsyncIterator[TablesState]:
    state = TablesState.from_connection_string(tables_connection_string, prefix=unused_prefix())
    await state.ensure()
    yield state
    await state.close()


@pytest.fixture
def memory_store() -> Store:
    clock = ManualClock()
    return Store(MemoryState(clock), clock.let_pass, clock)


@pytest.fixture
def tables_store(tables_state: TablesState) -> Store:
    return Store(tables_state, sleep_past, utc_now)


@pytest.fixture(params=["memory_store", "tables_store"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def state(store: Store) -> State:
    return store.state
