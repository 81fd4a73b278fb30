"""Notices become envelopes: for whom, in which market, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Transient
from shared.markets import ANY_PROJECT, Market, MarketMap, MarketMapError, parse_market_map
from shared.pipeline.envelope import Envelope, parse_envelope
from shared.pipeline.notices import Notice, accept_notices, markets_of
from shared.state.records import IdPair
from tests.fakes.clock import START
from tests.fakes.markets import ENVIRONMENT, MARKET_MAP, market, market_map
from tests.fakes.road import Bench

ON = {"customers": "on"}


def row(name: str, **changes: Any) -> Market:
    return market(**{"name": name, "modes": ON, "company": "company-se", **changes})


def markets(*rows: Market) -> MarketMap:
    return market_map().model_copy(update={"markets": rows or (row("se"),)})


def notice(record: str = "record-1", company: str = "company-se", version: str = "1") -> Notice:
    return Notice("customers", company, record, "Changed", version)


async def accepted(bench: Bench, whole: MarketMap, *notices: Notice, back_end: str = "bc") -> list[Envelope]:
    count = await accept_notices(bench.road, whole, back_end, notices, "webhook")
    found = [parse_envelope(message.body) for message in bench.sender.sent.pop("customers", [])]
    assert count == len(found)
    return found


async def test_a_record_that_nobody_knows_is_looked_at_under_its_own_id_in_the_first_market_of_its_company() -> None:
    bench = Bench()
    (found,) = await accepted(bench, markets(row("off", modes={}), row("se"), row("pilot")), notice())
    assert (found.flow, found.project, found.market) == ("customers", "shop", "se")
    assert (found.entity_type, found.entity_id) == ("customer", "dynamics:record-1")
    assert (found.cause.source, found.cause.type, found.cause.id) == ("webhook", "Changed", "record-1/1")
    assert found.accepted_at == START


@pytest.mark.parametrize("entity", ["customer", "business-unit"])
async def test_a_known_record_is_looked_at_as_the_customer_it_is_paired_with(entity: str) -> None:
    bench = Bench()
    await bench.state.id_map.put(IdPair("se", entity, "ct-1", "record-1", "10000"))
    (found,) = await accepted(bench, markets(), notice())
    assert (found.entity_type, found.entity_id, found.session_id) == (entity, "ct-1", "customers:ct-1")


async def test_a_record_that_is_paired_in_the_second_market_of_its_company_is_found_there() -> None:
    bench = Bench()
    await bench.state.id_map.put(IdPair("pilot", "customer", "ct-1", "record-1", "10000"))
    (found,) = await accepted(bench, markets(row("se"), row("pilot")), notice())
    assert (found.market, found.entity_id) == ("pilot", "ct-1")


async def test_one_customer_in_several_markets_of_one_company_is_looked_at_once() -> None:
    bench = Bench()
    for name in ("se", "pilot"):
        await bench.state.id_map.put(IdPair(name, "customer", "ct-1", "record-1", "10000"))
    assert len(await accepted(bench, markets(row("se"), row("pilot")), notice())) == 1


async def test_a_record_that_customers_of_two_projects_are_is_looked_at_for_each() -> None:
    bench = Bench()
    for name, customer in (("se", "ct-1"), ("trade", "ct-2")):
        await bench.state.id_map.put(IdPair(name, "customer", customer, "record-1", "10000"))
    found = await accepted(bench, markets(row("se"), row("trade", project="trade")), notice())
    assert [(one.project, one.market, one.entity_id) for one in found] == [
        ("shop", "se", "ct-1"),
        ("trade", "trade", "ct-2"),
    ]


@pytest.mark.parametrize(
    ("rows", "company", "back_end"),
    [
        ((row("se", modes={}),), "company-se", "bc"),
        ((row("se"),), "company-no", "bc"),
        ((row("se"),), "company-se", "another"),
    ],
    ids=["the flow is off", "another company", "another back-end"],
)
async def test_what_no_market_wants_is_not_queued(rows: tuple[Market, ...], company: str, back_end: str) -> None:
    bench = Bench()
    assert await accepted(bench, markets(*rows), notice(company=company), back_end=back_end) == []
    assert bench.sender.batches == 0


async def test_a_market_in_shadow_mode_is_told_too() -> None:
    assert len(await accepted(Bench(), markets(row("se", modes={"customers": "shadow"})), notice())) == 1


@pytest.mark.parametrize("company", ["company-se", "COMPANY-SE", ""])
def test_companies_are_compared_without_case_and_none_means_every_one(company: str) -> None:
    found = markets_of(markets(row("se"), row("no", company="company-no")), "bc", company, "customers")
    assert [one.name for one in found] == (["se", "no"] if not company else ["se"])


async def test_what_a_request_tells_twice_is_queued_once_with_its_latest_version() -> None:
    bench = Bench()
    found = await accepted(bench, markets(), notice(version="1"), notice("record-2"), notice(version="2"))
    assert [(one.entity_id, one.cause.id) for one in found] == [
        ("dynamics:record-1", "record-1/2"),
        ("dynamics:record-2", "record-2/1"),
    ]


async def test_the_same_version_told_by_two_requests_is_one_cause_and_another_version_another() -> None:
    bench = Bench()
    hashes = [(await accepted(bench, markets(), notice(version=version)))[0].payload_hash for version in "112"]
    assert hashes[0] == hashes[1] != hashes[2]


async def test_a_market_of_every_project_means_the_only_one() -> None:
    (found,) = await accepted(Bench(), markets(row("se", project=ANY_PROJECT)), notice())
    assert found.project == "shop"


async def test_a_queue_that_cannot_be_reached_is_told() -> None:
    bench = Bench()
    bench.sender.down = True
    with pytest.raises(Transient):
        await accept_notices(bench.road, markets(), "bc", [notice()], "webhook")


def several_projects(modes: str, project: str = '"*"') -> str:
    """The map of the tests with a second project, and a market of every project."""
    shop = MARKET_MAP.partition("projects:\n")[2].partition("back_ends:")[0]
    both = shop + shop.replace("shop:", "trade:")
    prefixes = "order: {reference_prefixes: {trade: T-}}"
    last = f"company: company-eu\n    {prefixes}\n    modes: {{customers: {modes}}}"
    whole = MARKET_MAP.replace(shop, both).replace("company: company-eu", last)
    return whole.replace("- name: eu\n    project: shop", f"- name: eu\n    project: {project}")


@pytest.mark.parametrize("modes", ['"on"', "shadow"])
def test_a_market_of_several_projects_that_keeps_customers_in_step_is_refused_with_a_way_out(modes: str) -> None:
    with pytest.raises(MarketMapError) as refused:
        parse_market_map(several_projects(modes), "map.yaml", ENVIRONMENT)
    (problem,) = refused.value.problems
    assert problem.startswith("markets.1.project: market eu keeps customers in step and serves every project")
    assert "name one project" in problem


@pytest.mark.parametrize(("modes", "project"), [('"off"', '"*"'), ('"on"', "trade")])
def test_a_market_of_one_project_or_without_the_flow_is_accepted(modes: str, project: str) -> None:
    assert len(parse_market_map(several_projects(modes, project), "map.yaml", ENVIRONMENT).markets) == 2


def test_a_market_of_every_project_is_accepted_while_there_is_one() -> None:
    text = MARKET_MAP.replace(
        "- name: eu\n    project: shop", '- name: eu\n    modes: {customers: "on"}\n    project: "*"'
    )
    assert parse_market_map(text, "map.yaml", ENVIRONMENT).markets[1].project == ANY_PROJECT
