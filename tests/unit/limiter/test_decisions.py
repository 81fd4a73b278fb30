"""Who gets what: the decisions on the sheet of one application user."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.dynamics.limiter.decisions import ceiling, settle, wait
from shared.dynamics.limiter.limits import Limits, Rules
from shared.dynamics.limiter.sheet import Report, Sheet, from_json, to_json

NOW = 1_795_539_000.0
RULES = Rules()
FIVE = Limits(in_flight=5, requests=6000, window_seconds=300)
NO_RATE = Limits(in_flight=5)


@dataclass
class Table:
    """The processes around one sheet."""

    limits: Limits = FIVE
    rules: Rules = RULES
    sheet: Sheet = field(default_factory=Sheet)
    now: float = NOW
    settlements: int = 0

    def settle(self, holder: str, *, wants: int = 5, expects: int = 10, after: float = 0.0, **report: Any) -> None:
        self.now += after
        self.settlements += 1
        told = Report(holder, self.settlements, wants=wants, expects=expects, **report)
        self.sheet = settle(self.sheet, told, self.limits, self.rules, self.now)

    def round(self, *holders: str, wants: int = 5) -> None:
        for holder in holders:
            self.settle(holder, wants=wants, after=self.rules.settle / len(holders))

    @property
    def slots(self) -> dict[str, int]:
        return {name: held.slots for name, held in self.sheet.holders.items() if held.slots}

    @property
    def ceiling(self) -> int:
        return ceiling(self.sheet, self.limits, self.rules)

    @property
    def wait(self) -> float:
        return wait(self.sheet, self.limits, self.rules)


# Slots


def test_one_process_alone_gets_every_slot_that_it_wants() -> None:
    table = Table()
    table.settle("a", wants=3)
    assert table.slots == {"a": 3}
    table.settle("a", wants=9)
    assert table.slots == {"a": 5}


def test_four_processes_that_want_everything_share_five_slots_fairly_after_two_rounds() -> None:
    table = Table()
    table.settle("a", wants=9)
    for _ in range(3):
        table.round("a", "b", "c", "d", wants=9)
    assert sorted(table.slots.values()) == [1, 1, 1, 2]


def test_what_one_does_not_want_the_others_may_have() -> None:
    table = Table()
    for _ in range(3):
        table.settle("a", wants=1)
        table.settle("b", wants=9)
    assert table.slots == {"a": 1, "b": 4}


def test_slots_of_running_requests_stay_held_until_they_end() -> None:
    table = Table()
    table.settle("a", wants=5)
    table.settle("b", wants=5)
    assert table.slots == {"a": 5}
    table.settle("a", wants=5, busy=5)
    assert (table.sheet.holders["a"].slots, table.sheet.holders["a"].cap) == (5, 3)
    table.settle("b", wants=5)
    assert table.slots == {"a": 5}
    table.settle("a", wants=5, busy=3)
    table.settle("b", wants=5)
    assert table.slots == {"a": 3, "b": 2}


def test_eight_processes_take_turns_on_five_slots() -> None:
    table = Table(limits=NO_RATE)
    names = "abcdefgh"
    served: dict[str, int] = dict.fromkeys(names, 0)
    for _ in range(40):
        table.round(*names, wants=1)
        for name in table.slots:
            served[name] += 1
        assert sum(table.slots.values()) <= 5
    assert min(served.values()) >= max(served.values()) / 2


def test_a_process_that_wants_nothing_is_off_the_sheet() -> None:
    table = Table()
    table.settle("a")
    table.settle("a", wants=0, expects=0)
    assert table.sheet.holders == {}


def test_a_silent_process_loses_its_slots_within_its_lease_and_no_earlier_than_it_stops_using_them() -> None:
    table = Table()
    table.settle("a", wants=5)
    table.settle("b", wants=5, after=RULES.lapse - 0.01)
    assert table.slots == {"a": 5}
    table.settle("b", wants=5, after=0.01)
    assert table.slots == {"b": 5}
    assert RULES.fresh + 1 <= RULES.lapse <= RULES.lease - RULES.settle - 1


def test_a_lease_that_is_too_short_to_be_safe_is_refused() -> None:
    with pytest.raises(ValueError, match="use 5 s or more"):
        Rules(lease=4.9, settle=1.0)


# Requests and execution time


def test_the_budget_is_shared_in_proportion_to_the_slots() -> None:
    table = Table(sheet=Sheet(at=NOW, tokens=30))
    table.settle("a", wants=3, expects=100)
    assert table.sheet.holders["a"].budget == 30
    table = Table(sheet=Sheet(at=NOW, tokens=30))
    table.settle("b", wants=2, expects=0)
    table.settle("a", wants=5, expects=100)
    assert table.slots == {"a": 3, "b": 2}
    assert table.sheet.holders["a"].budget == 18


def test_budget_that_was_not_used_goes_back() -> None:
    table = Table(sheet=Sheet(at=NOW, tokens=30))
    table.settle("a", expects=20)
    assert table.sheet.tokens == 10
    table.settle("a", wants=0, expects=0, used=15)
    assert table.sheet.tokens == 15


def test_the_same_settlement_is_charged_once_even_if_its_answer_was_lost() -> None:
    table = Table(sheet=Sheet(at=NOW, tokens=30))
    table.settle("a", expects=20)
    table.settle("a", expects=0, used=15)
    once = table.sheet.tokens
    table.settlements -= 1
    table.settle("a", expects=0, used=15)
    assert table.sheet.tokens == once == 15


def test_when_the_requests_are_used_up_the_wait_is_known() -> None:
    table = Table(limits=Limits(in_flight=5, requests=100, window_seconds=100))
    table.settle("a", expects=1000)
    table.settle("a", expects=1000, used=table.sheet.holders["a"].budget)
    assert table.sheet.holders["a"].budget == 0
    assert 0 < table.wait < 2
    table.settle("a", expects=1000, after=table.wait + 0.001)
    assert table.sheet.holders["a"].budget == 1


def test_execution_time_that_is_used_up_stops_requests_until_it_is_earned_back() -> None:
    limits = Limits(in_flight=52, requests=6000, window_seconds=300, execution_seconds=1200)
    table = Table(limits=limits)
    table.settle("a", wants=52)
    table.settle("a", wants=52, seconds=100.0)
    assert table.sheet.holders["a"].budget == 0
    # 36 of the 1200 seconds may go at once; the debt of 64 is earned back at 4 a second, a little less for safety.
    assert 64 / 4 < table.wait < 64 / 4 * 1.05
    table.settle("a", wants=52, after=table.wait + 0.1)
    assert table.sheet.holders["a"].budget > 0


def test_a_back_end_without_a_limit_on_requests_counts_none() -> None:
    table = Table(limits=Limits(in_flight=10))
    for _ in range(100):
        table.settle("a", wants=4, expects=700, used=100_000)
    assert table.sheet.holders["a"].budget >= 700
    assert table.wait == 0


# What the back-end says


def test_a_retry_after_that_one_process_met_holds_for_all_until_it_is_over() -> None:
    table = Table()
    table.settle("a", wants=1)
    table.settle("b", wants=1)
    table.settle("a", wants=1, refusals=1, pause=30.0)
    assert table.wait >= 30
    table.settle("b", wants=1, after=29.9)
    assert table.sheet.holders["b"].budget == 0
    table.settle("b", wants=1, after=1.2)
    assert table.sheet.holders["b"].budget > 0
    assert table.wait == 0


def test_a_shorter_retry_after_does_not_cut_a_longer_one() -> None:
    table = Table()
    table.settle("a", refusals=1, pause=30.0)
    table.settle("b", refusals=1, pause=2.0)
    assert table.wait >= 30


def test_trouble_halves_the_parallelism_once_and_quiet_brings_it_back_slot_by_slot() -> None:
    table = Table(limits=Limits(in_flight=8))
    table.settle("a", refusals=5)
    table.settle("b", refusals=3, after=0.5)
    assert table.ceiling == 4
    table.settle("a", after=5.0, refusals=1)
    assert table.ceiling == 2
    seen = []
    for _ in range(8):
        table.settle("a", after=RULES.raise_every)
        seen.append(table.ceiling)
    assert seen == [3, 4, 5, 6, 7, 8, 8, 8]


def test_parallelism_never_falls_below_one() -> None:
    table = Table()
    for _ in range(10):
        table.settle("a", refusals=1, after=3.0)
    assert table.ceiling == 1
    assert table.slots == {"a": 1}


def test_parallelism_stays_low_during_a_pause() -> None:
    table = Table(limits=Limits(in_flight=8))
    table.settle("a", refusals=1, pause=100.0)
    table.settle("a", after=99.0)
    assert table.ceiling == 4


@pytest.mark.parametrize(("hint", "expected"), [(1, 1), (3, 3), (50, 5), (0, 1)])
def test_a_recommended_parallelism_is_a_ceiling_below_the_limit(hint: int, expected: int) -> None:
    table = Table()
    table.settle("a", hint=hint)
    assert table.ceiling == expected
    assert table.slots == {"a": expected}


def test_a_recommendation_is_forgotten_after_a_while() -> None:
    table = Table()
    table.settle("a", hint=2)
    table.settle("a", after=301.0)
    assert table.ceiling == 5


# The sheet


def test_time_on_the_sheet_never_runs_backwards() -> None:
    table = Table()
    table.settle("a")
    table.settle("b", after=-0.9)
    assert table.sheet.at == NOW


def test_a_sheet_comes_back_from_its_json_and_later_fields_are_ignored() -> None:
    table = Table()
    table.settle("a", refusals=1, pause=3.0, hint=4)
    written = to_json(table.sheet)
    assert from_json(written | {"invented later": 1}) == table.sheet
    assert from_json({}) == Sheet()


def test_a_sheet_that_cannot_be_read_counts_as_empty() -> None:
    assert from_json({"holders": {"a": {"slots": "many"}}}) == Sheet()


# Whatever happens

steps = st.lists(
    st.tuples(
        st.integers(0, 5),  # who
        st.floats(0, 3) | st.floats(0, 60),  # after how long
        st.integers(0, 9),  # wants
        st.integers(0, 40),  # expects
        st.floats(0, 1),  # share of the budget that is used
        st.floats(0, 1),  # share of the slots that are still busy
    ),
    max_size=120,
)


@settings(max_examples=300, deadline=None)
@given(steps, st.integers(1, 8), st.integers(20, 400))
def test_no_window_sees_more_requests_and_no_moment_more_slots_than_the_limits_allow(
    moves: list[tuple[int, float, int, int, float, float]], in_flight: int, requests: int
) -> None:
    limits = Limits(in_flight=in_flight, requests=requests, window_seconds=30)
    table = Table(limits=limits)
    sent: list[tuple[float, int]] = []
    seen: dict[str, float] = {}
    for who, after, wants, expects, use, keep in moves:
        name = f"process-{who}"
        now = table.now + after
        held = table.sheet.holders.get(name)
        used = busy = 0
        if held and name in seen:
            used = math.floor(held.budget * use)
            # As late as the grant allows: the worst case for a window that begins after it.
            sent.append((min(now, seen[name] + RULES.fresh), used))
            busy = math.floor(held.slots * keep) if now < held.lapses_at else 0
        table.settle(name, wants=wants, expects=expects, after=after, used=used, busy=busy)
        seen[name] = table.now
        assert sum(one.slots for one in table.sheet.holders.values()) <= in_flight
    for last, _ in sent:
        window = sum(count for moment, count in sent if last - limits.window_seconds < moment <= last)
        assert window <= requests
