"""The safety net: orders that no event brought."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.commercetools.client import MAX_PAGE
from shared.errors import Transient
from shared.pipeline.envelope import parse_envelope
from shared.pipeline.process import failed_entity
from shared.pipeline.sweep import FIRST_LOOK_BACK, SWEPT_ORDERS, SweepResult, sweep, sweep_projects
from shared.state.records import Snapshot
from tests.fakes.clock import START
from tests.fakes.commercetools import FakeCommercetools
from tests.fakes.markets import map_with, market, market_map
from tests.fakes.road import Bench

OVERLAP = timedelta(minutes=5)


def order(number: int, modified: str = "2026-11-24T11:00:00.000Z", **changes: Any) -> dict[str, Any]:
    found = {"id": f"order-{number:04}", "version": 3, "lastModifiedAt": modified, "store": {"key": "se-b2c"}}
    return {**found, **changes}


async def swept(bench: Bench, shop: FakeCommercetools, markets: Any = None) -> SweepResult:
    return await sweep(bench.road, shop.client, markets or market_map(), OVERLAP, SWEPT_ORDERS)


def wheres(shop: FakeCommercetools) -> list[str]:
    return [request.url.params["where"] for request in shop.api_requests]


async def test_orders_that_no_snapshot_knows_are_queued_with_their_version_as_cause() -> None:
    bench, shop = Bench(), FakeCommercetools()
    shop.pages = [[order(1), order(2)]]
    assert await swept(bench, shop) == SweepResult(2, 2)
    first = parse_envelope(bench.sender.sent["orders"][0].body)
    assert (first.entity_id, first.cause.source, first.cause.id) == ("order-0001", "sweep", "order-0001/3")


async def test_orders_that_a_snapshot_knows_are_left_alone() -> None:
    bench, shop = Bench(), FakeCommercetools()
    await bench.state.snapshots.put(Snapshot("se", "order", "order-0001", 1, {}, START))
    shop.pages = [[order(1)]]
    assert await swept(bench, shop) == SweepResult(1, 0)


@pytest.mark.parametrize(("modified", "queued"), [("2026-11-24T11:00:00.000Z", 0), ("2026-11-24T12:00:01.000Z", 1)])
async def test_a_dead_lettered_order_is_queued_again_only_when_it_changed_since(modified: str, queued: int) -> None:
    bench, shop = Bench(), FakeCommercetools()
    await bench.state.snapshots.put(Snapshot("shop", failed_entity("orders"), "order-0001", 0, {}, START))
    shop.pages = [[order(1, modified)]]
    assert await swept(bench, shop) == SweepResult(1, queued)


async def test_a_market_whose_flow_is_off_is_not_queued_and_an_order_without_a_market_is() -> None:
    bench, shop = Bench(), FakeCommercetools()
    shop.pages = [[order(1), order(2, store={"key": "other"}, country="NO")]]
    assert await swept(bench, shop, map_with(market(modes={}))) == SweepResult(2, 1)


async def test_the_first_sweep_looks_back_a_day_and_the_next_from_the_cursor_less_the_overlap() -> None:
    bench, shop = Bench(), FakeCommercetools()
    shop.pages = [[order(1, "2026-11-24T11:00:00.000Z")], []]
    await swept(bench, shop)
    await swept(bench, shop)
    since = (START - FIRST_LOOK_BACK - OVERLAP).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert wheres(shop) == [f'lastModifiedAt >= "{since}"', 'lastModifiedAt >= "2026-11-24T10:55:00.000Z"']


async def test_the_cursor_never_comes_closer_to_now_than_queries_are_consistent() -> None:
    bench, shop = Bench(), FakeCommercetools()
    shop.pages = [[order(1, "2026-11-24T11:59:59.000Z")]]
    await swept(bench, shop)
    assert await bench.state.cursors.get("orders:shop") == "2026-11-24T11:59:00.000Z"


async def test_pages_go_on_behind_the_last_order_even_where_many_changed_in_one_instant() -> None:
    bench, shop = Bench(), FakeCommercetools()
    shop.pages = [[order(number) for number in range(MAX_PAGE)], [order(9999)]]
    assert await swept(bench, shop) == SweepResult(MAX_PAGE + 1, MAX_PAGE + 1)
    moment, last = "2026-11-24T11:00:00.000Z", f"order-{MAX_PAGE - 1:04}"
    expected = f'lastModifiedAt > "{moment}" or (lastModifiedAt = "{moment}" and id > "{last}")'
    assert wheres(shop)[1] == expected
    assert shop.api_requests[0].url.params.get_list("sort") == ["lastModifiedAt asc", "id asc"]


async def test_the_cursor_stays_where_it_was_when_the_queue_cannot_be_reached() -> None:
    bench, shop = Bench(), FakeCommercetools()
    bench.sender.down = True
    shop.pages = [[order(1)]]
    with pytest.raises(Transient):
        await swept(bench, shop)
    assert await bench.state.cursors.get("orders:shop") is None


async def test_the_same_version_swept_twice_is_one_cause_and_a_new_version_another() -> None:
    bench, shop = Bench(), FakeCommercetools()
    shop.pages = [[order(1)], [order(1)], [order(1, version=4)]]
    for _ in range(3):
        await swept(bench, shop)
    hashes = [parse_envelope(message.body).payload_hash for message in bench.sender.sent["orders"]]
    assert hashes[0] == hashes[1] != hashes[2]


async def test_a_project_that_cannot_be_reached_does_not_keep_the_others_waiting_and_is_told() -> None:
    bench, away, shop = Bench(), FakeCommercetools(), FakeCommercetools()
    away.failures = [httpx.Response(503)]
    shop.pages = [[order(1)]]
    with pytest.raises(Transient):
        await sweep_projects(bench.road, [away.client, shop.client], market_map(), OVERLAP, SWEPT_ORDERS)
    assert len(bench.sender.sent["orders"]) == 1
    assert [name for name, _ in bench.telemetry.events] == ["sweep failed", "sweep"]
