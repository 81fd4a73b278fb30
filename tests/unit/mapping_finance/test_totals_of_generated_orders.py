"""Generated orders of every price shape through the simulator: commercetools' totals, or a verdict that says why."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

from hypothesis import given

from shared.flows.order_totals import Agree, CloseGap, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.model.back_end import CustomerRecord, ItemRecord, OrderDraft, OrderRecord, References
from shared.model.order import Order, OrderLine
from tests.contract.connectors.finance_harness import finance_with
from tests.contract.connectors.harness import TRACE
from tests.unit.money.orders import checked, order_documents

UNDER_TEST = finance_with(batch=True)
MARKET = UNDER_TEST.market
CUSTOMER = CustomerRecord("10000", "10000", "Example Customer")


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


def tax_by_finances_rules(order: Order, *, included: bool) -> int:
    """The order's tax as Finance documents it, in minor units: of each line by itself, halves away from zero."""
    return sum(_tax(line, included=included) for line in order.lines)


def _tax(line: OrderLine, *, included: bool) -> int:
    amount = (line.gross if included else line.net).minor_units
    rate = Fraction(line.tax_rate.rate) if line.tax_rate else Fraction(0)
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
    included = draft.payload["header"]["ArePricesIncludingSalesTax"] == "Yes"
    tax = tax_by_finances_rules(order, included=included)
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


@checked
@given(order_documents())
def test_lines_come_back_with_the_amounts_that_were_meant(document: dict[str, Any]) -> None:
    draft = draft_of(order_of(document))
    record = asyncio.run(written(draft))
    pairs = zip(draft.lines, record.lines, strict=False)
    assert all(getattr(here, there.stated) == getattr(there, there.stated) for here, there in pairs)
