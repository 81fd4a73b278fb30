"""Who wins a field: every ownership, with both, one or none of the sides changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from shared.mapping.customer_merge import Agreement, Side, merge, prints_of
from shared.market_options.trade import Ownership

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=5)
OWNERS = ("commercetools", "dynamics", "latest", "review")


def owned(owner: str, conflict: str = "owner_wins") -> Ownership:
    return Ownership.model_validate({"owner": owner, "conflict": conflict})


def agreed_on(value: Any, name: str = "phone", dynamics: Any = None) -> Agreement:
    theirs = value if dynamics is None else dynamics
    return Agreement(prints_of({name: value}, "c1"), prints_of({name: theirs}, "c1"), "c1")


def phone(value: Any, at: datetime | None = NOW) -> Side:
    return Side({"phone": value}, at)


# What both sides must hold afterwards when the base is "0": (owner, ours, theirs) → value, or None for a person.
TABLE = {
    ("commercetools", "0", "0"): "0",
    ("commercetools", "1", "0"): "1",
    ("commercetools", "0", "2"): "0",
    ("commercetools", "1", "2"): "1",
    ("commercetools", "1", "1"): "1",
    ("dynamics", "0", "0"): "0",
    ("dynamics", "1", "0"): "0",
    ("dynamics", "0", "2"): "2",
    ("dynamics", "1", "2"): "2",
    ("dynamics", "1", "1"): "1",
    ("latest", "0", "0"): "0",
    ("latest", "1", "0"): "1",
    ("latest", "0", "2"): "2",
    ("latest", "1", "2"): "1",  # ours is the later one
    ("latest", "1", "1"): "1",
    ("review", "0", "0"): "0",
    ("review", "1", "0"): "1",
    ("review", "0", "2"): "2",
    ("review", "1", "2"): None,
    ("review", "1", "1"): "1",
}


@pytest.mark.parametrize(("case", "value"), TABLE.items(), ids=lambda case: "-".join(map(str, case or "?")))
def test_a_field_ends_where_its_owner_says(case: tuple[str, str, str], value: str | None) -> None:
    owner, ours, theirs = case
    merged = merge(phone(ours), phone(theirs, EARLIER), agreed_on("0"), owned(owner))
    if value is None:
        assert [decision.name for decision in merged.undecided] == ["phone"]
        assert (merged.to_commercetools, merged.to_dynamics) == ({}, {})
        return
    assert merged.to_commercetools.get("phone", ours) == value
    assert merged.to_dynamics.get("phone", theirs) == value
    # A side is told only what it does not hold already.
    assert merged.to_commercetools.get("phone") != ours
    assert merged.to_dynamics.get("phone") != theirs


@pytest.mark.parametrize("owner", OWNERS)
def test_a_conflict_is_a_change_on_both_sides_to_different_values(owner: str) -> None:
    assert [d.name for d in merge(phone("1"), phone("2"), agreed_on("0"), owned(owner)).conflicts] == ["phone"]
    for ours, theirs in (("1", "0"), ("0", "2"), ("1", "1"), ("0", "0")):
        assert not merge(phone(ours), phone(theirs), agreed_on("0"), owned(owner)).conflicts


@pytest.mark.parametrize("owner", ["commercetools", "dynamics"])
def test_an_owner_may_want_conflicts_to_be_asked_about_but_not_drift(owner: str) -> None:
    rules = owned(owner, "review")
    assert merge(phone("1"), phone("2"), agreed_on("0"), rules).undecided
    assert not merge(phone("1"), phone("0"), agreed_on("0"), rules).undecided
    assert not merge(phone("0"), phone("2"), agreed_on("0"), rules).undecided


def test_the_later_change_wins_on_either_side() -> None:
    rules = owned("latest")
    assert merge(phone("1", EARLIER), phone("2", NOW), agreed_on("0"), rules).to_commercetools == {"phone": "2"}
    assert merge(phone("1", NOW), phone("2", EARLIER), agreed_on("0"), rules).to_dynamics == {"phone": "1"}


def test_a_side_that_does_not_say_when_it_was_changed_leaves_a_conflict_to_a_person() -> None:
    merged = merge(phone("1"), phone("2", None), agreed_on("0"), owned("latest"))
    assert merged.undecided


def test_single_fields_follow_their_own_rule() -> None:
    rules = Ownership.model_validate({"owner": "commercetools", "fields": {"phone": {"owner": "dynamics"}}})
    ours, theirs = {"phone": "1", "email": "a"}, {"phone": "2", "email": "b"}
    merged = merge(Side(ours), Side(theirs), Agreement(prints_of(ours, "s"), prints_of(theirs, "s"), "s"), rules)
    assert (merged.to_commercetools, merged.to_dynamics) == ({}, {})
    merged = merge(
        Side({"phone": "3", "email": "c"}),
        Side({"phone": "4", "email": "d"}),
        Agreement(prints_of(ours, "s"), prints_of(theirs, "s"), "s"),
        rules,
    )
    assert (merged.to_commercetools, merged.to_dynamics) == ({"phone": "4"}, {"email": "c"})


@pytest.mark.parametrize("owner", OWNERS)
def test_a_back_end_that_spells_a_value_its_own_way_is_in_step(owner: str) -> None:
    merged = merge(phone("0301234"), phone("030-1234"), agreed_on("0301234", dynamics="030-1234"), owned(owner))
    assert not merged.decisions


def test_a_field_that_one_side_cannot_hold_is_nobodys_business() -> None:
    merged = merge(Side({"phone": "1", "locale": "de"}), Side({"phone": "1"}), agreed_on("0"), owned("commercetools"))
    assert not merged.decisions


@pytest.mark.parametrize(
    ("owner", "ours", "theirs", "told"),
    [
        ("commercetools", "1", "2", ({}, {"phone": "1"})),
        ("dynamics", "1", "2", ({"phone": "2"}, {})),
        ("commercetools", "1", None, ({}, {"phone": "1"})),
        ("commercetools", None, "2", ({}, {})),
        ("dynamics", None, "2", ({"phone": "2"}, {})),
        ("dynamics", "1", "", ({}, {})),
        ("latest", None, "2", ({"phone": "2"}, {})),
        ("review", "1", None, ({}, {"phone": "1"})),
    ],
)
def test_at_the_first_meeting_an_empty_field_wipes_nothing_out(
    owner: str, ours: Any, theirs: Any, told: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    merged = merge(phone(ours), phone(theirs), None, owned(owner))
    assert (merged.to_commercetools, merged.to_dynamics) == told


def test_emptying_a_field_later_on_is_a_change_like_any_other() -> None:
    assert merge(phone(None), phone("0"), agreed_on("0"), owned("commercetools")).to_dynamics == {"phone": None}


def test_false_is_a_value_and_not_an_empty_field() -> None:
    ours, theirs = Side({"blocked": False}), Side({"blocked": True})
    merged = merge(ours, theirs, None, owned("commercetools"))
    assert merged.to_dynamics == {"blocked": False}


BERLIN, PARIS, ROME = (
    {"city": city, "country": country} for city, country in (("Berlin", "DE"), ("Paris", "FR"), ("Rome", "IT"))
)


@pytest.mark.parametrize("owner", ["latest", "review"])
@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        ([BERLIN, PARIS], [BERLIN], [BERLIN, PARIS]),
        ([BERLIN], [BERLIN, ROME], [BERLIN, ROME]),
        ([BERLIN, PARIS], [BERLIN, ROME], [BERLIN, PARIS, ROME]),
        ([], [BERLIN], []),
        ([PARIS], [BERLIN, ROME], [PARIS, ROME]),
        ([PARIS, BERLIN], [BERLIN, PARIS], [BERLIN, PARIS]),
    ],
)
def test_lists_are_merged_member_by_member(owner: str, ours: Any, theirs: Any, result: Any) -> None:
    merged = merge(
        Side({"addresses": ours}), Side({"addresses": theirs}), agreed_on([BERLIN], "addresses"), owned(owner)
    )
    for told, held in ((merged.to_commercetools, ours), (merged.to_dynamics, theirs)):
        assert sorted(map(str, told.get("addresses", held))) == sorted(map(str, result))


def test_what_is_kept_of_an_agreement_does_not_tell_the_values() -> None:
    addresses: list[JsonValue] = [dict(BERLIN)]
    kept = str(prints_of({"email": "customer@example.com", "addresses": addresses}, "c1"))
    assert "customer" not in kept
    assert "Berlin" not in kept
    assert prints_of({"phone": "1"}, "c1") != prints_of({"phone": "1"}, "c2")
