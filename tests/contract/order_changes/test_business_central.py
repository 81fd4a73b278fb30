"""Changes carried over to the Business Central simulator: exact totals, no other request than those that differ."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from local.dynamics.business_central.environment import Environment, create_environment
from shared.composition import make_connector
from shared.errors import Conflict
from shared.flows.order_loading import OrderLoader
from shared.flows.orders import OrdersFlow
from shared.markets import MarketMap, parse_market_map
from shared.pipeline.flow import Trail, Work, travel
from shared.pipeline.outcome import DeadLetter, Done, NeedsReview, NoChange, Outcome
from shared.state.memory import MemoryState
from tests.contract.doctor.clinic import SimulatorTokens
from tests.contract.dynamics_simulator.simulator import EU, TOKEN_KEY, bearer
from tests.contract.dynamics_simulator.simulator import ROOT as SIMULATOR
from tests.fakes.clock import START
from tests.fakes.commercetools import FakeCommercetools
from tests.fakes.documents import ADDRESS, customer_document, krona, line_document, order_document, taxed
from tests.fakes.markets import ENVIRONMENT
from tests.fakes.road import envelope

ROOT = SIMULATOR.replace("simulator", "localhost")
MARKET_MAP = f"""
schema: 1
projects:
  shop: {{api_url: "https://api.example.com", auth_url: "https://auth.example.com", client_id: c, client_secret: s}}
back_ends:
  bc: {{type: business_central, url: "{ROOT}", tenant_id: t, client_id: c, scope: s}}
markets:
  - name: se
    project: shop
    back_end: bc
    company: {EU}
    tax: [{{rate: 0.25, code: VAT25}}]
    shipping: {{default: {{as: item, number: FREIGHT}}}}
    totals:
      rounding: {{as: account, number: "9140", tax_code: VAT0}}
      gross_bound: 2
      tax_bound: 3
    modes: {{orders: "on"}}
"""
SHIRT, MUG, BOOK = "TSHIRT-BLK-M", "GIFT-MUG", "BOOK-001"


def priced(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An order of these lines and freight of 50.00 SEK, 25 % included."""
    gross = sum(line["totalPrice"]["centAmount"] for line in lines) + 5_000
    net = sum(line["taxedPrice"]["totalNet"]["centAmount"] for line in lines) + 4_000
    return order_document(lineItems=list(lines), totalPrice=krona(gross), taxedPrice=taxed(net, gross), **changes)


@dataclass
class Desk:
    environment: Environment
    http: httpx.AsyncClient
    requests: list[httpx.Request]
    commercetools: FakeCommercetools = field(default_factory=FakeCommercetools)
    state: MemoryState = field(default_factory=MemoryState)
    trail: Trail = field(default_factory=Trail)
    markets: MarketMap = field(default_factory=lambda: parse_market_map(MARKET_MAP, "test", ENVIRONMENT))

    def __post_init__(self) -> None:
        self.commercetools.put("customers", customer_document(email="sweden@example.com"))
        connector = make_connector("bc", self.markets.back_ends["bc"], SimulatorTokens(), self.http)
        projects, connectors = {"shop": self.commercetools.client}, {"bc": connector}
        loader = OrderLoader(self.markets, projects, connectors, self.state.id_map, self.state.snapshots)
        self.flow = OrdersFlow(
            loader, projects, connectors, self.state.id_map, self.state.snapshots, self.state.idempotency
        )

    async def run(self, document: dict[str, Any], *, fresh: bool = False) -> Outcome:
        self.commercetools.put("orders", document)
        self.requests.clear()
        self.trail = Trail()
        return await travel(self.flow, Work(envelope(), fresh, START, self.trail))

    async def exported(self, document: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(await self.run(document, fresh=True), Done)
        return await self.order()

    async def order(self) -> dict[str, Any]:
        url = f"{ROOT}/companies({EU})/salesOrders?$expand=salesOrderLines($orderby=sequence)"
        answer = await self.http.get(url, headers={"Authorization": bearer()})
        (row,) = answer.json()["value"]
        assert isinstance(row, dict)
        return row

    async def patch_line(self, line: dict[str, Any], body: dict[str, Any]) -> None:
        url = f"{ROOT}/companies({EU})/salesOrderLines({line['id']})"
        answer = await self.http.patch(url, json=body, headers={"Authorization": bearer(), "If-Match": "*"})
        answer.raise_for_status()

    async def act(self, order: dict[str, Any], action: str) -> None:
        url = f"{ROOT}/companies({EU})/salesOrders({order['id']})/Microsoft.NAV.{action}"
        (await self.http.post(url, headers={"Authorization": bearer()})).raise_for_status()

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [
            (request.method, request.url.path.rpartition("/")[2].partition("(")[0])
            for request in self.requests
            if request.method != "GET"
        ]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests if request.method == "PATCH"]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    environment, requests = create_environment(TOKEN_KEY), list[httpx.Request]()

    async def remember(request: httpx.Request) -> None:
        requests.append(request)

    transport = httpx.ASGITransport(environment.app)
    async with httpx.AsyncClient(transport=transport, event_hooks={"request": [remember]}) as http:
        yield Desk(environment, http, requests)


