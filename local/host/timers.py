"""Timer triggers by the host's rules: no overlap, missed ticks dropped, one past-due run at start."""

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.host.errors import HostError
from local.host.functions import TimerTrigger
from local.host.ncrontab import Schedule, parse_schedule
from local.host.protos import TypedData
from local.host.worker import Worker

_log = logging.getLogger("local.host.timers")


@dataclass(frozen=True)
class ScheduleStatus:
    """When a timer last fired, when it fires next, and when that was written down."""

    last: datetime | None
    next: datetime
    last_updated: datetime

    def as_json(self) -> dict[str, str]:
        """Return the shape that functions and the host's storage see; never fired is .NET's least date."""
        last = self.last.isoformat() if self.last else "0001-01-01T00:00:00+00:00"
        return {"Last": last, "Next": self.next.isoformat(), "LastUpdated": self.last_updated.isoformat()}

    @classmethod
    def from_json(cls, document: dict[str, str]) -> "ScheduleStatus":
        """Read what `as_json` wrote."""
        last, following, updated = (
            datetime.fromisoformat(document[name]).astimezone(UTC) if not document[name].startswith("0001-") else None
            for name in ("Last", "Next", "LastUpdated")
        )
        if following is None or updated is None:
            raise ValueError("Next and LastUpdated must be dates after the year 1")
        return cls(last, following, updated)


class StatusStore:
    """One JSON file a timer; without a folder nothing outlives the process."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, function: str) -> ScheduleStatus | None:
        """Return the stored status; one that cannot be read counts as none."""
        path = self._path(function)
        if path is None or not path.is_file():
            return None
        try:
            return ScheduleStatus.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("%s: schedule status is not readable (%s); the timer starts afresh.", path, error)
            return None

    def write(self, function: str, status: ScheduleStatus) -> None:
        """Replace the stored status at once, so that a kill leaves the old or the new one."""
        path = self._path(function)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(status.as_json()), encoding="utf-8")
        fresh.replace(path)

    def _path(self, function: str) -> Path | None:
        return self._folder / "timers" / f"{function}.json" if self._folder else None


class Timer:
    """One timer function on its schedule."""

    def __init__(self, trigger: TimerTrigger, worker: Worker, store: StatusStore) -> None:
        self._trigger = trigger
        self._worker = worker
        self._store = store
        self._schedule = read_schedule(trigger)
        self._monitored = trigger.use_monitor and _is_slow(self._schedule)
        self._status: ScheduleStatus | None = None
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Fire until cancelled."""
        await self._first_run()
        while True:
            due = self._schedule.next_after(_now())
            await _sleep_until(due)
            await self.fire(due)

    async def fire(self, moment: datetime | None = None, *, past_due: bool = False) -> None:
        """Run the function once, after a run that is still going on."""
        async with self._turn:
            # Shielded, so that stopping the schedule lets a run that has begun end.
            await asyncio.shield(self._invoke(past_due=past_due))
            self._remember(moment or _now())

    async def _first_run(self) -> None:
        now = _now()
        self._status = self._store.read(self._trigger.function) if self._monitored else None
        if self._status and is_past_due(self._schedule, self._status, now):
            await self.fire(now, past_due=True)
        elif self._trigger.run_on_startup:
            await self.fire(now)
        elif self._monitored and self._status is None:
            self._remember(None)

    async def _invoke(self, *, past_due: bool) -> None:
        status = self._status.as_json() if self._status else None
        payload: dict[str, Any] = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status,
            "IsPastDue": past_due,
        }
        value = TypedData(json=json.dumps(payload))
        await self._worker.invoke(self._trigger.function, self._trigger.argument, value)

    def _remember(self, last: datetime | None) -> None:
        if self._monitored:
            now = _now()
            self._status = ScheduleStatus(last, self._schedule.next_after(now), now)
            self._store.write(self._trigger.function, self._status)


def read_schedule(trigger: TimerTrigger) -> Schedule:
    """Parse a timer's schedule; what is wrong with it stops the host, as nothing else would ever tell."""
    try:
        schedule = parse_schedule(trigger.schedule)
        schedule.next_after(_now())
    except ValueError as error:
        raise HostError(
            f"function {trigger.function}: schedule {trigger.schedule!r} is not NCRONTAB: {error}; "
            "correct the expression in the decorator or in the setting it names."
        ) from error
    return schedule


def is_past_due(schedule: Schedule, status: ScheduleStatus, now: datetime) -> bool:
    """Tell whether a tick was missed since the status was written, by the schedule as it is today."""
    return schedule.next_after(status.last or status.last_updated) < now


def _is_slow(schedule: Schedule) -> bool:
    first = schedule.next_after(_now())
    return schedule.next_after(first) - first >= timedelta(minutes=1)


def _now() -> datetime:
    return datetime.now(UTC)


async def _sleep_until(due: datetime) -> None:
    # In steps, so that a clock that was set or a machine that slept is noticed.
    while True:
        rest = (due - _now()).total_seconds()
        if rest <= 0:
            return
        await asyncio.sleep(min(rest, 10.0))
