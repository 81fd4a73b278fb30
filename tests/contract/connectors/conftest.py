"""Every test of the suite runs against every back-end. A new one is registered here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from tests.contract.connectors.business_central_harness import business_central
from tests.contract.connectors.catalogue_harness import CatalogueUnderTest
from tests.contract.connectors.catalogue_harnesses import harnesses as catalogues
from tests.contract.connectors.customer_harness import CustomersUnderTest
from tests.contract.connectors.customer_harnesses import harnesses
from tests.contract.connectors.dataverse_harness import dataverse, dataverse_by_deep_insert
from tests.contract.connectors.finance_harness import finance, finance_in_a_batch
from tests.contract.connectors.harness import BackEndUnderTest

HARNESSES: Mapping[str, Callable[[], BackEndUnderTest]] = {
    "business_central": business_central,
    "dataverse": dataverse,
    "dataverse_deep_insert": dataverse_by_deep_insert,
    "finance": finance,
    "finance_batch": finance_in_a_batch,
}


@pytest.fixture(params=sorted(HARNESSES))
async def back_end(request: pytest.FixtureRequest) -> AsyncIterator[BackEndUnderTest]:
    under_test = HARNESSES[request.param]()
    async with under_test.http:
        yield under_test


@pytest.fixture(params=sorted(harnesses()))
async def customers(request: pytest.FixtureRequest) -> AsyncIterator[CustomersUnderTest]:
    under_test = harnesses()[request.param]()
    async with under_test.back_end.http:
        yield under_test


@pytest.fixture(params=sorted(catalogues()))
async def catalogue(request: pytest.FixtureRequest) -> AsyncIterator[CatalogueUnderTest]:
    under_test = catalogues()[request.param]()
    async with under_test.back_end.http:
        yield under_test
