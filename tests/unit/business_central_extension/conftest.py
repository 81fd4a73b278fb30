from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from local.dynamics.business_central.environment import create_environment
from tests.contract.dynamics_simulator.simulator import TOKEN_KEY, bearer
from tests.unit.business_central_extension.simulator import Extension


@pytest.fixture
async def bc() -> AsyncIterator[Extension]:
    environment = create_environment(TOKEN_KEY)
    transport = httpx.ASGITransport(environment.app)
    async with httpx.AsyncClient(transport=transport, headers={"Authorization": bearer()}) as http:
        yield Extension(environment, http)
