"""Generated orders of every price shape through the Finance simulator: commercetools' totals, or a verdict."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given

from shared.markets import TaxRule
from shared.model.order import Order
from tests.contract.connectors.finance_harness import finance_with
from tests.contract.connectors.generated_orders import (
    check_lines,
    check_totals,
    desk_of,
    order_of,
    rate_of,
    tax_of,
    to_one_address,
    units_of,
)
from tests.unit.money.orders import checked, order_documents

UNDER_TEST = finance_with(batch=True)
RULES = (*UNDER_TEST.market.tax, TaxRule(untaxed=True, code="VAT0"))
MARKET = UNDER_TEST.market.model_copy(update={"tax": RULES})
DESK = asyncio.run(desk_of(UNDER_TEST, MARKET))


def tax_by_finances_rules(order: Order, *, included: bool) -> int:
    """The order's tax as Finance documents it: of each line by itself."""
    return sum(tax_of(units_of(line, included=included), rate_of(line), included=included) for line in order.lines)


@checked
@given(order_documents())
def test_totals_and_lines_are_those_of_commercetools_or_a_component_is_named(document: dict[str, Any]) -> None:
    order = to_one_address(order_of(document))
    draft = DESK.draft(order)
    record = asyncio.run(DESK.written(draft))
    included = draft.payload["header"]["ArePricesIncludingSalesTax"] == "Yes"
    check_totals(draft, record, tax_by_finances_rules(order, included=included), MARKET.totals)
    check_lines(draft, record, "net", "gross")
