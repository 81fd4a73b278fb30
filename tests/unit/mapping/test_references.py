"""External document numbers: short, stable, and unique for each order number."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.references import order_reference
from tests.fakes.unhurried import unhurried

LIMIT = 35
ORDER_ID = "00000001-0000-4000-8000-00000000abcd"
numbers = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=256)
prefixes = st.sampled_from(["", "W-", "SHOP-01-AB"])


@pytest.mark.parametrize(
    ("number", "prefix", "expected"),
    [
        ("SE-100234", "", "SE-100234"),
        ("100234", "W-", "W-100234"),
        ("A" * 35, "", "A" * 35),
        (None, "W-", "W-0000000100004000800000000000ABCD"),
    ],
)
def test_a_plain_number_stays_as_it_is(number: str | None, prefix: str, expected: str) -> None:
    assert order_reference(number, ORDER_ID, prefix, LIMIT) == expected


@pytest.mark.parametrize(("number", "stem"), [("se-1", "SE-1-"), ("A" * 36, "A" * 26 + "-"), ("Ä 1", "--1-")])
def test_a_number_that_would_become_ambiguous_gets_a_hash_of_the_whole(number: str, stem: str) -> None:
    assert re.fullmatch(re.escape(stem) + "[0-9A-F]{8}", order_reference(number, ORDER_ID, "", LIMIT))


@unhurried
@given(numbers, prefixes)
def test_a_reference_fits_and_is_what_a_code_field_keeps_unchanged(number: str, prefix: str) -> None:
    reference = order_reference(number, ORDER_ID, prefix, LIMIT)
    assert 0 < len(reference) <= LIMIT
    assert reference == reference.upper().strip()
    assert reference.isascii()


@unhurried
@given(st.uuids(), prefixes)
def test_an_order_without_a_number_fits_too(order_id: uuid.UUID, prefix: str) -> None:
    assert len(order_reference(None, str(order_id), prefix, LIMIT)) <= LIMIT


@unhurried
@given(numbers, prefixes, st.uuids())
def test_the_same_number_always_gives_the_same_reference(number: str, prefix: str, other_id: uuid.UUID) -> None:
    assert order_reference(number, ORDER_ID, prefix, LIMIT) == order_reference(number, str(other_id), prefix, LIMIT)


@unhurried
@given(st.lists(numbers, min_size=2, max_size=20, unique=True), prefixes)
def test_different_numbers_give_different_references(different: list[str], prefix: str) -> None:
    assert len({order_reference(number, ORDER_ID, prefix, LIMIT) for number in different}) == len(different)


@unhurried
@given(st.text("aAbB1-", min_size=1, max_size=60))
def test_numbers_that_differ_only_in_case_give_different_references(number: str) -> None:
    swapped = number.swapcase()
    same = swapped == number
    assert (order_reference(number, ORDER_ID, "", LIMIT) == order_reference(swapped, ORDER_ID, "", LIMIT)) is same


def test_numbers_that_differ_only_behind_the_limit_give_different_references() -> None:
    assert order_reference("A" * 50 + "1", ORDER_ID, "", LIMIT) != order_reference("A" * 50 + "2", ORDER_ID, "", LIMIT)
