from collections.abc import AsyncIterator

import httpx
import pytest

from local.dynamics.business_central.environment import Environment, create_environment
from tests.contract.dynamics_simulator.simulator import TOKEN_KEY, US, BusinessCentral, bearer


@pytest.fixture
def environment() -> Environment:
    return create_environment(TOKEN_KEY)


@pytest.fixture
async def bc(environment: Environment) -> AsyncIterator[BusinessCentral]:
    transport = httpx.ASGITransport(environment.app)
    async with httpx.AsyncClient(transport=transport, headers={"Authorization": bearer()}) as http:
        yield BusinessCentral(environment, http)


@pytest.fixture
def us(bc: BusinessCentral) -> BusinessCentral:
    return BusinessCentral(bc.environment, bc.http, US)
