"""Timer triggers of a real host process."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.contract.functions_host.processes import RunningHost, eventually


def stored_status(folder: Path, last: datetime | None, updated: datetime) -> None:
    file = folder / "timers" / "hourly.json"
    file.parent.mkdir()
    status = {
        "Last": last.isoformat() if last else "0001-01-01T00:00:00+00:00",
        "Next": (updated + timedelta(hours=1)).isoformat(),
        "LastUpdated": updated.isoformat(),
    }
    file.write_text(json.dumps(status), encoding="utf-8")


def test_runs_do_not_overlap_failures_do_not_end_the_schedule_and_missed_ticks_are_dropped(tmp_path: Path) -> None:
    with RunningHost(tmp_path, "every_second") as host:
        host.started()
        entries = eventually(lambda: host.records("every_second"), lambda found: len(found) >= 3)
        assert host.stop() == 0
    events = [entry["event"] for entry in entries]
    assert events == ["start", "end", "start"]
    # A run takes 1.3 s; the tick that it misses would otherwise be run as soon as it ends.
    assert entries[2]["at"] - entries[1]["at"] > 0.4


def test_a_tick_missed_while_the_host_was_down_is_made_up_for_once(tmp_path: Path) -> None:
    last = datetime.now(UTC) - timedelta(hours=5)
    stored_status(tmp_path, last, last)
    with RunningHost(tmp_path, "hourly", options=("--state-dir", str(tmp_path))) as host:
        host.started()
        (entry,) = eventually(lambda: host.records("hourly"), bool)
        assert host.stop() == 0
    assert entry["past_due"] is True
    assert entry["status"]["Last"] == last.isoformat()
    assert entry["schedule"] == {"AdjustForDST": True}
    with RunningHost(tmp_path, "hourly", "at_startup", options=("--state-dir", str(tmp_path))) as host:
        host.started()
        eventually(lambda: host.records("at_startup"), bool)
        assert host.stop() == 0
        assert len(host.records("hourly")) == 1


@pytest.mark.parametrize("last", [None, datetime.now(UTC)])
def test_a_timer_that_missed_nothing_waits_for_its_tick(tmp_path: Path, last: datetime | None) -> None:
    stored_status(tmp_path, last, datetime.now(UTC))
    with RunningHost(tmp_path, "hourly", "at_startup", options=("--state-dir", str(tmp_path))) as host:
        host.started()
        (started,) = eventually(lambda: host.records("at_startup"), bool)
        assert host.stop() == 0
        assert host.records("hourly") == []
    assert started["past_due"] is False


def test_a_timer_never_seen_before_writes_down_when_it_is_due(tmp_path: Path) -> None:
    file = tmp_path / "timers" / "hourly.json"
    with RunningHost(tmp_path, "hourly", options=("--state-dir", str(tmp_path))) as host:
        host.started()
        assert eventually(file.is_file, bool)
        assert host.stop() == 0
        assert host.records("hourly") == []
    status = json.loads(file.read_text(encoding="utf-8"))
    updated = datetime.fromisoformat(status["LastUpdated"])
    following = updated.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert datetime.fromisoformat(status["Next"]) == following
    assert status["Last"] == "0001-01-01T00:00:00+00:00"


def test_a_timer_can_be_run_by_hand(tmp_path: Path) -> None:
    with RunningHost(tmp_path, "hourly") as host:
        host.started()
        with host.client() as client:
            assert client.post("/admin/functions/hourly").status_code == 401
            key = {"x-functions-key": host.key}
            assert client.post("/admin/functions/nothing", headers=key).status_code == 404
            assert client.post("/admin/functions/hourly", headers=key, json={}).status_code == 202
        (entry,) = eventually(lambda: host.records("hourly"), bool)
        assert host.stop() == 0
    assert entry["past_due"] is False
