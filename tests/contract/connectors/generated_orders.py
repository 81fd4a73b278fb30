"""Generated orders through a back-end's simulator in this process: how they are written, and what must come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from shared.dynamics.connector import Connector
from shared.flows.order_totals import Agree, CloseGap, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.markets import ItemTarget, Market, TotalsRules
from shared.model.back_end import CustomerRecord, ItemRecord, OrderDraft, OrderRecord, References
from shared.model.order import Order, OrderLine
from tests.contract.connectors.harness import TRACE, BackEndUnderTest


@dataclass(frozen=True)
class Desk:
    """Where orders are entered: one market, one customer, and every SKU is the same item."""

    connector: Connector
    market: Market
    customer: CustomerRecord
    item: ItemRecord
    services: Mapping[str, ItemRecord]

    def draft(self, order: Order) -> OrderDraft:
        """What would be sent for the order."""
        skus = {line.sku or "" for line in order.lines if line.kind in {"item", "gift"}}
        items = {**self.services, **dict.fromkeys(skus, self.item)}
        draft = self.connector.draft_order(order, References(self.customer, None, items), self.market)
        assert isinstance(draft, OrderDraft), draft
        return draft

    async def written(self, draft: OrderDraft) -> OrderRecord:
        """What the back-end makes of it, once a rounding line has closed a small gap; then it is removed."""
        record = await self.connector.create_order(self.market, draft, self.customer, None, TRACE)
        verdict = compare_totals(draft, record, self.market.totals)
        if isinstance(verdict, CloseGap):
            record = await self.connector.add_rounding_line(self.market, record, verdict.gap, TRACE)
        await self.connector.delete_order(self.market, record, TRACE)
        return record


async def desk_of(under_test: BackEndUnderTest, market: Market) -> Desk:
    """A desk at the back-end, with its mug as the item. Dataverse gives its service products with it."""
    # Thousands of orders in a few minutes: the back-ends' limits have tests of their own.
    lifted = await under_test.http.post("https://simulator/__limits", json={"requests": 10_000_000})
    assert lifted.is_success, lifted.text
    connector = under_test.connector
    (customer,) = await connector.find_customers(market, TRACE, number=under_test.number)
    found = dict(await connector.find_items(market, {"mug": ItemTarget(item="GIFT-MUG")}, TRACE))
    return Desk(connector, market, customer, found.pop("mug"), found)


def order_of(document: Mapping[str, Any]) -> Order:
    """The order of a generated document."""
    return order_from_document({**document, "orderNumber": "G-1"}, "shop")


def to_one_address(order: Order) -> Order:
    """The order, shipped to one address: some back-ends refuse more before any arithmetic."""
    return order.model_copy(update={"shipping_addresses": order.shipping_addresses[:1]})


def rate_of(line: OrderLine) -> Fraction:
    """The tax rate of a line; none is zero."""
    return Fraction(line.tax_rate.rate) if line.tax_rate else Fraction(0)


def units_of(line: OrderLine, *, included: bool) -> int:
    """The line's amount in minor units, with tax or without."""
    return (line.gross if included else line.net).minor_units


def tax_of(units: int, rate: Fraction, *, included: bool) -> int:
    """Tax on an amount in minor units, contained in it or on top; halves away from zero, as Dynamics rounds."""
    return units - _half_up(units / (1 + rate)) if included else _half_up(units * rate)


def _half_up(value: Fraction) -> int:
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def check_verdict(draft: OrderDraft, record: OrderRecord, rules: TotalsRules) -> None:
    """The back-end's totals are commercetools' own, but for a little tax, or a component is named."""
    verdict = compare_totals(draft, record, rules)
    if isinstance(verdict, Agree):
        assert record.totals.gross == draft.expected.gross
        assert abs((record.totals.tax - draft.expected.tax).minor_units) <= rules.tax_bound
    else:
        assert not isinstance(verdict, CloseGap)
        assert verdict.components


def check_totals(draft: OrderDraft, record: OrderRecord, tax: int, rules: TotalsRules) -> None:
    """The back-end computed `tax` (minor units); where commercetools has the same, all totals are its own."""
    assert record.totals.tax.minor_units == tax
    check_verdict(draft, record, rules)
    if tax == draft.expected.tax.minor_units:
        assert compare_totals(draft, record, rules) == Agree("net, tax and gross agree")


def check_lines(draft: OrderDraft, record: OrderRecord, *sides: str) -> None:
    """Lines come back with the amounts that were meant: those sides, or the one that the back-end states.

    A rounding line may follow.
    """
    assert len(record.lines) - len(draft.lines) in {0, 1}
    for here, there in zip(draft.lines, record.lines, strict=False):
        for side in sides if there.stated == "both" else (there.stated,):
            assert getattr(there, side) == getattr(here, side), f"{here.label}: {side}"
