"""The calls per order that the documents state are those that are measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from local import azurite
from shared.settings import ROOT
from tests.benchmarks.calls import BACK_ENDS, Calls, measure

PAGE = (ROOT / "docs" / "scaling-and-cost.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| ([\w() ]+) \| ([\w ]+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
STATED = {
    (end, situation): Calls(commercetools=int(shop), back_end=int(calls), tables=int(tables))
    for end, situation, calls, shop, tables in _ROW.findall(PAGE)
}


@pytest.fixture(scope="module")
def connection_string() -> Iterator[str]:
    with azurite.start() as running:
        yield running.tables_connection_string


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_an_order_costs_what_the_page_says(connection_string: str, back_end: str) -> None:
    found = measure(connection_string, back_end)
    stated = {situation: STATED.get((back_end, situation)) or STATED["any", situation] for situation in found}
    assert stated == found
