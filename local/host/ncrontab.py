"""NCRONTAB schedules: {second} {minute} {hour} {day} {month} {day of week}.

Unlike in Unix cron, day and day of week must both match, and Sunday is 0 only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# 29 February on a given weekday comes every 28 years, every 40 years around a common year such as 2100.
_HORIZON_DAYS = 366 * 40


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> frozenset[int]:
        values: set[int] = set()
        for part in text.split(","):
            values.update(self._part(part))
        return frozenset(values)

    def _part(self, part: str) -> range:
        body, slash, step_text = part.partition("/")
        step = self._number(step_text) if slash else 1
        if step < 1:
            raise ValueError(f"{self.name} {part!r} steps by {step}, must be at least 1")
        start, end = self._bounds(body, open_ended=bool(slash))
        if start > end:
            raise ValueError(f"{self.name} {part!r} runs backwards")
        return range(start, end + 1, step)

    def _bounds(self, body: str, *, open_ended: bool) -> tuple[int, int]:
        if body == "*":
            return self.low, self.high
        first, dash, last = body.partition("-")
        start = self._value(first)
        if dash:
            return start, self._value(last)
        return start, self.high if open_ended else start

    def _value(self, text: str) -> int:
        short = text.upper()[:3]
        if short in self.names and len(text) >= 3:
            return self.names.index(short) + self.low
        value = self._number(text)
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} {text!r} is not within {self.low}-{self.high}")
        return value

    def _number(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{self.name} {text!r} is not a number")
        return int(text)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


@dataclass(frozen=True)
class Schedule:
    """A parsed NCRONTAB expression."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    days_of_week: frozenset[int]

    def next_after(self, moment: datetime) -> datetime:
        """Return the first occurrence later than the moment; ValueError where there is none."""
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        for _ in range(_HORIZON_DAYS):
            if self._matches_day(start):
                found = self._first_time(start)
                if found:
                    return found
            start = start.replace(hour=0, minute=0, second=0) + timedelta(days=1)
        raise ValueError("the schedule never occurs")

    def _matches_day(self, moment: datetime) -> bool:
        return moment.month in self.months and moment.day in self.days and moment.isoweekday() % 7 in self.days_of_week

    def _first_time(self, start: datetime) -> datetime | None:
        for hour in sorted(value for value in self.hours if value >= start.hour):
            if hour > start.hour:
                start = start.replace(hour=hour, minute=0, second=0)
            for minute in sorted(value for value in self.minutes if value >= start.minute):
                first = start.second if minute == start.minute else 0
                second = min((value for value in self.seconds if value >= first), default=None)
                if second is not None:
                    return start.replace(minute=minute, second=second)
        return None


def parse_schedule(expression: str) -> Schedule:
    """Parse six fields; with five, the second is 0, as in Azure."""
    parts = expression.split()
    if len(parts) == 5:
        parts.insert(0, "0")
    if len(parts) != 6:
        raise ValueError(f"has {len(parts)} fields, must have 6: second minute hour day month day-of-week")
    return Schedule(*(field.parse(part) for field, part in zip(_FIELDS, parts, strict=True)))
