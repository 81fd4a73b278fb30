"""The stand-in for commercetools as a process, the Business Central simulator in this one."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from local.dynamics.business_central.environment import create_environment
from shared.state.memory import MemoryState
from tests.contract.commercetools_mock.stand_in import StandIn, run_stand_in
from tests.contract.doctor.clinic import Clinic
from tests.contract.dynamics_simulator.simulator import TOKEN_KEY
from tests.unit.cli.desk import FakeDeadLetters

CUSTOM_TYPE = {
    "key": "dynamics-365",
    "name": {"en": "Dynamics 365"},
    "resourceTypeIds": ["order"],
    "fieldDefinitions": [
        {"name": "salesOrderNumber", "label": {"en": "Number"}, "type": {"name": "String"}, "required": False}
    ],
}


@pytest.fixture(scope="package")
def stand_in() -> Iterator[StandIn]:
    with run_stand_in() as running:
        for path, draft in (
            ("channels", {"key": "business-central", "roles": ["OrderExport"]}),
            ("channels", {"key": "stock-main", "roles": ["InventorySupply"]}),
            ("types", CUSTOM_TYPE),
        ):
            running.api.post(f"/demo/{path}", json=draft).raise_for_status()
        yield running


@pytest.fixture
async def clinic(stand_in: StandIn) -> AsyncIterator[Clinic]:
    transport = httpx.ASGITransport(create_environment(TOKEN_KEY).app)
    async with httpx.AsyncClient() as http, httpx.AsyncClient(transport=transport) as back_end_http:
        yield Clinic(stand_in, http, back_end_http, MemoryState(), FakeDeadLetters())
