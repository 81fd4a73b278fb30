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


def test_no_tax_rate_at_all_is_a_rate_of_nothing() -> None:
    one = line("100.00", "100.00", unit="100.00", tax_rate=None)
    rules = (TaxRule(rate=Decimal(0), code="NONE"),)
    assert tax_code(one, order(one), market(tax=rules)) == "NONE"


def test_a_rate_that_no_rule_knows_is_a_question_with_the_rule_to_add() -> None:
    found = code_of([{"country": "DE", "code": "A"}])
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("tax", "SE/0.25")
    assert "25.00%" in found.text
    assert "{country: SE, rate: 0.25, code: …}" in found.hint
