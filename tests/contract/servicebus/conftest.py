import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from local.servicebus.embedded import EmbeddedBroker

from .desk import Desk


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(broker: EmbeddedBroker) -> AsyncIterator[list[Desk]]:
    opened = [Desk(broker, "sync"), Desk(broker, "aio")]
    yield opened
    await asyncio.gather(*(desk.close() for desk in opened))