def shown(order: dict[str, Any]) -> list[tuple[str, float]]:
    return [(line["lineObjectNumber"], line["quantity"]) for line in order["salesOrderLines"]]


async def test_an_order_that_did_not_change_makes_no_request(desk: Desk) -> None:
    await desk.exported(priced(line_document(SHIRT)))
    assert isinstance(await desk.run(priced(line_document(SHIRT))), NoChange)
    assert desk.requests == []


async def test_a_new_shipping_address_is_one_patch_of_what_differs(desk: Desk) -> None:
    await desk.exported(priced(line_document(SHIRT)))
    moved = {**ADDRESS, "streetName": "Other Street", "city": "Other Town"}
    assert isinstance(await desk.run(priced(line_document(SHIRT), version=9, shippingAddress=moved)), Done)
    assert desk.writes == [("PATCH", "salesOrders")]
    assert desk.bodies == [{"shipToAddressLine1": "Other Street 1", "shipToCity": "Other Town"}]
    order = await desk.order()
    assert (order["shipToCity"], order["sellToCity"]) == ("Other Town", "Example Town")
    assert order["totalAmountIncludingTax"] == 250


@pytest.mark.parametrize(
    ("lines", "expected", "gross"),
    [
        ([line_document(SHIRT, quantity=5), line_document(MUG)], [(SHIRT, 5), (MUG, 2)], 750),
        ([line_document(SHIRT, quantity=0), line_document(MUG)], [(MUG, 2)], 250),
        ([line_document(SHIRT)], [(SHIRT, 2)], 250),
        ([line_document(MUG)], [(MUG, 2)], 250),
        (
            [line_document(SHIRT), line_document(MUG), line_document(BOOK, unit=3_000)],
            [(SHIRT, 2), (MUG, 2), (BOOK, 2)],
            510,
        ),
        ([line_document(SHIRT, unit=12_500), line_document(MUG)], [(SHIRT, 2), (MUG, 2)], 500),
    ],
    ids=["more", "none left of one", "one removed", "the first removed", "one added", "another price"],
)
async def test_edited_lines_come_to_the_new_total(
    desk: Desk, lines: list[dict[str, Any]], expected: list[tuple[str, int]], gross: int
) -> None:
    await desk.exported(priced(line_document(SHIRT), line_document(MUG)))
    outcome = await desk.run(priced(*lines, version=9))
    assert isinstance(outcome, Done), outcome
    order = await desk.order()
    assert shown(order) == [*expected, ("FREIGHT", 1)]
    assert order["totalAmountIncludingTax"] == gross
    assert order["totalAmountExcludingTax"] == pytest.approx(gross * 0.8)
    assert isinstance(await desk.run(priced(*lines, version=9)), NoChange)


async def test_a_line_that_stays_is_not_written(desk: Desk) -> None:
    before = await desk.exported(priced(line_document(SHIRT), line_document(MUG)))
    await desk.run(priced(line_document(SHIRT), line_document(MUG, quantity=3), version=9))
    assert desk.writes == [("PATCH", "salesOrderLines")]
    after = await desk.order()
    assert after["salesOrderLines"][0] == before["salesOrderLines"][0]


async def test_a_run_that_stopped_half_way_is_completed_by_the_next(desk: Desk) -> None:
    before = await desk.exported(priced(line_document(SHIRT), line_document(MUG)))
    edited = priced(line_document(SHIRT, quantity=5), line_document(MUG, quantity=3), version=9)
    await desk.patch_line(before["salesOrderLines"][0], {"quantity": 5, "unitPrice": 100})
    assert isinstance(await desk.run(edited), Done)
    assert desk.writes == [("PATCH", "salesOrderLines")]
    assert (await desk.order())["totalAmountIncludingTax"] == 850


