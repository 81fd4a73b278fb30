"""Orders of every price shape through the simulator: exactly commercetools' net, tax and gross."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from shared.flows.order_totals import Agree, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.model.back_end import OrderDraft, OrderRecord, References
from shared.model.order import Order
from tests.contract.connectors.dataverse_harness import dataverse_with
from tests.contract.connectors.harness import TRACE
from tests.unit.money.documents import ORDERS_AND_CARTS, sample
from tests.unit.money.orders import Json, checked, order_documents

UNDER_TEST = dataverse_with(untaxed_freight="header")
MARKET = UNDER_TEST.market


def money(document: Json) -> Decimal:
    return Decimal(document["centAmount"]).scaleb(-document["fractionDigits"])


def stated_totals(document: Json) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and gross of the document; where it states none for the whole order, those of its lines."""
    parts = [document] if "taxedPrice" in document else document["lineItems"]
    net = sum((money(part["taxedPrice"]["totalNet"]) for part in parts), Decimal(0))
    gross = sum((money(part["taxedPrice"]["totalGross"]) for part in parts), Decimal(0))
    return net, gross - net, gross


async def written(order: Order) -> tuple[OrderDraft, OrderRecord]:
    """What the back-end makes of the order; every SKU is the same mug there. The order is removed again."""
    connector = UNDER_TEST.connector
    (customer,) = await connector.find_customers(MARKET, TRACE, number="10000")
    skus = {line.sku for line in order.lines if line.kind in {"item", "gift"}}
    found = await connector.find_items(MARKET, {}, TRACE)
    mug = found["service:GIFT-WRAP"]
    draft = connector.draft_order(
        order, References(customer, None, {**found, **{sku or "": mug for sku in skus}}), MARKET
    )
    assert isinstance(draft, OrderDraft), draft
    record = await connector.create_order(MARKET, draft, customer, None, TRACE)
    await connector.delete_order(MARKET, record, TRACE)
    return draft, record


def totals(record: OrderRecord) -> tuple[Decimal, Decimal, Decimal]:
    return record.totals.net.amount, record.totals.tax.amount, record.totals.gross.amount


@checked
@given(order_documents(stated_totals=True))
def test_every_generated_order_has_commercetools_totals_in_dataverse(document: dict[str, Any]) -> None:
    draft, record = asyncio.run(written(order_from_document({**document, "orderNumber": "G-1"}, "shop")))
    assert totals(record) == stated_totals(document)
    assert compare_totals(draft, record, MARKET.totals) == Agree("net, tax and gross agree")


@pytest.mark.parametrize("name", ORDERS_AND_CARTS)
async def test_every_sample_has_its_own_totals_in_dataverse(name: str) -> None:
    document = {"orderNumber": "S-1", **sample(name)}
    _, record = await written(order_from_document(document, "shop"))
    assert totals(record) == stated_totals(document)
