"""Generated orders of every price shape through the Business Central simulator: commercetools' totals, or a verdict."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given

from shared.flows.order_totals import Agree, CloseGap, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.markets import TaxRule
from shared.model.back_end import ItemRecord, OrderDraft, OrderRecord, References
from shared.model.order import Order
from tests.contract.connectors.business_central_harness import business_central_with
from tests.contract.connectors.harness import TRACE
from tests.unit.money.orders import RATES, checked, order_documents

UNDER_TEST = business_central_with([{"code": "VAT5_5", "displayName": "VAT 5.5 %", "taxType": "VAT", "$rate": "5.5"}])
CODES = {"0": "VAT0", "0.055": "VAT5_5", "0.06": "VAT6", "0.1": "VAT10", "0.19": "VAT19", "0.25": "VAT25"}
MARKET = UNDER_TEST.market.model_copy(
    update={"tax": tuple(TaxRule(rate=Decimal(rate), code=CODES[rate]) for rate in RATES)}
)


def order_of(document: dict[str, Any]) -> Order:
    """The order, shipped to one address: more than one is refused before any arithmetic."""
    order = order_from_document({**document, "orderNumber": "G-1"}, "shop")
    return order.model_copy(update={"shipping_addresses": order.shipping_addresses[:1]})


def draft_of(order: Order) -> OrderDraft:
    items = {line.sku: ItemRecord("GIFT-MUG", "GIFT-MUG") for line in order.lines if line.sku}
    draft = UNDER_TEST.connector.draft_order(order, References(CUSTOMER, None, items), MARKET)
    assert isinstance(draft, OrderDraft), draft
    return draft


async def written(draft: OrderDraft) -> OrderRecord:
    """What the back-end makes of the order, once a rounding line has closed a small gap; then it is removed."""
    connector = UNDER_TEST.connector
    record = await connector.create_order(MARKET, draft, CUSTOMER, None, TRACE)
    verdict = compare_totals(draft, record, MARKET.totals)
    if isinstance(verdict, CloseGap):
        record = await connector.add_rounding_line(MARKET, record, verdict.gap, TRACE)
    await connector.delete_order(MARKET, record, TRACE)
    return record


CUSTOMER = asyncio.run(UNDER_TEST.connector.find_customers(UNDER_TEST.market, TRACE, number="10000"))[0]


def tax_by_business_centrals_rules(order: Order, *, included: bool) -> int:
    """The order's tax as Business Central documents it: of each tax code's whole amount, halves away from zero."""
    amounts: dict[Fraction, int] = defaultdict(int)
    for line in order.lines:
        rate = Fraction(line.tax_rate.rate) if line.tax_rate else Fraction(0)
        amounts[rate] += (line.gross if included else line.net).minor_units
    return sum(_tax(amount, rate, included=included) for rate, amount in amounts.items())


def _tax(amount: int, rate: Fraction, *, included: bool) -> int:
    return amount - _round(amount / (1 + rate)) if included else _round(amount * rate)


def _round(value: Fraction) -> int:
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


@checked
@given(order_documents())
def test_the_back_ends_totals_are_those_of_commercetools_or_a_component_is_named(document: dict[str, Any]) -> None:
    order = order_of(document)
    draft = draft_of(order)
    record = asyncio.run(written(draft))
    tax = tax_by_business_centrals_rules(order, included=bool(draft.payload["pricesIncludeTax"]))
    assert record.totals.tax.minor_units == tax
    verdict = compare_totals(draft, record, MARKET.totals)
    if isinstance(verdict, Agree):
        assert record.totals.gross == draft.expected.gross
        assert abs((record.totals.tax - draft.expected.tax).minor_units) <= MARKET.totals.tax_bound
    else:
        assert not isinstance(verdict, CloseGap)
        assert verdict.components
    if tax == draft.expected.tax.minor_units:
        assert verdict == Agree("net, tax and gross agree")
