"""Generated orders of every price shape through the Business Central simulator: commercetools' totals, or a verdict."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given

from shared.markets import TaxRule
from shared.model.back_end import OrderDraft
from shared.model.order import Order
from tests.contract.connectors.business_central_harness import business_central_with
from tests.contract.connectors.generated_orders import (
    check_lines,
    check_totals,
    check_verdict,
    desk_of,
    order_of,
    rate_of,
    tax_of,
    to_one_address,
    units_of,
)
from tests.unit.money.orders import RATES, checked, order_documents

UNDER_TEST = business_central_with([{"code": "VAT5_5", "displayName": "VAT 5.5 %", "taxType": "VAT", "$rate": "5.5"}])
CODES = {"0": "VAT0", "0.055": "VAT5_5", "0.06": "VAT6", "0.1": "VAT10", "0.19": "VAT19", "0.25": "VAT25"}
RULES = (*(TaxRule(rate=Decimal(rate), code=CODES[rate]) for rate in RATES), TaxRule(untaxed=True, code="VAT0"))
MARKET = UNDER_TEST.market.model_copy(update={"tax": RULES})
DESK = asyncio.run(desk_of(UNDER_TEST, MARKET))


def tax_by_business_centrals_rules(order: Order, *, included: bool) -> int:
    """The order's tax as Business Central documents it: of each tax code's whole amount."""
    amounts: dict[Fraction, int] = defaultdict(int)
    for line in order.lines:
        amounts[rate_of(line)] += units_of(line, included=included)
    return sum(tax_of(amount, rate, included=included) for rate, amount in amounts.items())


def keeps_prices(draft: OrderDraft) -> bool:
    """Whether Business Central takes the unit prices as they are: it rounds them to five digits."""
    prices = [Decimal(str(line["unitPrice"])) for line in draft.payload["salesOrderLines"]]
    return all(price == round(price, 5) for price in prices)


@checked
@given(order_documents())
def test_totals_and_lines_are_those_of_commercetools_or_a_component_is_named(document: dict[str, Any]) -> None:
    order = to_one_address(order_of(document))
    draft = DESK.draft(order)
    record = asyncio.run(DESK.written(draft))
    check_verdict(draft, record, MARKET.totals)
    assert keeps_prices(draft)
    included = bool(draft.payload["pricesIncludeTax"])
    check_totals(draft, record, tax_by_business_centrals_rules(order, included=included), MARKET.totals)
    # The other side of a line is its share of the tax of the whole code.
    check_lines(draft, record, "gross" if included else "net")
