"""NCRONTAB expressions; the first cases are the published examples of the timer trigger."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.ncrontab import parse_schedule

# A Tuesday.
NOW = datetime(2026, 11, 24, 10, 20, 30, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 5 * * * *", "2026-11-24T11:05"),
        ("0 0 * * * *", "2026-11-24T11:00"),
        ("0 0 */2 * * *", "2026-11-24T12:00"),
        ("0 0 9-17 * * *", "2026-11-24T11:00"),
        ("0 30 9 * * *", "2026-11-25T09:30"),
        ("0 30 9 * * 1-5", "2026-11-25T09:30"),
        ("0 30 9 * Jan Mon", "2027-01-04T09:30"),
        ("0 */5 * * * *", "2026-11-24T10:25"),
        ("*/5 * * * *", "2026-11-24T10:25"),
        ("30 20 10 * * *", "2026-11-25T10:20:30"),
        ("31 20 10 * * *", "2026-11-24T10:20:31"),
        ("10/20 * * * * *", "2026-11-24T10:20:50"),
        ("0 0 0 * * 0", "2026-11-29T00:00"),
        ("0 0 0 * * sunday,wednesday", "2026-11-25T00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00"),
    ],
)
def test_the_next_occurrence_is_found(expression: str, expected: str) -> None:
    assert parse_schedule(expression).next_after(NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_day_and_day_of_week_must_both_match() -> None:
    # The next Friday the 13th after 24 November 2026.
    assert parse_schedule("0 0 0 13 * 5").next_after(NOW) == datetime(2027, 8, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * * 13 *",
        "* * * * * 7",
        "*/0 * * * * *",
        "5-1 * * * * *",
        "a * * * * *",
        "1,,2 * * * * *",
        "* * * L * *",
        "²  * * * * *",
    ],
)
def test_what_is_not_ncrontab_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"fields|within|number|steps|backwards"):
        parse_schedule(expression)


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(ValueError, match="never occurs"):
        parse_schedule("0 0 0 31 4 *").next_after(NOW)


@given(
    st.integers(0, 59),
    st.integers(0, 59),
    st.integers(0, 23),
    st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2060-01-01"), timezones=st.just(UTC)),
)
def test_a_daily_schedule_comes_at_its_time_within_a_day(second: int, minute: int, hour: int, moment: datetime) -> None:
    following = parse_schedule(f"{second} {minute} {hour} * * *").next_after(moment)
    assert (following.hour, following.minute, following.second) == (hour, minute, second)
    assert 0 < (following - moment).total_seconds() <= 86_400
