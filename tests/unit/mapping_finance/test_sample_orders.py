"""Sample orders and carts of commercetools through the simulator: figures come from the documents themselves."""

from __future__ import annotations

from typing import Any

import pytest

from shared.flows.order_totals import compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.model.back_end import CustomerRecord, ItemRecord, OrderDraft, References
from tests.contract.connectors.finance_harness import finance_with
from tests.contract.connectors.harness import TRACE
from tests.unit.money.documents import ORDERS_AND_CARTS, sample

CUSTOMER = CustomerRecord("10000", "10000", "Example Customer")


def net_and_gross(document: dict[str, Any]) -> tuple[int, int]:
    """The order's own totals, else the sum of its lines' taxed prices, in minor units."""
    rows = [document] if "taxedPrice" in document else document["lineItems"]
    taxed = [row["taxedPrice"] for row in rows]
    net, gross = (sum(price[name]["centAmount"] for price in taxed) for name in ("totalNet", "totalGross"))
    return net, gross


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("name", ORDERS_AND_CARTS)
async def test_a_sample_reconciles_to_the_minor_unit(name: str, batch: bool) -> None:
    document = sample(name)
    under_test = finance_with(batch=batch)
    order = order_from_document(document, "shop")
    items = {line.sku: ItemRecord("GIFT-MUG", "GIFT-MUG") for line in order.lines if line.sku}
    draft = under_test.connector.draft_order(order, References(CUSTOMER, None, items), under_test.market)
    assert isinstance(draft, OrderDraft), draft
    async with under_test.http:
        record = await under_test.connector.create_order(under_test.market, draft, CUSTOMER, None, TRACE)
    net, gross = net_and_gross(document)
    totals = record.totals
    found = (totals.net.minor_units, totals.tax.minor_units, totals.gross.minor_units)
    assert found == (net, gross - net, gross), compare_totals(draft, record, under_test.market.totals)
