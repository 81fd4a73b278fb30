from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.fitting import fit
from shared.model.back_end import Cut, MissingReference
from tests.fakes.unhurried import unhurried

LIMITS = {"name": 5, "city": 3}


def test_texts_are_trimmed_and_empty_ones_are_left_out() -> None:
    assert fit({"name": " ab ", "city": None}, LIMITS, frozenset()) == ({"name": "ab"}, ())
    assert fit({"name": "   ", "city": ""}, LIMITS, frozenset()) == ({}, ())


def test_blanks_around_a_text_do_not_make_it_too_long() -> None:
    assert fit({"name": "  abcde  "}, LIMITS, frozenset()) == ({"name": "abcde"}, ())


def test_a_cut_leaves_no_blank_at_the_end_and_keeps_the_whole_value_for_the_audit() -> None:
    assert fit({"name": "abcd efg"}, LIMITS, frozenset({"name"})) == (
        {"name": "abcd"},
        (Cut("name", "abcd efg", 5),),
    )


def test_the_first_value_that_may_not_be_cut_is_named_with_its_length() -> None:
    found = fit({"name": "abcdef", "city": "abcd"}, LIMITS, frozenset({"name"}))
    assert isinstance(found, MissingReference)
    assert (found.key, found.facts) == ("city", {"city": "abcd", "limit": 3})
    assert "order.cut" in found.hint


@unhurried
@given(st.dictionaries(st.sampled_from(["name", "city"]), st.text(max_size=20)))
def test_where_everything_may_be_cut_everything_fits(texts: dict[str, str]) -> None:
    fitted = fit(texts, LIMITS, frozenset(LIMITS))
    assert not isinstance(fitted, MissingReference)
    fields, cuts = fitted
    assert all(len(value) <= LIMITS[name] for name, value in fields.items())
    assert {cut.field for cut in cuts} == {name for name, text in texts.items() if len(text.strip()) > LIMITS[name]}
