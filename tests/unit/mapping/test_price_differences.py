"""Prices that are there → the requests that make them what is listed, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.commercetools.price_differences import (
    Unlisted,
    embedded_actions,
    paired,
    standalone_steps,
)
from shared.mapping.commercetools.price_documents import (
    ListedPrice,
    Period,
    Scope,
    ScopeIds,
    Tier,
    embedded_draft,
    key_prefix,
    price_key,
    standalone_draft,
)
from tests.fakes import commercetools_catalogue as fake
from tests.fakes.unhurried import unhurried
from tests.unit.mapping.catalogue import assert_actions_published, assert_published, day

type Json = dict[str, Any]

PREFIX = key_prefix("se")
IDS = ScopeIds(customer_groups={"b2b": "group-1"}, channels={"main": "channel-1"})
DISCOUNT = {"value": {"currencyCode": "EUR", "centAmount": 500}, "discount": {"typeId": "product-discount", "id": "d"}}


def price(amount: str = "10", *tiers: tuple[int, str], period: Period | None = None, **scope: Any) -> ListedPrice:
    place = Scope(**{"currency": "EUR", **scope})
    when = period or Period()
    key = price_key("se", "SKU-1", "WEB", place, when)
    found = tuple(Tier(minimum, Decimal(text)) for minimum, text in tiers)
    return ListedPrice(key, "SKU-1", "WEB", place, Decimal(amount), found, when)


def stored(listed: ListedPrice, **changed: Any) -> Json:
    """The StandalonePrice that a listed one became."""
    draft = {**standalone_draft(listed), "tiers": standalone_draft(listed).get("tiers", [])}
    if listed.scope.customer_group:
        draft["customerGroup"] = {"typeId": "customer-group", "id": IDS.customer_groups[listed.scope.customer_group]}
    if listed.scope.channel:
        draft["channel"] = {"typeId": "channel", "id": IDS.channels[listed.scope.channel]}
    return {"id": f"id-of-{draft['key']}", "version": 1, **draft, **changed}


def steps(listed: Sequence[ListedPrice], there: Iterable[Json], unlisted: Unlisted = "keep") -> list[Any]:
    found = standalone_steps(paired(listed, there, PREFIX, IDS), PREFIX, unlisted)
    for step in found:
        if step.draft is not None:
            assert_published("standalone-prices", step.draft)
        elif step.actions:
            assert_actions_published("standalone-prices", step.actions)
    return found


def actions(listed: ListedPrice, there: Json) -> list[Json]:
    found = steps([listed], [there])
    return [action for step in found for action in step.actions]


EVERYTHING = price(
    "10.123", (10, "9"), period=Period(day(1), day(5)), country="DE", customer_group="b2b", channel="main"
)


@pytest.mark.parametrize("listed", [price(), EVERYTHING])
def test_a_price_that_is_as_listed_needs_no_request(listed: ListedPrice) -> None:
    assert steps([listed], [stored(listed)]) == []


@pytest.mark.parametrize("listed", [price(), EVERYTHING])
def test_a_price_that_is_not_there_is_created(listed: ListedPrice) -> None:
    (step,) = steps([listed], [])
    assert (step.price, step.draft["key"], step.draft["active"]) == (None, listed.key, True)


def test_another_amount_is_one_action() -> None:
    assert actions(price("9.5"), stored(price("10"))) == [
        {
            "action": "changeValue",
            "value": {"type": "centPrecision", "currencyCode": "EUR", "centAmount": 950},
        }
    ]


def test_the_same_amount_in_more_digits_is_no_difference() -> None:
    there = stored(price("10"), value={"type": "highPrecision", "currencyCode": "EUR", "centAmount": 1000})
    there["value"] |= {"preciseAmount": 10000, "fractionDigits": 3}
    assert actions(price("10"), there) == []


def test_tiers_are_set_as_a_whole_and_their_order_is_no_difference() -> None:
    listed = price("10", (10, "9"), (100, "8"))
    there = stored(listed)
    there["tiers"].reverse()
    assert actions(listed, there) == []
    (action,) = actions(listed, stored(price("10", (10, "9"))))
    assert (action["action"], [tier["minimumQuantity"] for tier in action["tiers"]]) == ("setPriceTiers", [10, 100])
    assert actions(price("10"), stored(listed)) == [{"action": "setPriceTiers", "tiers": []}]


def test_a_listed_price_that_is_inactive_is_activated() -> None:
    assert actions(price(), stored(price(), active=False)) == [{"action": "changeActive", "active": True}]


def test_a_price_of_ours_in_another_period_is_moved_and_renamed() -> None:
    listed = price(period=Period(day(2), day(9)))
    assert actions(listed, stored(price(period=Period(day(1), day(5))))) == [
        {"action": "setKey", "key": listed.key},
        {
            "action": "setValidFromAndUntil",
            "validFrom": "2026-12-02T00:00:00.000Z",
            "validUntil": "2026-12-09T00:00:00.000Z",
        },
    ]


def test_an_end_that_is_not_listed_is_taken_away() -> None:
    changes = actions(price(period=Period(day(1))), stored(price(period=Period(day(1), day(5)))))
    assert changes[-1] == {"action": "setValidFromAndUntil", "validFrom": "2026-12-01T00:00:00.000Z"}


def test_a_discount_of_commercetools_is_left_alone() -> None:
    changes = actions(price("9"), stored(price("10"), discounted=DISCOUNT))
    assert [action["action"] for action in changes] == ["changeValue"]
    assert actions(price("10"), stored(price("10"), discounted=DISCOUNT)) == []


def test_a_price_without_a_key_in_the_same_place_becomes_ours() -> None:
    there = stored(price("12"))
    del there["key"]
    assert [action["action"] for action in actions(price("10"), there)] == ["setKey", "changeValue"]


def test_a_price_that_others_named_keeps_its_name() -> None:
    assert [action["action"] for action in actions(price("10"), stored(price("12"), key="theirs"))] == ["changeValue"]


def test_prices_of_others_and_of_other_scopes_are_left_alone() -> None:
    others = [
        stored(price("12", country="FR"), key="theirs"),
        stored(price("12", period=Period(day(1), day(2))), key="theirs-too"),
        stored(price("12", customer_group="b2b"), key="a-third"),
    ]
    (step,) = steps([price("10")], others, "delete")
    assert step.draft is not None


@pytest.mark.parametrize(
    ("unlisted", "expected"),
    [("keep", []), ("deactivate", [[{"action": "changeActive", "active": False}]]), ("delete", [[]])],
)
def test_a_price_of_ours_that_is_not_listed_any_more_is_kept_or_not_as_the_market_says(
    unlisted: Unlisted, expected: list[list[Json]]
) -> None:
    gone = stored(price(country="FR"))
    assert [list(step.actions) for step in steps([], [gone], unlisted)] == expected


def test_what_was_deactivated_is_not_deactivated_again() -> None:
    assert steps([], [stored(price(), active=False)], "deactivate") == []


PERIODS = st.lists(st.integers(1, 28), min_size=2, max_size=8, unique=True).map(sorted)


def prices_of(edges: list[int], amounts: list[int]) -> list[ListedPrice]:
    pairs = zip(edges[::2], edges[1::2], amounts, strict=False)
    return [price(str(amount), period=Period(day(start), day(end))) for start, end, amount in pairs]


LISTS = st.builds(prices_of, PERIODS, st.lists(st.integers(1, 3), min_size=4, max_size=4))


def applied(there: dict[str, Json], found: Iterable[Any]) -> None:
    """Do what the steps say, in their order; the fake refuses prices of one scope that overlap, even for a moment."""
    for number, step in enumerate(found):
        if step.price is None:
            new = fake.new_document("standalone-prices", step.draft, len(there) * 100 + number, there)
            there[f"standalone-prices/{new['id']}-{new['key']}"] = {**new, "id": f"{new['id']}-{new['key']}"}
        elif not step.actions:
            del there[f"standalone-prices/{step.price['id']}"]
        else:
            document = there[f"standalone-prices/{step.price['id']}"]
            changed = copy.deepcopy(document)
            for action in step.actions:
                fake.apply_action("standalone-prices", changed, action, there)
            document.clear()
            document.update(changed)


@unhurried
@given(before=LISTS, after=LISTS)
def test_from_any_listing_to_any_other_no_step_is_refused_and_nothing_is_left_to_do(
    before: list[ListedPrice], after: list[ListedPrice]
) -> None:
    there: dict[str, Json] = {}
    for listing in (before, after):
        applied(there, steps(listing, there.values(), "delete"))
        assert steps(listing, there.values(), "delete") == []
        assert {one["key"] for one in there.values()} == {one.key for one in listing}


def embedded(listed: ListedPrice, **changed: Any) -> Json:
    return {"id": "price-1", **embedded_draft(listed), **changed}


def product_actions(
    listed: Sequence[ListedPrice], there: Iterable[Json], unlisted: Unlisted = "keep", *, staged: bool = False
) -> list[Json]:
    found = embedded_actions(paired(listed, there, PREFIX, IDS), "SKU-1", unlisted, staged=staged)
    if found:
        assert_actions_published("products", found)
    return found


def test_embedded_prices_are_added_changed_and_removed_in_the_variant_of_the_sku() -> None:
    assert product_actions([price()], [embedded(price())]) == []
    (added,) = product_actions([price()], [])
    assert (added["action"], added["sku"], added["price"]["key"]) == ("addPrice", "SKU-1", price().key)
    (changed,) = product_actions([price("9")], [embedded(price("10"))])
    assert (changed["action"], changed["priceId"]) == ("changePrice", "price-1")
    assert changed["price"]["value"]["centAmount"] == 900
    removed = {"action": "removePrice", "priceId": "price-1", "staged": False}
    assert product_actions([], [embedded(price())], "delete") == [removed]
    assert product_actions([], [embedded(price())], "deactivate") == [removed]
    assert product_actions([], [embedded(price())], "keep") == []


def test_an_embedded_price_keeps_its_custom_fields_and_a_discount_from_outside() -> None:
    custom = {"type": {"typeId": "type", "id": "type-1"}, "fields": {"note": "kept"}}
    outside = copy.deepcopy(DISCOUNT)
    outside["discount"]["obj"] = {"value": {"type": "external"}}  # type: ignore[index]
    (change,) = product_actions([price("9")], [embedded(price("10"), custom=custom, discounted=outside)])
    assert change["price"]["custom"] == custom
    assert change["price"]["discounted"]["discount"] == {"typeId": "product-discount", "id": "d"}
    assert change["price"]["discounted"]["value"]["centAmount"] == 500


def test_a_discount_that_commercetools_computes_is_not_sent_back() -> None:
    (change,) = product_actions([price("9")], [embedded(price("10"), discounted=DISCOUNT)])
    assert "discounted" not in change["price"]
    assert product_actions([price("10")], [embedded(price("10"), discounted=DISCOUNT)]) == []


def test_embedded_prices_of_others_stay() -> None:
    theirs = embedded(price("7", country="FR"), key="theirs")
    (added,) = product_actions([price()], [theirs], "delete")
    assert added["action"] == "addPrice"


def test_prices_are_only_staged_where_the_market_says_so() -> None:
    found = product_actions([price("9")], [embedded(price("10"))], staged=True)
    assert [action["staged"] for action in found] == [True]
