from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.cli.desk import NOW, Desk, audit_entry


@pytest.mark.parametrize("name", ["order-7", "WEB-7"])
def test_a_story_is_told_by_id_and_by_number(desk: Desk, name: str) -> None:
    created = audit_entry(
        7, at=NOW, step="sales order created", outcome="step", why="S-1001", dynamics_id="bc-1", closes="review:x-1"
    )
    desk.do(desk.state.audit.append(created))
    desk.do(desk.state.audit.append(audit_entry(7)))
    desk.do(desk.state.audit.append(audit_entry(8)))

    entries = desk.json("audit", "show", name)
    table = desk.run("audit", "show", name).stdout

    assert [entry["step"] for entry in entries] == ["outcome", "sales order created"]
    assert [entry["at"] for entry in entries] == ["2026-03-29T11:50:00Z", "2026-03-29T12:00:00Z"]
    for shown in (
        "market germany",
        "2026-03-29 12:00:00Z",
        "S-1001",
        "Dynamics bc-1",
        "closes review:x-1",
        "DeadLetter",
    ):
        assert shown in table
    assert "order-8" not in table


def test_an_unknown_name_is_an_answer_with_a_hint(desk: Desk) -> None:
    result = desk.run("audit", "show", "WEB-0")

    assert result.exit_code == 1
    assert "nothing is recorded about WEB-0" in result.stderr


def test_a_day_is_listed_by_outcome(desk: Desk) -> None:
    desk.do(desk.state.audit.append(audit_entry(7)))
    desk.do(desk.state.audit.append(audit_entry(8, outcome="Done")))
    desk.do(desk.state.audit.append(audit_entry(9, at=NOW + timedelta(days=1))))

    everything = desk.json("audit", "day", "2026-03-29")
    done = desk.json("audit", "day", "2026-03-29", "--outcome", "Done")

    assert [entry["entity_id"] for entry in everything] == ["order-7", "order-8"]
    assert [entry["entity_id"] for entry in done] == ["order-8"]
    assert "order order-8" in desk.run("audit", "day", "2026-03-29").stdout


def test_a_day_without_entries_is_no_failure(desk: Desk) -> None:
    result = desk.run("audit", "day", "2026-01-01")

    assert result.exit_code == 0
    assert "nothing is recorded" in result.stdout


def test_a_day_must_be_a_day(desk: Desk) -> None:
    assert desk.run("audit", "day", "29.3.2026").exit_code == 2