async def test_a_line_that_somebody_added_sends_the_change_to_a_person(desk: Desk) -> None:
    before = await desk.exported(priced(line_document(SHIRT)))
    url = f"{ROOT}/companies({EU})/salesOrders({before['id']})/salesOrderLines"
    body = {"lineType": "Item", "lineObjectNumber": MUG, "quantity": 1}
    (await desk.http.post(url, json=body, headers={"Authorization": bearer()})).raise_for_status()
    outcome = await desk.run(priced(line_document(SHIRT, quantity=3), version=9))
    assert isinstance(outcome, NeedsReview)
    assert "edited its lines" in outcome.question.text
    assert desk.writes == []


async def test_an_invoiced_order_refuses_the_change(desk: Desk) -> None:
    before = await desk.exported(priced(line_document(SHIRT)))
    await desk.act(before, "shipAndInvoice")
    outcome = await desk.run(priced(line_document(SHIRT, quantity=3), version=9))
    assert isinstance(outcome, DeadLetter)
    assert (outcome.reason, before["number"] in outcome.detail) == ("OrderChangeRefused", True)
    assert desk.writes == []


async def test_another_purchase_order_number_is_one_patch_of_its_comment_line(desk: Desk) -> None:
    before = await desk.exported(priced(line_document(SHIRT), purchaseOrderNumber="PO-1"))
    assert shown(before) == [(SHIRT, 2), ("FREIGHT", 1), ("", 0)]
    outcome = await desk.run(priced(line_document(SHIRT), version=9, purchaseOrderNumber="PO-2"))
    assert isinstance(outcome, Done), outcome
    assert desk.writes == [("PATCH", "salesOrderLines")]
    assert desk.bodies == [{"description": "Purchase order PO-2"}]
    (note,) = [note for note in desk.trail.notes if note.step == "sales order changed"]
    assert note.after == {"line 3 Purchase order PO-1 changed": {"description": "Purchase order PO-2"}}
    assert (await desk.order())["totalAmountIncludingTax"] == 250


async def test_a_purchase_order_number_that_came_or_went_is_no_edited_line(desk: Desk) -> None:
    await desk.exported(priced(line_document(SHIRT)))
    assert isinstance(await desk.run(priced(line_document(SHIRT), version=9, purchaseOrderNumber="PO-1")), Done)
    assert desk.writes == [("POST", "salesOrderLines")]
    more = priced(line_document(SHIRT, quantity=3), version=10, purchaseOrderNumber="PO-1")
    assert isinstance(await desk.run(more), Done)
    assert desk.writes == [("PATCH", "salesOrderLines")]
    assert isinstance(await desk.run(priced(line_document(SHIRT, quantity=3), version=11)), Done)
    assert desk.writes == [("DELETE", "salesOrderLines")]
    assert shown(await desk.order()) == [(SHIRT, 3), ("FREIGHT", 1)]


async def test_an_order_with_a_comment_line_is_invoiced_like_any_other(desk: Desk) -> None:
    order = await desk.exported(priced(line_document(SHIRT), purchaseOrderNumber="PO-1"))
    await desk.act(order, "shipAndInvoice")
    outcome = await desk.run(priced(line_document(SHIRT), version=9, purchaseOrderNumber="PO-2"))
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason == "OrderChangeRefused"


async def test_a_market_without_purchase_order_numbers_says_so_in_the_audit(desk: Desk) -> None:
    option = "    business_central: {purchase_order_number: none}\n    modes:"
    markets = parse_market_map(MARKET_MAP.replace("    modes:", option), "test", ENVIRONMENT)
    silent = Desk(desk.environment, desk.http, desk.requests, markets=markets)
    order = await silent.exported(priced(line_document(SHIRT), purchaseOrderNumber="PO-1"))
    assert shown(order) == [(SHIRT, 2), ("FREIGHT", 1)]
    (note,) = [note for note in silent.trail.notes if note.before == {"purchaseOrderNumber": "PO-1"}]
    assert "purchaseOrderNumber" in note.why


async def test_somebody_elses_change_in_between_is_a_conflict_and_nothing_is_overwritten(desk: Desk) -> None:
    before = await desk.exported(priced(line_document(SHIRT)))
    seen = 0

    async def meddle(request: httpx.Request) -> None:
        nonlocal seen
        if request.method == "PATCH" and not request.url.path.endswith("meddled") and not seen:
            seen += 1
            await desk.patch_line(before["salesOrderLines"][0], {"quantity": 7})

    desk.http.event_hooks["request"].append(meddle)
    with pytest.raises(Conflict):
        await desk.run(priced(line_document(SHIRT, quantity=3), version=9))
    assert (await desk.order())["salesOrderLines"][0]["quantity"] == 7
