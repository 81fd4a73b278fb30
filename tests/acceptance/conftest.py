"""One stack for the module's tests; afterwards the sum is done, and every request that left is checked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.scenario import Scenario
from tests.acceptance.accounting import assert_nothing_is_lost
from tests.acceptance.stack_process import stack_process
from tests.published.business_central import problems_of_requests as business_central_problems
from tests.published.commercetools import problems_of_requests as commercetools_problems


@pytest.fixture(scope="module")
def stack() -> Iterator[Scenario]:
    with stack_process() as scenario:
        yield scenario
        assert_nothing_is_lost(scenario)
        assert commercetools_problems(scenario.requests(scenario.shop)) == []
        assert business_central_problems(scenario.requests(scenario.central)) == []


@pytest.fixture
def scenario(stack: Scenario) -> Iterator[Scenario]:
    yield stack
    for server in (stack.shop, stack.central, stack.stack["dataverse"]["url"], stack.stack["finance"]["url"]):
        stack.faults(str(server).rstrip("/"))
