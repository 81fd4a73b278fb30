"""Orders that ship to several addresses: on the lines in Dataverse and Finance, a question in Business Central."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local.orders import DEMO_LINES, Document
from shared.dynamics.order_changes import ChangesOrders
from shared.flows.order_totals import Agree, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.model.back_end import ItemRecord, MissingReference, OrderRecord, References
from shared.model.order import Order
from shared.model.order_changes import OrderChanges
from tests.contract.connectors.business_central_harness import business_central
from tests.contract.connectors.dataverse_harness import dataverse, dataverse_by_deep_insert
from tests.contract.connectors.finance_harness import finance, finance_in_a_batch
from tests.contract.connectors.harness import TRACE, BackEndUnderTest, an_order, totals_in, totals_of

HOME = {"firstName": "Example", "lastName": "Customer", "streetName": "Home Street", "city": "Berlin", "country": "DE"}
OFFICE = {**HOME, "company": "Example Ltd", "streetName": "Office Road", "city": "Vienna", "country": "AT"}
BOOK = DEMO_LINES[1]


@dataclass(frozen=True)
class Columns:
    """How lines spell an address, their number and the country of the office."""

    number: str
    city: str
    country: str
    austria: str


@dataclass(frozen=True)
class Desk:
    end: BackEndUnderTest
    columns: Columns

    def places(self) -> list[str]:
        """The cities of the lines, in their order; empty where a line goes to the order's address."""
        rows = sorted(self.end.rows(self.end.lines), key=lambda row: int(row[self.columns.number]))
        header, *_ = self.end.rows(self.end.orders)
        cities = [row.get(self.columns.city) or "" for row in rows]
        return ["" if city == header[self.columns.city] else city for city in cities]

    async def compare(self, record: OrderRecord, order: Order) -> OrderChanges:
        assert isinstance(self.end.connector, ChangesOrders)
        draft = await self.end.drafted(order)
        return await self.end.connector.compare_order(self.end.market, record.id, draft, None, TRACE)

    async def change(self, record: OrderRecord, order: Order) -> OrderRecord:
        assert isinstance(self.end.connector, ChangesOrders)
        draft = await self.end.drafted(order)
        return await self.end.connector.change_order(self.end.market, record.id, draft, None, TRACE)


OF_DATAVERSE = Columns("lineitemnumber", "shipto_city", "shipto_country", "AT")
OF_FINANCE = Columns("CustomersLineNumber", "DeliveryAddressCity", "DeliveryAddressCountryRegionId", "AUT")
MAKERS: Mapping[str, tuple[Callable[[], BackEndUnderTest], Columns]] = {
    "dataverse": (dataverse, OF_DATAVERSE),
    "dataverse_deep_insert": (dataverse_by_deep_insert, OF_DATAVERSE),
    "finance": (finance, OF_FINANCE),
    "finance_batch": (finance_in_a_batch, OF_FINANCE),
}


@pytest.fixture(params=sorted(MAKERS))
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    make, columns = MAKERS[request.param]
    end = make()
    async with end.http:
        yield Desk(end, columns)


def to_two_addresses(number: str, *goes_to: str, **office: Any) -> tuple[Document, Order]:
    """The order of the demo in Multiple shipping mode; `goes_to` names the shipping of each line."""
    document, _ = an_order(number)
    shipping = [
        {"shippingKey": "home", "shippingInfo": document["shippingInfo"], "shippingAddress": HOME},
        {"shippingKey": "office", "shippingInfo": _free(document), "shippingAddress": {**OFFICE, **office}},
    ]
    items = [
        {**item, "shippingDetails": _details(item, key)}
        for item, key in zip(document["lineItems"], goes_to, strict=True)
    ]
    multiple = {"shippingMode": "Multiple", "shipping": shipping, "lineItems": items, "shippingInfo": None}
    whole = {**document, **multiple, "shippingAddress": None, "id": f"id-of-{number}"}
    return whole, order_from_document(whole, "demo")


def _details(item: Document, key: str) -> Document:
    return {"valid": True, "targets": [{"addressKey": key, "quantity": item["quantity"], "shippingMethodKey": key}]}


