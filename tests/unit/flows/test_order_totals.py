from __future__ import annotations

import pytest

from shared.flows.order_totals import Agree, CloseGap, Mismatch, compare_totals
from shared.markets import TotalsRules
from shared.model.back_end import LineAmounts, OrderDraft, OrderRecord
from shared.model.order import Totals
from tests.fakes.connector import amount
from tests.fakes.markets import market

RULES = market().totals.model_copy(update={"gross_bound": 3, "tax_bound": 2})
HERE = (
    LineAmounts("item A", amount("80.00"), amount("100.00")),
    LineAmounts("item B", amount("8.00"), amount("10.00")),
)
DRAFT = OrderDraft("R-1", {}, Totals(net=amount("88.00"), tax=amount("22.00"), gross=amount("110.00")), HERE)


def record(net: str, tax: str, gross: str, *lines: LineAmounts) -> OrderRecord:
    totals = Totals(net=amount(net), tax=amount(tax), gross=amount(gross))
    return OrderRecord("id-1", "S-1", "R-1", totals, lines or HERE)


def test_equal_totals_agree() -> None:
    assert compare_totals(DRAFT, record("88.00", "22.00", "110.00"), RULES) == Agree("net, tax and gross agree")


@pytest.mark.parametrize(
    ("theirs", "gap"), [("109.97", "0.03"), ("109.99", "0.01"), ("110.01", "-0.01"), ("110.03", "-0.03")]
)
def test_a_gap_up_to_the_bound_is_closed_by_what_is_missing(theirs: str, gap: str) -> None:
    assert compare_totals(DRAFT, record("88.00", "22.00", theirs), RULES) == CloseGap(amount(gap))


@pytest.mark.parametrize("theirs", ["109.96", "110.04", "0.00"])
def test_a_gap_beyond_the_bound_is_a_mismatch(theirs: str) -> None:
    assert isinstance(compare_totals(DRAFT, record("88.00", "22.00", theirs), RULES), Mismatch)


@pytest.mark.parametrize(
    ("net", "tax", "kind"),
    [("88.02", "21.98", Agree), ("87.98", "22.02", Agree), ("88.03", "21.97", Mismatch), ("87.97", "22.03", Mismatch)],
)
def test_tax_may_differ_within_its_own_bound_when_gross_agrees(net: str, tax: str, kind: type) -> None:
    assert isinstance(compare_totals(DRAFT, record(net, tax, "110.00"), RULES), kind)


def test_without_bounds_one_minor_unit_is_a_mismatch() -> None:
    assert isinstance(compare_totals(DRAFT, record("88.00", "22.00", "110.01"), TotalsRules()), Mismatch)
    assert isinstance(compare_totals(DRAFT, record("88.01", "21.99", "110.00"), TotalsRules()), Mismatch)


def test_a_mismatch_names_the_lines_that_differ_with_both_sides_amounts() -> None:
    theirs = (HERE[0], LineAmounts("B", amount("9.00"), amount("11.25")))
    verdict = compare_totals(DRAFT, record("89.00", "22.25", "111.25", *theirs), RULES)
    assert isinstance(verdict, Mismatch)
    assert verdict.components == ("item B: net 8.00 SEK here, 9.00 SEK there; gross 10.00 SEK here, 11.25 SEK there",)
    assert "gross 110.00 SEK here, 111.25 SEK there" in verdict.text


def test_a_line_too_few_is_named() -> None:
    verdict = compare_totals(DRAFT, record("80.00", "20.00", "100.00", HERE[0]), RULES)
    assert isinstance(verdict, Mismatch)
    assert verdict.components == ("2 lines here, 1 there",)


def test_totals_that_differ_though_every_line_agrees_say_so() -> None:
    verdict = compare_totals(DRAFT, record("90.00", "22.00", "112.00"), RULES)
    assert isinstance(verdict, Mismatch)
    assert verdict.components == ("totals: no single line differs",)
