"""What the Business Central connector asks and how it reads the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from shared.dynamics.business_central import BusinessCentral
from shared.errors import NotFound
from shared.markets import BackEnd, ItemTarget
from shared.model.back_end import CustomerDraft, CustomerRecord, OrderDraft, Party
from tests.fakes.connector import amount
from tests.fakes.markets import market
from tests.fakes.server import Answer, ScriptedServer
from tests.fakes.tokens import CountingTokens
from tests.unit.mapping.orders import line, order, references

BACK_END = BackEnd(
    type="business_central",
    url="https://bc.example.com/api/v2.0",
    tenant_id="tenant",
    client_id="connector",
    client_secret=SecretStr("not-for-logs"),
    scope="https://bc.example.com/.default",
)
ROOT = "/api/v2.0/companies(company-se)"
LINES = [
    {"sequence": 20000, "lineObjectNumber": "B", "description": "b", "netAmount": 8, "netAmountIncludingTax": 10.0},
    {"sequence": 10000, "lineObjectNumber": "A", "description": "a", "netAmount": 80.1, "netAmountIncludingTax": 100},
]
ORDER_ROW = {
    "id": "id-1",
    "number": "S-1",
    "externalDocumentNumber": "SE-1001",
    "customerNumber": "C-1",
    "currencyCode": "SEK",
    "status": "Draft",
    "totalAmountExcludingTax": 88.1,
    "totalTaxAmount": 21.9,
    "totalAmountIncludingTax": 110,
    "salesOrderLines": LINES,
}


def connected(*answers: Answer) -> tuple[BusinessCentral, ScriptedServer]:
    server = ScriptedServer(*answers)
    return BusinessCentral(BACK_END, CountingTokens(), server.http), server


def rows(*found: Mapping[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"value": list(found)})


def item(number: str, *, blocked: bool = False) -> dict[str, Any]:
    return {"id": f"id-{number}", "number": number, "blocked": blocked}


async def test_an_order_is_read_with_exact_amounts_and_its_lines_in_sequence() -> None:
    connector, server = connected(rows(ORDER_ROW))
    (record,) = await connector.find_orders(market(), "SE-1001", "c")
    assert (record.id, record.number, record.reference, record.customer_number) == ("id-1", "S-1", "SE-1001", "C-1")
    assert (record.totals.net, record.totals.tax, record.totals.gross) == (
        amount("88.1"),
        amount("21.9"),
        amount("110"),
    )
    assert [(one.label, one.net) for one in record.lines] == [("A a", amount("80.1")), ("B b", amount("8"))]
    params = server.requests[0].url.params
    assert (params["$filter"], params["$expand"]) == ("externalDocumentNumber eq 'SE-1001'", "salesOrderLines")


@pytest.mark.parametrize(
    ("changes", "untouched"),
    [
        ({}, True),
        ({"status": "Open"}, False),
        ({"status": "Released"}, False),
        ({"salesOrderLines": [{**LINES[0], "shippedQuantity": 1}]}, False),
        ({"salesOrderLines": [{**LINES[0], "invoicedQuantity": 1}]}, False),
    ],
)
async def test_an_order_is_untouched_until_somebody_releases_ships_or_invoices_it(
    changes: dict[str, Any], untouched: bool
) -> None:
    connector, _ = connected(httpx.Response(200, json={**ORDER_ROW, **changes}))
    assert (await connector.read_order(market(), "id-1", "c")).untouched is untouched


async def test_an_order_is_created_in_one_deep_insert_with_the_customer_first() -> None:
    connector, server = connected(httpx.Response(201, json=ORDER_ROW))
    draft = connector.draft_order(order(line("80.00", "100.00", unit="100.00")), references(), market())
    assert isinstance(draft, OrderDraft)
    buyer, payer = CustomerRecord("id-buyer", "C-1", "Buyer"), CustomerRecord("id-payer", "C-2", "Payer")
    await connector.create_order(market(), draft, buyer, payer, "c")
    body = json.loads(server.requests[0].content)
    assert server.requests[0].url.path == f"{ROOT}/salesOrders"
    assert list(body)[:2] == ["customerId", "billToCustomerId"]
    assert (body["customerId"], body["billToCustomerId"]) == ("id-buyer", "id-payer")
    assert len(body["salesOrderLines"]) == 1


@pytest.mark.parametrize(
    ("blocked", "expected"),
    [(None, False), ("", False), (" ", False), ("_x0020_", False), ("All", True), ("Ship", True)],
)
async def test_a_customer_is_blocked_where_business_central_says_so(blocked: str | None, expected: bool) -> None:
    row = {"id": "1", "number": "C-1", "displayName": "Customer", "email": "c@example.com", "blocked": blocked}
    connector, server = connected(rows(row))
    (found,) = await connector.find_customers(market(), "c", email="o'c@example.com")
    assert found.blocked is expected
    assert server.requests[0].url.params["$filter"] == "(email eq 'o''c@example.com')"


async def test_a_customer_is_found_by_the_email_as_typed_and_in_lower_case() -> None:
    connector, server = connected(rows())
    assert await connector.find_customers(market(), "c", email="O@Example.com") == []
    assert server.requests[0].url.params["$filter"] == "(email eq 'O@Example.com' or email eq 'o@example.com')"


def test_a_new_customer_gets_the_email_in_lower_case_so_that_the_next_order_finds_it() -> None:
    connector, _ = connected()
    draft = connector.draft_customer(Party(key="c", guest=True, name="Customer", email="O@Example.com"), market())
    assert isinstance(draft, CustomerDraft)
    assert draft.payload["email"] == "o@example.com"


async def test_items_are_asked_for_together_and_remembered() -> None:
    connector, server = connected(rows(item("A"), item("B")))
    targets = {"sku-a": ItemTarget(item="a"), "sku-b": ItemTarget(item="B"), "sku-c": ItemTarget(item="C")}
    found = await connector.find_items(market(), targets, "c")
    assert {sku: record.number for sku, record in found.items()} == {"sku-a": "A", "sku-b": "B"}
    assert len(server.requests) == 1
    await connector.find_items(market(), {"sku-a": ItemTarget(item="a")}, "c")
    assert len(server.requests) == 1


async def test_items_of_another_company_are_other_items() -> None:
    connector, server = connected(rows(item("A")))
    for company in ("one", "two"):
        await connector.find_items(market(company=company), {"a": ItemTarget(item="A")}, "c")
    assert len(server.requests) == 2


async def test_an_item_that_is_no_longer_blocked_is_seen_without_a_restart() -> None:
    connector, _ = connected(rows(item("A", blocked=True)), rows(item("A")))
    targets = {"a": ItemTarget(item="A")}
    assert (await connector.find_items(market(), targets, "c"))["a"].blocked
    assert not (await connector.find_items(market(), targets, "c"))["a"].blocked


async def test_an_item_without_the_wanted_variant_is_not_found() -> None:
    connector, _ = connected(rows(item("A")), rows())
    assert await connector.find_items(market(), {"a": ItemTarget(item="A", variant="BLUE")}, "c") == {}


async def test_a_variant_is_found_by_its_code() -> None:
    connector, server = connected(rows(item("A")), rows({"id": "variant-1", "code": "BLUE"}))
    found = await connector.find_items(market(), {"a": ItemTarget(item="A", variant="BLUE")}, "c")
    assert found["a"].variant_id == "variant-1"
    assert server.requests[1].url.path == f"{ROOT}/items(id-A)/itemVariants"


async def test_the_warehouse_is_looked_up_once_and_a_wrong_code_is_named() -> None:
    connector, server = connected(rows({"id": "location-1", "code": "MAIN"}))
    assert [await connector.find_location(market(location="MAIN"), "c") for _ in range(2)] == ["location-1"] * 2
    assert len(server.requests) == 1
    missing, _ = connected(rows())
    with pytest.raises(NotFound, match="company company-se has no location NONE"):
        await missing.find_location(market(location="NONE"), "c")


async def test_a_market_without_a_warehouse_asks_for_none() -> None:
    connector, server = connected(rows())
    assert await connector.find_location(market(), "c") is None
    assert server.requests == []


async def test_an_order_that_is_gone_already_counts_as_deleted() -> None:
    connector, server = connected(httpx.Response(200, json=ORDER_ROW), httpx.Response(404))
    record = await connector.read_order(market(), "id-1", "c")
    await connector.delete_order(market(), record, "c")
    assert (server.requests[1].method, server.requests[1].headers["If-Match"]) == ("DELETE", "*")


async def test_a_rounding_line_is_posted_and_the_order_read_again() -> None:
    connector, server = connected(httpx.Response(201, json={}), httpx.Response(200, json=ORDER_ROW))
    record, _ = connected(httpx.Response(200, json=ORDER_ROW))
    before = await record.read_order(market(), "id-1", "c")
    await connector.add_rounding_line(market(), before, amount("-0.02"), "c")
    assert [request.method for request in server.requests] == ["POST", "GET"]
    body = json.loads(server.requests[0].content)
    assert (body["lineObjectNumber"], body["quantity"], body["unitPrice"]) == ("3740", -1, 0.02)