def _free(document: Document) -> Document:
    """The second shipping costs nothing, so that the totals stay those of the document."""
    nothing = {**document["shippingInfo"]["price"], "centAmount": 0}
    taxed = {"totalNet": nothing, "totalGross": nothing, "totalTax": nothing, "taxPortions": []}
    return {**document["shippingInfo"], "price": nothing, "taxedPrice": taxed}


async def test_each_line_carries_the_address_that_it_goes_to(desk: Desk) -> None:
    document, order = to_two_addresses("AD-1", "home", "office", "home")
    draft, record = await desk.end.created(order)
    assert desk.places()[:3] == ["", "Vienna", ""]
    (there,) = [row for row in desk.end.rows(desk.end.lines) if row[desk.columns.number] == 2]
    assert there[desk.columns.country] == desk.columns.austria
    assert totals_in(record) == totals_of(document)
    assert compare_totals(draft, record, desk.end.market.totals) == Agree("net, tax and gross agree")


async def test_an_order_to_two_addresses_as_it_was_exported_has_no_difference(desk: Desk) -> None:
    _, order = to_two_addresses("AD-2", "home", "office", "home")
    draft, record = await desk.end.created(order)
    changes = await desk.compare(record, order)
    assert changes.edits == ()
    assert changes.line_count == len(draft.lines)


async def test_another_address_of_one_line_is_written_to_its_lines_alone(desk: Desk) -> None:
    _, order = to_two_addresses("AD-3", "home", "office", "home")
    _, record = await desk.end.created(order)
    _, moved = to_two_addresses("AD-3", "home", "office", "home", city="Salzburg")
    changes = await desk.compare(record, moved)
    touched = {edit.what.split()[1] for edit in changes.edits}
    assert touched - {"5"} == {"2"}  # the book; its free freight is a line in Finance alone
    assert await desk.change(record, moved) == record
    assert desk.places()[:3] == ["", "Salzburg", ""]
    assert (await desk.compare(record, moved)).edits == ()


async def test_lines_that_no_longer_go_elsewhere_go_to_the_orders_address(desk: Desk) -> None:
    _, order = to_two_addresses("AD-4", "home", "office", "office")
    _, record = await desk.end.created(order)
    assert desk.places()[:3] == ["", "Vienna", "Vienna"]
    _, moved = to_two_addresses("AD-4", "home", "home", "office")
    await desk.change(record, moved)
    assert desk.places()[:3] == ["", "", "Vienna"]
    assert (await desk.compare(record, moved)).edits == ()


async def test_another_address_of_the_order_reaches_the_lines_that_go_there(desk: Desk) -> None:
    _, order = to_two_addresses("AD-5", "home", "office", "home")
    _, record = await desk.end.created(order)
    document, _ = to_two_addresses("AD-5", "home", "office", "home")
    document["shipping"][0]["shippingAddress"] = {**HOME, "city": "Hamburg"}
    moved = order_from_document(document, "demo")
    await desk.change(record, moved)
    (header,) = desk.end.rows(desk.end.orders)
    assert header[desk.columns.city] == "Hamburg"
    assert desk.places()[:3] == ["", "Vienna", ""]
    assert (await desk.compare(record, moved)).edits == ()


async def test_an_address_that_no_line_names_is_a_question(desk: Desk) -> None:
    document, _ = to_two_addresses("AD-6", "home", "home", "home")
    order = order_from_document(document, "demo")
    answer = desk.end.connector.draft_order(order, _references(order, await desk.end.customer()), desk.end.market)
    assert isinstance(answer, MissingReference)
    assert (answer.kind, answer.key) == ("shipping_address", "unassigned")


async def test_business_central_has_one_address_and_asks_naming_both() -> None:
    end = business_central()
    async with end.http:
        _, order = to_two_addresses("AD-7", "home", "office", "home")
        answer = end.connector.draft_order(order, _references(order, await end.customer()), end.market)
    assert isinstance(answer, MissingReference)
    assert "2 addresses (home, office), Business Central takes one" in answer.text
    assert list(answer.facts) == ["address home", "address office"]
    assert f"Vienna, AT: item {BOOK.sku} x {BOOK.quantity}" in answer.facts["address office"]
    assert "--note" in answer.hint


def _references(order: Order, customer: Any) -> References:
    items = {line.sku: ItemRecord("id", line.sku) for line in order.lines if line.sku}
    return References(customer, None, items)
