"""Which tax code a line gets: the first rule that matches country, rate and category."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.mapping.tax import tax_code
from shared.markets import TaxRule
from shared.model.back_end import MissingReference
from shared.model.order import TaxRate
from tests.fakes.markets import market
from tests.unit.mapping.orders import line, order

SE25 = {"country": "SE", "rate": "0.25"}


def code_of(rules: list[dict[str, Any]], **rate: Any) -> str | MissingReference:
    given = {"name": "rate", "rate": Decimal("0.25"), "country": "SE", **rate}
    one = line("80.00", "100.00", unit="100.00", tax_rate=TaxRate(**given))
    return tax_code(one, order(one), market(tax=tuple(TaxRule.model_validate(rule) for rule in rules)))


@pytest.mark.parametrize(
    ("rules", "rate", "code"),
    [
        ([{**SE25, "code": "A"}], {}, "A"),
        ([{**SE25, "code": "A"}, {**SE25, "code": "B"}], {}, "A"),
        ([{"country": "DE", "code": "A"}, {"country": "SE", "code": "B"}], {}, "B"),
        ([{"rate": "0.06", "code": "A"}, {"rate": "0.25", "code": "B"}], {}, "B"),
        ([{"category": "books", "code": "A"}, {**SE25, "code": "B"}], {"category_id": "books"}, "A"),
        ([{"category": "books", "code": "A"}, {**SE25, "code": "B"}], {}, "B"),
        ([{"code": "ANY"}], {"country": "NO", "rate": Decimal("0.15")}, "ANY"),
        ([{"rate": "0.250", "code": "A"}], {}, "A"),
        ([{"rate": "0.2", "code": "A"}, {"rate": 0.25, "code": "B"}], {}, "B"),
    ],
)
def test_the_first_rule_that_matches_wins(rules: list[dict[str, Any]], rate: dict[str, Any], code: str) -> None:
    assert code_of(rules, **rate) == code


def test_a_rate_without_a_country_is_taxed_where_the_goods_go() -> None:
    assert code_of([{**SE25, "code": "A"}], country=None) == "A"


UNTAXED = {"untaxed": True, "code": "UNTAXED"}


def code_without_a_rate(*rules: dict[str, Any]) -> str | MissingReference:
    one = line("100.00", "100.00", unit="100.00", tax_rate=None)
    return tax_code(one, order(one), market(tax=tuple(TaxRule.model_validate(rule) for rule in rules)))


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([UNTAXED], "UNTAXED"),
        ([{"rate": 0, "code": "ZERO"}, {"code": "ANY"}, UNTAXED], "UNTAXED"),
        ([{**UNTAXED, "country": "DE", "code": "DE"}, UNTAXED], "UNTAXED"),
        ([{**UNTAXED, "country": "SE", "code": "SE"}, UNTAXED], "SE"),
    ],
)
def test_a_line_without_any_tax_rate_is_matched_by_a_rule_for_untaxed_lines(
    rules: list[dict[str, Any]], code: str
) -> None:
    assert code_without_a_rate(*rules) == code


@pytest.mark.parametrize(
    "rules", [[], [{"rate": 0, "code": "ZERO"}], [{"code": "ANY"}], [{**UNTAXED, "country": "DE"}]]
)
def test_without_such_a_rule_a_person_is_asked_and_no_rate_of_zero_is_assumed(rules: list[dict[str, Any]]) -> None:
    found = code_without_a_rate(*rules)
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("tax", "SE/untaxed")
    assert "Disabled" in found.text
    assert "{untaxed: true, code: …}" in found.hint


@pytest.mark.parametrize("rate", [Decimal(0), Decimal("0.25")])
def test_a_rule_for_untaxed_lines_never_matches_a_rate(rate: Decimal) -> None:
    assert code_of([UNTAXED, {"code": "ANY"}], rate=rate) == "ANY"


def test_a_rate_that_no_rule_knows_is_a_question_with_the_rule_to_add() -> None:
    found = code_of([{"country": "DE", "code": "A"}])
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("tax", "SE/0.25")
    assert "25.00%" in found.text
    assert "{country: SE, rate: 0.25, code: …}" in found.hint
