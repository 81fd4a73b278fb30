from collections.abc import AsyncIterator

import httpx
import pytest

from local.dynamics.finance.environment import Environment, create_environment
from tests.contract.dynamics_simulator.finance.simulator import TOKEN_KEY, Finance, bearer


@pytest.fixture
def environment() -> Environment:
    return create_environment(TOKEN_KEY)


@pytest.fixture
async def finance(environment: Environment) -> AsyncIterator[Finance]:
    transport = httpx.ASGITransport(environment.app)
    async with httpx.AsyncClient(transport=transport, headers={"Authorization": bearer()}) as http:
        yield Finance(environment, http)
