import pytest

from tests.unit.cli.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
