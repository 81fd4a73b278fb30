"""`ctd365 shadow report`: two versions beside each other, order by order."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.desk import NOW, Desk, audit_entry

DAY = "2026-03-29"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def shadowed(desk: Desk, number: int, after: dict[str, Any], **changes: Any) -> None:
    entry = audit_entry(number, **{"at": NOW, "step": "shadow", "outcome": "step", "after": after, **changes})
    desk.do(desk.state.audit.append(entry))


def saved_by_another_version(path: Path, *orders: tuple[int, dict[str, Any]]) -> str:
    other = Desk()
    for number, after in orders:
        shadowed(other, number, after)
    assert other.run("shadow", "report", "--day", DAY, "--save", str(path)).exit_code == 0
    return str(path)


def order(price: Any = 10, **more: Any) -> dict[str, Any]:
    return {"customerNumber": "C1", "salesOrderLines": [{"unitPrice": price, "quantity": 1}], **more}


def test_a_report_has_what_shadow_mode_would_have_written_and_nothing_else(desk: Desk) -> None:
    shadowed(desk, 7, order())
    desk.do(desk.state.audit.append(audit_entry(8, at=NOW, step="sales order created", outcome="step")))
    shadowed(desk, 9, order(), at=NOW + timedelta(days=1))
    (entity,) = desk.json("shadow", "report", "--day", DAY)["entities"]
    assert (entity["entity_id"], entity["document_number"], entity["market"]) == ("order-7", "WEB-7", "germany")
    assert entity["fields"] == {
        "customerNumber": "C1",
        "salesOrderLines[0].quantity": "1",
        "salesOrderLines[0].unitPrice": "10",
    }


def test_of_several_looks_at_one_order_the_last_counts(desk: Desk) -> None:
    shadowed(desk, 7, order(1))
    shadowed(desk, 7, order(2), at=NOW + timedelta(minutes=1))
    (entity,) = desk.json("shadow", "report", "--day", DAY)["entities"]
    assert entity["fields"]["salesOrderLines[0].unitPrice"] == "2"


def test_versions_that_agree_are_the_same_however_numbers_and_keys_are_written(desk: Desk, tmp_path: Path) -> None:
    file = saved_by_another_version(tmp_path / "old.json", (7, dict(reversed(order(2.50).items()))))
    shadowed(desk, 7, order(2.5))
    result = desk.run("shadow", "report", "--day", DAY, "--against", file)
    assert result.exit_code == 0, result.output
    assert "1 same, 0 differs, 0 only here, 0 only there" in result.stdout


def test_a_field_that_differs_is_named_with_both_values(desk: Desk, tmp_path: Path) -> None:
    file = saved_by_another_version(tmp_path / "old.json", (7, order(10, shortcutDimension1Code="WEB")))
    shadowed(desk, 7, order(11))
    result = desk.run("shadow", "report", "--day", DAY, "--against", file, "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert (found["verdict"], found["entity"]) == ("differs", "order WEB-7")
    assert found["fields"] == [
        {"path": "salesOrderLines[0].unitPrice", "here": "11", "there": "10"},
        {"path": "shortcutDimension1Code", "here": "(absent)", "there": "WEB"},
    ]
    assert (
        "salesOrderLines[0].unitPrice: 10 → 11" in desk.run("shadow", "report", "--day", DAY, "--against", file).stdout
    )


def test_an_order_that_only_one_version_has_is_no_agreement(desk: Desk, tmp_path: Path) -> None:
    file = saved_by_another_version(tmp_path / "old.json", (7, order()), (8, order()))
    shadowed(desk, 7, order())
    shadowed(desk, 9, order())
    result = desk.run("shadow", "report", "--day", DAY, "--against", file, "--json")
    assert result.exit_code == 1
    verdicts = {item["entity_id"]: item["verdict"] for item in json.loads(result.stdout)}
    assert verdicts == {"order-7": "same", "order-8": "only there", "order-9": "only here"}


def test_two_reports_of_nothing_prove_nothing(desk: Desk, tmp_path: Path) -> None:
    file = saved_by_another_version(tmp_path / "old.json")
    assert desk.run("shadow", "report", "--day", DAY, "--against", file).exit_code == 1


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 2, "day": "2026-03-29", "entities": []}'])
def test_a_file_that_is_no_report_is_refused_with_a_hint(desk: Desk, tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content, encoding="utf-8")
    result = desk.run("shadow", "report", "--day", DAY, "--against", str(file))
    assert result.exit_code == 1
    assert "is no shadow report" in result.stderr
    assert "--save" in result.stderr


def test_a_report_that_cannot_be_read_or_written_is_said_in_one_line(desk: Desk, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing" / "report.json")
    for option, verb in (("--against", "read"), ("--save", "written")):
        result = desk.run("shadow", "report", "--day", DAY, option, missing)
        assert result.exit_code == 1
        assert f"cannot be {verb}: No such file or directory" in result.stderr
