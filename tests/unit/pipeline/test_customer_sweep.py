"""The sweep of customers and business units: a version that no snapshot knows is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.markets import ANY_PROJECT, MarketMap
from shared.pipeline.envelope import parse_envelope
from shared.pipeline.process import failed_entity
from shared.pipeline.sweep import SWEPT_BUSINESS_UNITS, SWEPT_CUSTOMERS, Swept, sweep, sweep_projects
from shared.state.records import Snapshot
from tests.contract.customers.events import TellingShop
from tests.fakes.clock import START
from tests.fakes.markets import market, market_map
from tests.fakes.road import Bench

OVERLAP = timedelta(minutes=5)
KINDS = [(SWEPT_CUSTOMERS, "customers"), (SWEPT_BUSINESS_UNITS, "business-units")]


def shop_with(bench: Bench, kind: str, version: int = 3, modified: str = "2026-11-24T11:00:00.000Z") -> TellingShop:
    shop = TellingShop(bench.clock)
    shop.put(kind, {"id": "one", "version": version, "lastModifiedAt": modified})
    return shop


def markets(**changes: Any) -> MarketMap:
    return market_map().model_copy(update={"markets": (market(**{"modes": {"customers": "on"}, **changes}),)})


async def queued(bench: Bench, shop: TellingShop, swept: Swept, whole: MarketMap | None = None) -> list[str]:
    await sweep(bench.road, shop.client, whole or markets(), OVERLAP, swept)
    return [parse_envelope(message.body).cause.id for message in bench.sender.sent.pop("customers", [])]


@pytest.mark.parametrize(("swept", "kind"), KINDS)
async def test_what_no_snapshot_knows_is_queued_for_the_customers_flow(swept: Swept, kind: str) -> None:
    bench = Bench()
    await sweep(bench.road, shop_with(bench, kind).client, markets(), OVERLAP, swept)
    (message,) = bench.sender.sent["customers"]
    found = parse_envelope(message.body)
    assert (found.flow, found.entity_type, found.entity_id) == ("customers", swept.entity, "one")
    assert (found.cause.source, found.cause.id) == ("sweep", "one/3")


@pytest.mark.parametrize(("swept", "kind"), KINDS)
@pytest.mark.parametrize(("known", "expected"), [(2, ["one/3"]), (3, []), (4, [])])
async def test_a_version_newer_than_the_snapshots_is_queued(
    swept: Swept, kind: str, known: int, expected: list[str]
) -> None:
    bench = Bench()
    await bench.state.snapshots.put(Snapshot("se", swept.entity, "one", known, {}, START))
    assert await queued(bench, shop_with(bench, kind), swept) == expected


@pytest.mark.parametrize(
    ("project", "modes", "expected"),
    [
        ("shop", {"customers": "shadow"}, ["one/3"]),
        (ANY_PROJECT, {"customers": "on"}, ["one/3"]),
        ("trade", {"customers": "on"}, []),
        ("shop", {"orders": "on"}, []),
    ],
)
async def test_only_projects_with_a_market_in_which_the_flow_runs_are_queued(
    project: str, modes: dict[str, str], expected: list[str]
) -> None:
    bench = Bench()
    whole = markets(project=project, modes=modes)
    assert await queued(bench, shop_with(bench, "customers"), SWEPT_CUSTOMERS, whole) == expected


@pytest.mark.parametrize(
    ("modified", "expected"), [("2026-11-24T11:00:00.000Z", []), ("2026-11-24T12:00:01.000Z", ["one/3"])]
)
async def test_one_that_waits_as_a_dead_letter_is_queued_again_only_when_it_changed_since(
    modified: str, expected: list[str]
) -> None:
    bench = Bench()
    await bench.state.snapshots.put(Snapshot("shop", failed_entity("customers"), "one", 0, {}, START))
    assert await queued(bench, shop_with(bench, "customers", modified=modified), SWEPT_CUSTOMERS) == expected


async def test_customers_and_business_units_have_cursors_of_their_own() -> None:
    bench = Bench()
    shop = shop_with(bench, "customers")
    await sweep_projects(bench.road, [shop.client], markets(), OVERLAP, SWEPT_CUSTOMERS, SWEPT_BUSINESS_UNITS)
    assert await bench.state.cursors.get("customers:shop") == "2026-11-24T11:00:00.000Z"
    assert await bench.state.cursors.get("business-units:shop") is None
