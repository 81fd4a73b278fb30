"""KQL of alerts and workbook: bound to the tables, and reading only what the code writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.telemetry.names import EVENTS
from tests.infra.compiler import INFRA
from tests.infra.kusto import analyse, dimensions, find_language_service, queries, workbook_items

TABLES = ("customEvents", "requests", "exceptions")


def _written() -> tuple[set[str], set[str]]:
    """Names of events that the code sends, and the dimensions that come with any of them."""
    return {signal.name for signal in EVENTS}, {name for signal in EVENTS for name in signal.dimensions}


def test_every_query_is_understood_by_the_language_service() -> None:
    modules = find_language_service()
    errors = {name: answer["errors"] for name, answer in analyse(modules).items()} if modules else _read_as_text()
    assert {name: found for name, found in errors.items() if found} == {}


def _read_as_text() -> dict[str, list[str]]:
    """The least that can be said without the service; the summary of the run says that it was missing."""
    return {name: list(_faults(text)) for name, text in queries().items()}


def _faults(text: str) -> Iterator[str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("//")]
    if lines[0] not in TABLES:
        yield f"starts with {lines[0]}, no table of Application Insights"
    if [line for line in lines[1:] if not line.startswith("| ")]:
        yield "a line does not start with a pipe"
    for opening, closing in ("()", "[]"):
        if text.count(opening) != text.count(closing):
            yield f"{opening} without {closing}"


def test_an_alert_measures_and_splits_by_columns_of_its_query() -> None:
    template = (INFRA / "modules" / "alerts.bicep").read_text(encoding="utf-8")
    rules = re.findall(r"loadTextContent\('\.\./queries/([\w.-]+)'\)\s+column: '(\w+)'\s+split: '(\w+)'", template)
    assert {name for name, _, _ in rules} == {path.name for path in (INFRA / "queries").glob("*.kql")}
    for name, column, split in rules:
        last = queries()[name].strip().splitlines()[-1]
        assert {column, split} <= set(re.findall(r"\w+", last)), name


def test_queries_read_events_and_dimensions_that_the_code_writes() -> None:
    names, keys = _written()
    asked = {
        name for text in queries().values() for name in re.findall(r'customEvents\n\| where name == "(\w+)"', text)
    }
    assert asked
    assert asked - names == set()
    assert {name: dimensions(text) - keys for name, text in queries().items() if dimensions(text) - keys} == {}


@pytest.mark.parametrize("item", list(workbook_items("KqlItem/1.0")), ids=lambda item: item["title"])
def test_a_chart_of_the_workbook_follows_the_chosen_time(item: dict[str, Any]) -> None:
    (parameters,) = workbook_items("KqlParameterItem/1.0")
    assert item["timeContextFromParameter"] in [parameter["name"] for parameter in parameters["parameters"]]
    assert ("bin(timestamp, {TimeRange:grain})" in item["query"]) == (item["visualization"] == "timechart")
