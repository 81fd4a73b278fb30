from collections.abc import AsyncIterator

import pytest

from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, make


@pytest.fixture
async def dv() -> AsyncIterator[Dataverse]:
    simulator = make()
    async with simulator.http:
        yield simulator


@pytest.fixture
async def bare() -> AsyncIterator[Dataverse]:
    simulator = make(customised=False)
    async with simulator.http:
        yield simulator
