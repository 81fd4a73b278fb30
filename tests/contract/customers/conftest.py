"""Every test of this folder runs against every back-end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.connectors.customer_harnesses import harnesses
from tests.contract.customers.desk import Desk


@pytest.fixture(params=sorted(harnesses()))
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    under_test = harnesses()[request.param]()
    async with under_test.back_end.http:
        yield Desk(under_test)
