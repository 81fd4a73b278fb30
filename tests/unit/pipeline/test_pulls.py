"""Delta pulls: whatever happens on the way, what was told together is all that changed."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Permanent, ServiceError, Transient
from shared.markets import Market, MarketMap
from shared.model.customer_fields import ChangePage, RecordChange
from shared.pipeline.envelope import parse_envelope
from shared.pipeline.pulls import LEASE, Pull, pull, pull_all, pulls_of
from shared.state.records import Claimed
from tests.fakes.markets import market, market_map
from tests.fakes.road import Bench
from tests.fakes.unhurried import unhurried

ON = {"customers": "on"}
AWAY = Transient("api", "GET customers", "503")


def row(name: str, **changes: Any) -> Market:
    return market(**{"name": name, "modes": ON, "company": f"company-{name}", **changes})


@cache
def _whole() -> MarketMap:
    return market_map()


def markets(*rows: Market) -> MarketMap:
    return _whole().model_copy(update={"markets": rows or (_se(),)})


@dataclass
class Feed:
    """Lists `records` (id → version) behind the cursor, which is the last id; `whole` lists start anew every time.

    `fails_at` is the page that cannot be read, once. `cursors` are those it was asked with.
    """

    records: dict[str, str] = field(default_factory=dict)
    size: int = 2
    whole: bool = False
    resumes: bool = False
    order: list[str] = field(default_factory=list)
    fails_at: int | None = None
    error: ServiceError = AWAY
    cursors: list[str | None] = field(default_factory=list)

    async def changes(
        self, entity: str, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[ChangePage]:
        self.cursors.append(cursor)
        goes_on = cursor and (self.resumes or not self.whole)
        listed = [one for one in self.order or sorted(self.records) if not goes_on or one > str(cursor)]
        chunks = [listed[start : start + self.size] for start in range(0, len(listed), self.size)] or [[]]
        for place, chunk in enumerate(chunks):
            if self.fails_at == place:
                self.fails_at = None
                raise self.error
            last = place == len(chunks) - 1
            after = "" if self.whole and last else (chunk[-1] if chunk else cursor or "")
            yield ChangePage([RecordChange(one, self.records[one]) for one in chunk], after, self.whole)


@cache
def _se() -> Market:
    return row("se")


def what(feed: Feed) -> Pull:
    return Pull("customers", "bc", _se(), feed)


def queued(bench: Bench) -> list[str]:
    """The records that were queued since the last look."""
    return [told.removesuffix("!") for told in told_of(bench)]


def told_of(bench: Bench) -> list[str]:
    """The same, with a mark behind those that are told as deleted."""
    bodies = [parse_envelope(message.body) for message in bench.sender.sent.pop("customers", [])]
    marks = {"Changed": "", "Deleted": "!"}
    return [one.entity_id.removeprefix("dynamics:") + marks[one.cause.type] for one in bodies]


def versions(*records: str, version: str = "1") -> dict[str, str]:
    return dict.fromkeys(records, version)


async def test_all_pages_are_queued_and_the_next_pull_goes_on_behind_them() -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c"))
    result = await pull(bench.road, markets(), what(feed))
    assert (result.seen, result.queued, result.skipped) == (3, 3, False)
    assert queued(bench) == ["a", "b", "c"]
    feed.records["d"] = "1"
    await pull(bench.road, markets(), what(feed))
    assert (queued(bench), feed.cursors) == (["d"], [None, "c"])


async def test_a_page_that_cannot_be_read_leaves_the_cursor_behind_the_last_one_that_was_queued() -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c"), fails_at=1)
    with pytest.raises(Transient):
        await pull(bench.road, markets(), what(feed))
    assert queued(bench) == ["a", "b"]
    await pull(bench.road, markets(), what(feed))
    assert queued(bench) == ["c"]


@pytest.mark.parametrize("broken", ["cursors.put", "digests.put"])
@pytest.mark.parametrize("whole", [False, True])
async def test_a_crash_between_queue_and_bookkeeping_brings_a_page_twice_and_loses_nothing(
    broken: str, whole: bool
) -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c"), whole=whole)
    bench.state.break_down(broken, times=1)
    if broken == "cursors.put" or whole:
        with pytest.raises(Transient):
            await pull(bench.road, markets(), what(feed))
    bench.state.mend()
    await pull(bench.road, markets(), what(feed))
    assert set(queued(bench)) == {"a", "b", "c"}


async def test_a_queue_that_cannot_be_reached_moves_neither_cursor_nor_digests() -> None:
    bench, feed = Bench(), Feed(versions("a"), whole=True)
    bench.sender.down = True
    with pytest.raises(Transient):
        await pull(bench.road, markets(), what(feed))
    bench.sender.down = False
    await pull(bench.road, markets(), what(feed))
    assert queued(bench) == ["a"]


async def test_of_a_whole_list_only_what_is_not_as_it_was_is_queued() -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c", "d"), whole=True)
    await pull(bench.road, markets(), what(feed))
    assert told_of(bench) == ["a", "b", "c", "d"]
    await pull(bench.road, markets(), what(feed))
    assert told_of(bench) == []
    feed.records |= {"b": "2", "bb": "1"}
    del feed.records["a"], feed.records["d"]
    await pull(bench.road, markets(), what(feed))
    assert sorted(told_of(bench)) == ["a!", "b", "bb", "d!"]
    await pull(bench.road, markets(), what(feed))
    assert told_of(bench) == []


async def test_a_list_that_is_empty_now_tells_that_everybody_is_gone() -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c"), whole=True)
    await pull(bench.road, markets(), what(feed))
    told_of(bench)
    feed.records = {}
    await pull(bench.road, markets(), what(feed))
    assert told_of(bench) == ["a!", "b!", "c!"]


async def test_another_order_of_ids_costs_looks_and_loses_nobody() -> None:
    """Finance orders texts without regard to case; a record that is told as missing is looked at, and is there."""
    bench = Bench()
    feed = Feed(versions("a", "B", "c", "D"), whole=True, order=["a", "B", "c", "D"])
    await pull(bench.road, markets(), what(feed))
    queued(bench)
    assert await _told(bench, feed) == ["D!", "D"]  # D stands before a in the store, and behind it in the list
    feed.records["c"] = "2"
    assert await _told(bench, feed) == ["D!", "c", "D"]
    feed.order.remove("a")
    assert "a!" in await _told(bench, feed)
    assert "a!" not in await _told(bench, feed)


async def _told(bench: Bench, feed: Feed) -> list[str]:
    await pull(bench.road, markets(), what(feed))
    return told_of(bench)


async def test_a_whole_list_that_broke_off_and_goes_on_does_not_tell_its_beginning_as_missing() -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c", "d"), whole=True, resumes=True)
    await pull(bench.road, markets(), what(feed))
    queued(bench)
    feed.fails_at = 1
    feed.records |= {"d": "2"}
    with pytest.raises(Transient):
        await pull(bench.road, markets(), what(feed))
    await pull(bench.road, markets(), what(feed))
    assert told_of(bench) == ["d"]


async def test_a_whole_list_that_broke_off_and_starts_anew_tells_what_is_missing_at_its_beginning() -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c", "d"), whole=True)
    await pull(bench.road, markets(), what(feed))
    queued(bench)
    feed.fails_at = 1
    with pytest.raises(Transient):
        await pull(bench.road, markets(), what(feed))
    del feed.records["a"]
    await pull(bench.road, markets(), what(feed))
    assert told_of(bench) == ["a!"]


async def test_a_run_that_is_still_going_is_not_started_twice() -> None:
    bench, feed = Bench(), Feed(versions("a"))
    await bench.state.idempotency.claim(f"pull:{what(feed).name}", "", LEASE)
    result = await pull(bench.road, markets(), what(feed))
    assert (result.skipped, feed.cursors, queued(bench)) == (True, [], [])
    assert [name for name, _ in bench.telemetry.events] == ["pull skipped"]


async def test_a_killed_run_holds_the_others_up_no_longer_than_its_lease() -> None:
    bench, feed = Bench(), Feed(versions("a"))
    await bench.state.idempotency.claim(f"pull:{what(feed).name}", "", LEASE)
    bench.clock.advance(LEASE + timedelta(seconds=1))
    await pull(bench.road, markets(), what(feed))
    assert queued(bench) == ["a"]


async def test_a_run_that_outlived_its_lease_does_not_free_its_successors_claim() -> None:
    bench, feed = Bench(), Feed(versions("a", "b", "c"))
    late = await bench.state.idempotency.claim(f"pull:{what(feed).name}", "", LEASE)
    assert isinstance(late, Claimed)
    bench.clock.advance(LEASE + timedelta(seconds=1))
    await bench.state.idempotency.claim(f"pull:{what(feed).name}", "", LEASE)
    await bench.state.idempotency.release(late)
    assert (await pull(bench.road, markets(), what(feed))).skipped


async def test_a_run_that_failed_can_be_repeated_at_once() -> None:
    bench, feed = Bench(), Feed(versions("a"), fails_at=0)
    with pytest.raises(Transient):
        await pull(bench.road, markets(), what(feed))
    assert not (await pull(bench.road, markets(), what(feed))).skipped


@pytest.mark.parametrize("error", [AWAY, Permanent("api", "GET customers", "403", code="Forbidden")])
async def test_a_company_that_fails_does_not_stop_the_others_and_is_told(error: ServiceError) -> None:
    bench = Bench()
    rows = row("no", back_end="away"), row("se")
    feeds = {"away": Feed(versions("x"), fails_at=0, error=error), "bc": Feed(versions("a"))}
    with pytest.raises(type(error)):
        await pull_all(bench.road, markets(*rows), feeds, "customers")
    assert queued(bench) == ["a"]
    assert [name for name, _ in bench.telemetry.events] == ["pull failed", "pull"]


def test_markets_that_share_a_company_are_pulled_once_and_those_that_are_off_or_tell_nothing_never() -> None:
    feed = Feed()
    rows: Sequence[Market] = (
        row("off", modes={}),
        row("se"),
        row("pilot", company="COMPANY-SE", modes={"customers": "shadow"}),
        row("no"),
        row("mute", back_end="mute"),
    )
    found = pulls_of(markets(*rows), {"bc": feed, "mute": object()}, "customers")
    assert [one.name for one in found] == ["customers:bc:company-se", "customers:bc:company-no"]


@unhurried
@given(st.integers(0, 2**32), st.booleans(), st.booleans(), st.integers(1, 4))
async def test_whatever_breaks_the_union_of_what_was_queued_is_what_changed(
    seed: int, whole: bool, resumes: bool, size: int
) -> None:
    """A delta feed goes on behind its cursor, a whole list is compared with what was queued before.

    The digests themselves are not cut here: one that was never stored cannot tell that its record was deleted.
    """
    dice, bench = random.Random(seed), Bench()
    feed = Feed(whole=whole, resumes=resumes, size=size)
    looked_at: dict[str, str] = {}
    for step in range(12):
        changed = f"{step:02}" if not whole else f"{dice.randrange(8):02}"
        feed.records[changed] = str(step)
        if whole and len(feed.records) > 1 and dice.random() < 0.3:
            feed.records.pop(dice.choice(sorted(feed.records)))
        feed.fails_at = dice.choice([None, None, 0, 1, 2])
        if dice.random() < 0.3:
            bench.state.break_down(dice.choice(["cursors.put", "idempotency.release"]), times=1)
        await _try(bench, feed)
        _look(bench, feed, looked_at)
    bench.state.mend()
    feed.fails_at = None
    bench.clock.advance(LEASE + timedelta(seconds=1))
    for _ in range(2):  # a resumed list is not told from its beginning
        assert await _try(bench, feed)
        _look(bench, feed, looked_at)
    assert looked_at == feed.records
    assert await _try(bench, feed)
    assert queued(bench) == []


async def _try(bench: Bench, feed: Feed) -> bool:
    try:
        await pull(bench.road, markets(), what(feed))
    except Transient:
        return False
    return True


def _look(bench: Bench, feed: Feed, looked_at: dict[str, str]) -> None:
    """Do what the flow does with a message: look at the record as it is now."""
    for record in queued(bench):
        if record in feed.records:
            looked_at[record] = feed.records[record]
        else:
            looked_at.pop(record, None)
