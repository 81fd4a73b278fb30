"""Orders of every price shape through the Dataverse simulator: exactly commercetools' net, tax and gross."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from shared.flows.order_totals import Agree, compare_totals
from shared.model.back_end import OrderRecord
from tests.contract.connectors.dataverse_harness import dataverse_with
from tests.contract.connectors.generated_orders import check_lines, desk_of, order_of
from tests.unit.money.documents import ORDERS_AND_CARTS, sample
from tests.unit.money.orders import Json, checked, order_documents

UNDER_TEST = dataverse_with(untaxed_freight="header")
MARKET = UNDER_TEST.market
DESK = asyncio.run(desk_of(UNDER_TEST, MARKET))


def money(document: Json) -> Decimal:
    return Decimal(document["centAmount"]).scaleb(-document["fractionDigits"])


def stated_totals(document: Json) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and gross of the document; where it states none for the whole order, those of its lines."""
    parts = [document] if "taxedPrice" in document else document["lineItems"]
    net = sum((money(part["taxedPrice"]["totalNet"]) for part in parts), Decimal(0))
    gross = sum((money(part["taxedPrice"]["totalGross"]) for part in parts), Decimal(0))
    return net, gross - net, gross


def totals(record: OrderRecord) -> tuple[Decimal, Decimal, Decimal]:
    return record.totals.net.amount, record.totals.tax.amount, record.totals.gross.amount


@checked
@given(order_documents(stated_totals=True))
def test_every_generated_order_has_commercetools_totals_in_dataverse(document: dict[str, Any]) -> None:
    draft = DESK.draft(order_of(document))
    record = asyncio.run(DESK.written(draft))
    assert totals(record) == stated_totals(document)
    assert compare_totals(draft, record, MARKET.totals) == Agree("net, tax and gross agree")
    check_lines(draft, record, "net", "gross")


@pytest.mark.parametrize("name", ORDERS_AND_CARTS)
async def test_every_sample_has_its_own_totals_in_dataverse(name: str) -> None:
    document = sample(name)
    record = await DESK.written(DESK.draft(order_of(document)))
    assert totals(record) == stated_totals(document)
