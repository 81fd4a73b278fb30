"""Bulk runs: only differences are written, one bad record stops nobody, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import Permanent, Transient
from shared.flows.catalogue import CATALOGUE, FULL, MARKET, CatalogueName
from shared.market_options.catalogue import PriceRules, ProductRules
from shared.market_options.trade import Warehouse
from shared.model.catalogue import ItemState, StockState
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.outcome import Done, NoChange, RetryAt
from shared.pipeline.process import process
from tests.fakes.catalogue_connector import Kind, MemoryCatalogue
from tests.fakes.clock import START
from tests.fakes.road import incoming
from tests.unit.catalogue.stall import NAME, Stall, numbers, order

MANY = 1_000
KIND: Mapping[CatalogueName, Kind] = {"inventory": "stock", "prices": "prices", "products": "items"}


def set_up(stall: Stall, *goods: str) -> None:
    """Everything of some items is new."""
    stall.goods(*goods)
    stall.stock(*goods, on_hand=7)
    stall.price(*goods, amount="19.90")


def touch(stall: Stall, name: CatalogueName, *goods: str, value: int = 9) -> None:
    """Change what one flow looks at."""
    match name:
        case "inventory":
            stall.stock(*goods, on_hand=value)
        case "prices":
            stall.price(*goods, amount=str(value))
        case "products":
            stall.back_end.put(*(ItemState(number, name=f"{NAME} {value}") for number in goods))


def arrived(stall: Stall, name: CatalogueName, number: str, value: int = 9) -> bool:
    match name:
        case "inventory":
            return stall.available(number) == value
        case "prices":
            return stall.cents(number) == [value * 100]
        case "products":
            return stall.name_of(number) == f"{NAME} {value}"


async def test_stock_prices_and_fields_arrive_in_the_shop() -> None:
    stall = Stall()
    set_up(stall, "MUG", "CUP")
    for name in CATALOGUE:
        result = await stall.run(name)
        assert (result.seen, result.written) == (2, 2)
    assert stall.available("MUG") == 7
    assert stall.cents("CUP") == [1990]
    assert stall.name_of("MUG") == NAME


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("whole", [False, True], ids=["delta", "whole list"])
async def test_what_did_not_change_costs_next_to_nothing(name: CatalogueName, whole: bool) -> None:
    stall = Stall(back_end=MemoryCatalogue(whole=whole))
    goods = numbers(MANY)
    set_up(stall, *goods)
    await stall.run(name)
    before = stall.calls
    result = await stall.run(name)
    assert result.written == 0
    assert stall.calls - before <= MANY * 0.01


@pytest.mark.parametrize("name", CATALOGUE)
async def test_what_was_touched_but_is_the_same_costs_a_hundredth_of_a_call(name: CatalogueName) -> None:
    stall = Stall(back_end=MemoryCatalogue(page_size=500))
    goods = numbers(MANY)
    set_up(stall, *goods)
    await stall.run(name)
    for row in list(stall.back_end.records[KIND[name]].values()):
        stall.back_end.put(row)
    before = stall.calls
    result = await stall.run(name)
    assert (result.seen, result.written, result.unchanged) == (MANY, 0, MANY)
    allowed = MANY * (0.03 if name == "prices" else 0.01)  # the rows of an item are read together, 50 items at once
    assert stall.calls - before <= allowed


@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_changed_record_costs_one_write_and_little_else(name: CatalogueName) -> None:
    stall = Stall()
    goods = numbers(MANY)
    set_up(stall, *goods)
    await stall.run(name)
    changed = goods[::5]
    touch(stall, name, *changed)
    before = stall.calls
    result = await stall.run(name)
    assert result.written == len(changed)
    assert stall.calls - before <= len(changed) * 1.05
    assert all(arrived(stall, name, number) for number in changed)


@pytest.mark.parametrize("name", CATALOGUE)
async def test_whoever_is_faster_is_compared_with_again(name: CatalogueName) -> None:
    stall = Stall()
    set_up(stall, *numbers(20))
    await stall.run(name)
    touch(stall, name, *numbers(20))
    stall.shop.changed_by_others = 5
    result = await stall.run(name)
    assert result.asked == 0
    assert all(arrived(stall, name, number) for number in numbers(20))


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("bad", [1, 10])
async def test_bad_records_are_questions_of_their_own_and_all_others_are_written_at_once(
    name: CatalogueName, bad: int
) -> None:
    stall = Stall()
    goods = numbers(500)
    set_up(stall, *goods)
    await stall.run(name)
    touch(stall, name, *goods)
    poisoned = goods[::50][:bad]
    for number in poisoned:
        stall.shop.poisoned[number] = f"{number} is refused, because it is bad"
    result = await stall.run(name)
    assert (result.written, result.asked) == (500 - bad, bad)
    items = await stall.questions()
    assert sorted(item.question.text for item in items) == sorted(
        f"{name} of {number}: {number} is refused, because it is bad" for number in poisoned
    )
    # Put right, the next run heals them, although the back-end tells of no change.
    stall.shop.poisoned.clear()
    assert (await stall.run(name)).written == bad
    assert all(arrived(stall, name, number) for number in goods)


async def test_a_bulk_read_that_one_record_spoils_is_halved_until_it_stands_alone() -> None:
    stall = Stall()
    goods = numbers(64)
    set_up(stall, *goods)
    stall.back_end.poison = {goods[5]: Permanent("fake", "GET prices", "no such thing", status=400)}
    result = await stall.run("prices")
    assert (result.written, result.asked) == (63, 1)
    (item,) = await stall.questions()
    assert "no such thing" in item.question.text
    stall.back_end.poison = {}
    assert (await stall.run("prices")).written == 1


@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_side_that_cannot_be_reached_stops_the_run_and_loses_nothing(name: CatalogueName) -> None:
    stall = Stall(back_end=MemoryCatalogue(page_size=10))
    goods = numbers(40)
    set_up(stall, *goods)
    down = Transient("fake", "GET", "down", status=503)
    stall.back_end.between = [lambda: None, lambda: stall.back_end.errors.update({KIND[name]: [down]})]
    with pytest.raises(Transient):
        await stall.run(name)
    stall.restart()
    await stall.run(name)
    for number in goods:
        touch(stall, name, number)
    await stall.run_until_done(name)
    assert all(arrived(stall, name, number) for number in goods)


@pytest.mark.parametrize("whole", [False, True], ids=["delta", "whole list"])
@pytest.mark.parametrize("store", ["cursors.put", "digests.put", "audit.append"])
async def test_a_crash_between_a_page_and_its_cursor_brings_the_page_again(store: str, whole: bool) -> None:
    stall = Stall(back_end=MemoryCatalogue(page_size=10, whole=whole))
    goods = numbers(35)
    set_up(stall, *goods)
    stall.bench.state.break_down(store, times=1)
    with pytest.raises(Transient):
        await stall.run("inventory")
    stall.restart()
    await stall.run("inventory")
    assert [stall.available(number) for number in goods] == [7] * 35
    assert (await stall.run("inventory")).written == 0


async def test_equal_stamps_over_a_pages_edge_and_records_that_move_while_it_is_read_are_all_seen() -> None:
    stall = Stall(back_end=MemoryCatalogue(page_size=10))
    goods = numbers(95)
    set_up(stall, *goods)  # all stock rows have the same stamp
    moved = goods[3:90:7]
    stall.back_end.between = [lambda: stall.stock(*moved, on_hand=8)]
    await stall.run("inventory")
    await stall.run("inventory")
    assert {number: stall.available(number) for number in goods} == {
        number: 8 if number in moved else 7 for number in goods
    }


@pytest.mark.parametrize("when", ["between runs", "while it is read"])
async def test_a_record_that_a_whole_list_does_not_have_any_more_is_looked_at(when: str) -> None:
    stall = Stall(back_end=MemoryCatalogue(page_size=10, whole=True), row={"prices": PriceRules(unlisted="delete")})
    goods = numbers(30)
    set_up(stall, *goods)
    await stall.run("prices")
    gone = [row.key for row in stall.back_end.records["prices"].values() if row.number == goods[17]]

    def remove() -> None:
        for key in gone:
            stall.back_end.remove("prices", key)

    if when == "between runs":
        remove()
    else:
        stall.back_end.between = [remove]
    await stall.run("prices")
    await stall.run("prices")
    assert stall.cents(goods[17]) == []
    assert stall.cents(goods[16]) == [1990]


async def test_thousands_that_match_nothing_are_one_question_with_a_count_and_examples() -> None:
    stall = Stall()
    stall.goods("MUG")
    stall.stock("MUG", *numbers(2_000), on_hand=3)
    result = await stall.run("inventory")
    assert (result.written, result.unmatched) == (1, 2_000)
    (item,) = await stall.questions()
    assert item.question.kind == "unmatched"
    assert item.question.dynamics["count"] == 2_000
    assert 1 <= len(item.question.dynamics["examples"]) <= 20


async def test_new_items_become_products_where_the_market_wants_that() -> None:
    stall = Stall(row={"products": ProductRules(unmatched="create", product_type="goods", publish="always")})
    stall.back_end.put(ItemState("MUG", name=NAME), ItemState("TEE", name="Tee"), ItemState("TEE", "RED", name="Red"))
    result = await stall.run("products")
    assert (result.written, result.asked) == (2, 0)
    products = {one["key"]: one for one in stall.shop.all_of("products")}
    assert products["MUG"]["masterData"]["published"]
    assert products["TEE"]["masterData"]["current"]["masterVariant"]["sku"] == "TEE-RED"
    assert (await stall.run("products", full=True)).written == 0


@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_shadow_market_shows_every_difference_and_writes_nothing(name: CatalogueName) -> None:
    stall = Stall(row={"modes": dict.fromkeys(CATALOGUE, "shadow")})
    set_up(stall, "MUG")
    result = await stall.run(name)
    assert result.written == 0
    assert stall.shop.updates == []
    assert stall.shop.drafts == []
    (entry,) = await stall.audit("MUG")
    assert (entry.step, bool(entry.after)) == ("shadow", True)


async def test_what_was_written_is_in_the_audit_with_before_and_after() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.run("inventory")
    stall.stock("MUG", on_hand=4)
    await stall.run("inventory")
    *_, entry = await stall.audit("MUG")
    assert (entry.outcome, entry.market) == ("Done", "se")
    assert (entry.after["before"], entry.after["available"]) == (7, 4)


async def test_a_run_that_is_still_going_is_not_started_twice() -> None:
    stall = Stall(back_end=MemoryCatalogue(page_size=1))
    set_up(stall, "MUG", "CUP")
    seen: list[Any] = []

    async def meanwhile() -> None:
        seen.append(await stall.run("inventory"))

    original = stall.runs.road.state.cursors.put

    async def put(name: str, value: str) -> None:
        if not seen:
            await meanwhile()
        await original(name, value)

    setattr(stall.bench.state.cursors, "put", put)  # noqa: B010 - mypy wants methods left alone
    await stall.run("inventory")
    assert seen[0].skipped


@pytest.mark.parametrize(("drift", "cents", "asked"), [("correct", [1990], 0), ("report", [999], 1)])
async def test_a_price_that_was_edited_in_the_shop_is_corrected_or_told(
    drift: Any, cents: list[int], asked: int
) -> None:
    stall = Stall(row={"prices": PriceRules(drift=drift)})
    set_up(stall, "MUG")
    await stall.run("prices")
    (price,) = stall.shop.all_of("standalone-prices")
    stall.shop.documents[f"standalone-prices/{price['id']}"]["value"]["centAmount"] = 999
    result = await stall.run("prices", full=True)
    assert (stall.cents("MUG"), result.asked) == (cents, asked)
    # What changes in the back-end is no drift.
    stall.price("MUG", amount="29.90")
    await stall.run("prices")
    assert stall.cents("MUG") == [2990]


async def test_tiers_of_a_price_arrive_together_whichever_row_changed() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    stall.price("MUG", amount="15", minimum=10)
    await stall.run("prices")
    stall.price("MUG", amount="14", minimum=10)
    await stall.run("prices")
    (price,) = stall.shop.all_of("standalone-prices")
    assert price["value"]["centAmount"] == 1990
    assert [(tier["minimumQuantity"], tier["value"]["centAmount"]) for tier in price["tiers"]] == [(10, 1400)]


async def test_an_order_that_the_back_end_does_not_know_yet_is_taken_off_once() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.run("inventory")
    stall.shop.place(order("o-1", "MUG", 2))
    assert stall.available("MUG") == 5
    stall.stock("MUG", on_hand=7)  # touched, but nothing was sold there
    await stall.run("inventory")
    assert stall.available("MUG") == 5
    # Exported and reserved there, long ago: it is in the reservations, and not taken off twice.
    mark = {"channel": {"typeId": "channel", "id": "dynamics"}, "syncedAt": "2026-11-24T11:00:00.000Z"}
    stall.shop.documents["orders/o-1"]["syncInfo"] = [mark]
    stall.shop.put("channels", {"id": "dynamics", "version": 1, "key": "dynamics"})
    stall.stock("MUG", on_hand=7, reserved=2)
    await stall.run("inventory")
    assert stall.available("MUG") == 5


async def test_an_order_under_way_counts_on_the_safe_side_and_is_set_right_by_the_next_run() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.run("inventory")
    stall.shop.place(order("o-1", "MUG", 2))
    mark = {"channel": {"typeId": "channel", "id": "dynamics"}, "syncedAt": "2026-11-24T11:59:30.000Z"}
    stall.shop.documents["orders/o-1"]["syncInfo"] = [mark]
    stall.shop.put("channels", {"id": "dynamics", "version": 1, "key": "dynamics"})
    stall.stock("MUG", on_hand=7, reserved=2)
    await stall.run("inventory")
    assert stall.available("MUG") == 3
    stall.bench.clock.now = START.replace(hour=13)
    assert (await stall.run("inventory")).written == 1
    assert stall.available("MUG") == 5


async def test_what_commercetools_reserves_itself_stays_on_top() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.run("inventory")
    entry = stall.entry("MUG")
    assert entry is not None
    stall.shop.documents[f"inventory/{entry['id']}"]["availableQuantity"] -= 3
    stall.stock("MUG", on_hand=9)
    await stall.run("inventory")
    entry = stall.entry("MUG")
    assert entry is not None
    assert (entry["availableQuantity"], entry["quantityOnStock"]) == (9, 12)


async def test_a_channel_that_is_missing_stops_the_market_with_a_question() -> None:
    stall = Stall(row={"warehouses": (Warehouse(code="MAIN", channel="nowhere"),)})
    set_up(stall, "MUG")
    result = await stall.run("inventory")
    assert (result.written, result.asked) == (0, 1)
    (item,) = await stall.questions()
    assert "nowhere" in item.question.text
    stall.shop.put("channels", {"id": "channel-nowhere", "version": 1, "key": "nowhere"})
    assert (await stall.run("inventory")).written == 1


async def test_a_warehouse_that_the_market_does_not_name_is_nobodys_business() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    stall.back_end.put(StockState("MUG", "", "ELSEWHERE", Decimal(99)))
    result = await stall.run("inventory")
    assert (result.seen, result.written, result.unchanged) == (2, 1, 1)


def message(name: CatalogueName, kind: str = "Changed", entity: str = "se") -> Envelope:
    return Envelope(
        flow=name,
        project="shop",
        entity_type=MARKET,
        entity_id=entity,
        cause=Cause(source="webhook", type=kind, id="1"),
        correlation_id="bc/1",
        accepted_at=START,
    )


@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_message_makes_the_market_look(name: CatalogueName) -> None:
    stall = Stall()
    set_up(stall, "MUG")
    flow = stall.runs.flows()[name]
    assert isinstance(await process(stall.bench.road, flow, incoming(message(name))), Done)
    again = replace(incoming(message(name, FULL)), sequence_number=2)
    assert isinstance(await process(stall.bench.road, flow, again), NoChange)


async def test_a_message_that_meets_a_run_looks_again_later_without_losing_an_attempt() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.bench.state.idempotency.claim("bulk:inventory:se", "", stall.bench.road.lease)
    outcome = await process(stall.bench.road, stall.runs.flows()["inventory"], incoming(message("inventory")))
    assert isinstance(outcome, RetryAt)
    assert not outcome.counted
