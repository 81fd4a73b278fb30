"""What a bulk run meets at its edges: modes that change, refusals of everything, retries half-way, odd numbers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from shared.errors import Permanent, Transient
from shared.flows.catalogue import CATALOGUE, CatalogueName
from shared.market_options.catalogue import PriceRules, ProductRules
from shared.market_options.trade import PriceBook
from shared.model.catalogue import CataloguePage, ItemState, item_key, item_of_key
from tests.fakes.catalogue_connector import MemoryCatalogue
from tests.unit.catalogue.stall import NAME, Stall, numbers, order, product

MARK = {"channel": {"typeId": "channel", "id": "dynamics"}, "syncedAt": "2026-11-24T11:59:30.000Z"}
EMBEDDED = (PriceBook(name="RETAIL", currency="SEK", kind="embedded"),)


def set_up(stall: Stall, *goods: str) -> None:
    stall.goods(*goods)
    stall.stock(*goods, on_hand=7)
    stall.price(*goods, amount="19.90")


def embedded_prices(stall: Stall, number: str) -> list[Any]:
    prices: list[Any] = stall.shop.documents[f"products/{number}"]["masterData"]["current"]["masterVariant"]["prices"]
    return prices


def answer(status: int, code: str = "") -> httpx.Response:
    return httpx.Response(status, json={"statusCode": status, "message": "no", "errors": [{"code": code}]})


@pytest.mark.parametrize("whole", [False, True], ids=["delta", "whole list"])
@pytest.mark.parametrize("name", CATALOGUE)
async def test_what_a_shadow_run_has_seen_is_written_once_the_flow_is_on(name: CatalogueName, whole: bool) -> None:
    stall = Stall(row={"modes": dict.fromkeys(CATALOGUE, "shadow")}, back_end=MemoryCatalogue(whole=whole))
    set_up(stall, "MUG", "CUP")
    assert (await stall.run(name)).written == 0
    stall.row = {}
    assert (await stall.run(name)).written == 2


async def test_a_refusal_that_concerns_everything_is_an_error_and_no_question_for_each_record() -> None:
    stall = Stall()
    set_up(stall, *numbers(50))
    await stall.run("inventory")
    stall.stock(*numbers(50), on_hand=9)

    def revoke() -> None:
        stall.shop.failures = [answer(403, "insufficient_scope")]

    stall.shop.before_update = revoke
    with pytest.raises(Permanent, match="403"):
        await stall.run("inventory")
    assert await stall.questions() == []
    stall.shop.before_update, stall.shop.failures = (lambda: None), []
    await stall.run("inventory")
    assert [stall.available(number) for number in numbers(50)] == [9] * 50


async def test_what_went_through_before_commercetools_broke_down_is_in_the_audit() -> None:
    stall = Stall()
    set_up(stall, *numbers(50))
    await stall.run("inventory")
    stall.stock(*numbers(50), on_hand=9)
    send = stall.shop.client.update
    (unreachable,) = [one["id"] for one in stall.shop.all_of("inventory") if one["sku"] == numbers(50)[3]]

    async def update(path: str, *args: Any, **options: Any) -> Any:
        if path.endswith(unreachable):
            await asyncio.sleep(0)  # others go on meanwhile
            raise Transient("commercetools", f"POST {path}", "down", status=503)
        return await send(path, *args, **options)

    setattr(stall.shop.client, "update", update)  # noqa: B010 - mypy wants methods left alone
    with pytest.raises(Transient):
        await stall.run("inventory")
    written = {number for number in numbers(50) if stall.available(number) == 9}
    assert max(written) > numbers(50)[3]
    told = {number for number in numbers(50) if len(await stall.audit(number)) == 2}
    assert told == written


async def test_a_retry_in_the_middle_of_a_skus_prices_sends_only_the_rest() -> None:
    books = (PriceBook(name="RETAIL", currency="SEK"), PriceBook(name="RETAIL", currency="SEK", country="SE"))
    stall = Stall(row={"price_books": books})
    set_up(stall, "MUG")
    send = stall.shop.client.create

    async def create(path: str, *args: Any, **options: Any) -> Any:
        document = await send(path, *args, **options)
        if len(stall.shop.all_of("standalone-prices")) == 1:
            stall.shop.failures = [answer(503)]
        return document

    setattr(stall.shop.client, "create", create)  # noqa: B010 - mypy wants methods left alone
    result = await stall.run("prices")
    assert stall.shop.failures == []
    assert (result.written, result.asked) == (1, 0)
    assert stall.cents("MUG") == [1990, 1990]


async def test_a_price_that_was_right_at_first_sight_is_known_when_somebody_edits_it_later() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.run("prices")
    stall.row = {"prices": PriceRules(drift="report")}
    stall.bench.state.digests._store._lists["prices:se:written"].clear()  # type: ignore[attr-defined]
    assert (await stall.run("prices", full=True)).written == 0
    (price,) = stall.shop.all_of("standalone-prices")
    stall.shop.documents[f"standalone-prices/{price['id']}"]["value"]["centAmount"] = 999
    result = await stall.run("prices", full=True)
    assert (result.written, result.asked, stall.cents("MUG")) == (0, 1, [999])


@pytest.mark.parametrize(("drift", "cents", "asked"), [("correct", 1990, 0), ("report", 999, 1)])
async def test_an_embedded_price_that_was_edited_in_the_shop_is_corrected_or_told(
    drift: Any, cents: int, asked: int
) -> None:
    stall = Stall(row={"price_books": EMBEDDED, "prices": PriceRules(drift=drift)})
    set_up(stall, "MUG")
    await stall.run("prices")
    data = stall.shop.documents["products/MUG"]["masterData"]
    for state in ("staged", "current"):
        data[state]["masterVariant"]["prices"][0]["value"]["centAmount"] = 999
    result = await stall.run("prices", full=True)
    assert result.asked == asked
    assert [price["value"]["centAmount"] for price in embedded_prices(stall, "MUG")] == [cents]
    stall.price("MUG", amount="29.90")
    await stall.run("prices")
    assert [price["value"]["centAmount"] for price in embedded_prices(stall, "MUG")] == [2990]


async def test_what_stands_in_the_way_of_many_prices_is_one_question() -> None:
    books = (PriceBook(name="RETAIL", currency="SEK", customer_group="nobody-made-it"),)
    stall = Stall(row={"price_books": books})
    set_up(stall, *numbers(600))
    result = await stall.run("prices")
    assert (result.written, result.asked) == (0, 1)
    (item,) = await stall.questions()
    assert "nobody-made-it" in item.question.text
    assert item.asked == 1


@pytest.mark.parametrize(
    ("number", "variant"),
    [("A", ""), ("A", "B"), ("A/B", ""), ("A/B|C", "D/E"), ("50%", ""), ("50%2F", "%"), ("Å", "ß")],
)
def test_numbers_of_any_characters_can_be_read_back_from_keys(number: str, variant: str) -> None:
    assert item_of_key(item_key(number, variant)) == (number, variant)


def test_an_item_is_never_taken_for_the_variant_of_another() -> None:
    assert item_key("A/B", "") != item_key("A", "B")


@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_refused_item_whose_number_has_a_slash_is_healed_by_the_next_run(name: CatalogueName) -> None:
    stall = Stall()
    stall.shop.put("products", {**product("A/1"), "id": "p-1"})
    stall.back_end.put(ItemState("A/1", name=NAME))
    stall.stock("A/1", on_hand=7)
    stall.price("A/1", amount="19.90")
    await stall.run(name)
    stall.stock("A/1", on_hand=9)
    stall.price("A/1", amount="9")
    stall.back_end.put(ItemState("A/1", name=f"{NAME} 9"))
    stall.shop.poisoned["A/1"] = "refused"
    assert (await stall.run(name)).asked == 1
    stall.shop.poisoned.clear()
    assert (await stall.run(name)).written == 1


async def test_a_record_that_spoils_reading_again_stops_nobody() -> None:
    stall = Stall()
    goods = numbers(20)
    set_up(stall, *goods)
    await stall.run("prices")
    stall.price(*goods, amount="9")
    stall.shop.changed_by_others = 20

    def spoil() -> None:
        stall.back_end.poison = {goods[3]: Permanent("fake", "GET prices", "spoilt meanwhile", status=400)}

    stall.shop.before_update = spoil
    result = await stall.run("prices")
    assert (result.written, result.asked) == (19, 1)
    stall.back_end.poison = {}
    stall.shop.before_update = lambda: None
    assert (await stall.run("prices")).written == 1


class GoesOn(MemoryCatalogue):
    """A whole list that a broken run goes on with where it was, as Business Central's is.

    Request number `down_at` is not answered.
    """

    down_at = 0

    def _ask(self, what: str) -> None:
        super()._ask(what)
        if self.requests[what] == self.down_at:
            raise Transient("fake", f"GET {what}", "down", status=503)

    async def _pages(self, kind: Any, cursor: str | None) -> Any:
        keys = sorted(self.records[kind])
        start = int(cursor or 0)
        for place in range(start, len(keys), self.page_size):
            self._ask(kind)
            some = keys[place : place + self.page_size]
            reached = 0 if place + self.page_size >= len(keys) else place + self.page_size
            yield CataloguePage([self.records[kind][key] for key in some], str(reached), whole=True)


async def test_a_whole_list_that_broke_off_goes_on_without_taking_what_it_had_for_missing() -> None:
    back_end = GoesOn(page_size=10)
    stall = Stall(back_end=back_end)
    goods = numbers(60)
    set_up(stall, *goods)
    await stall.run("inventory")
    for row in list(back_end.records["stock"].values()):
        if row.number in (goods[7], goods[55]):
            back_end.remove("stock", row.key)
    back_end.down_at = back_end.requests["stock"] + 4
    with pytest.raises(Transient):
        await stall.run("inventory")
    stall.restart()
    assert back_end.requests["stock_of"] == 1  # for the one that is missing from the first half
    await stall.run("inventory")
    assert back_end.requests["stock_of"] == 2
    await stall.run("inventory")
    assert back_end.requests["stock_of"] == 2


async def test_an_order_that_the_back_end_had_before_we_knew_is_given_back_although_nothing_changes_there() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.run("inventory")
    stall.shop.place(order("o-1", "MUG", 2))
    stall.stock("MUG", on_hand=7, reserved=2)  # exported, but the order's mark is still on its way
    await stall.run("inventory")
    assert stall.available("MUG") == 3
    stall.shop.documents["orders/o-1"]["syncInfo"] = [MARK]
    stall.shop.put("channels", {"id": "dynamics", "version": 1, "key": "dynamics"})
    stall.bench.clock.now = stall.bench.clock.now.replace(hour=13)
    assert (await stall.run("inventory")).written == 1
    assert stall.available("MUG") == 5


async def test_an_order_that_was_cancelled_before_its_export_is_given_back() -> None:
    stall = Stall()
    set_up(stall, "MUG")
    await stall.run("inventory")
    stall.shop.place(order("o-1", "MUG", 2))
    stall.stock("MUG", on_hand=7)
    await stall.run("inventory")
    assert stall.available("MUG") == 5
    stall.shop.documents["orders/o-1"]["orderState"] = "Cancelled"
    await stall.run("inventory")
    assert stall.available("MUG") == 7


async def test_items_that_a_market_ignores_are_neither_asked_about_nor_forgotten_in_the_sum() -> None:
    stall = Stall(row={"products": ProductRules(unmatched="ignore")})
    stall.back_end.put(*(ItemState(number, name=NAME) for number in numbers(5)))
    result = await stall.run("products")
    assert (result.seen, result.written, result.unchanged, result.asked, result.unmatched) == (5, 0, 5, 0, 0)


async def test_a_run_that_did_something_leaves_its_sums_in_the_audit_and_its_progress_in_telemetry() -> None:
    stall = Stall(back_end=MemoryCatalogue(page_size=2))
    set_up(stall, *numbers(5))
    await stall.run("inventory")
    await stall.run("inventory")  # nothing to do: nothing to tell
    (entry,) = await stall.audit("inventory:se")
    assert entry.why == "5 seen: 5 written, 0 unchanged, 0 asked about, 0 without a match"
    seen = [dimensions["seen"] for name, dimensions in stall.bench.telemetry.events if name == "bulk page"]
    assert seen[:3] == [2, 4, 5]
