"""What only Finance has: two data entities an order, companies, wildcards, causes hidden in error answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.dynamics.finance.environment import Environment
from local.dynamics.odata.faults import Fault
from local.orders import Shopper, order_document
from shared.dynamics.finance import Finance
from shared.errors import OutcomeUnknown, Permanent, Throttled
from shared.flows.order_totals import Agree, Mismatch, compare_totals
from shared.mapping.commercetools.orders import order_from_document
from shared.markets import ItemTarget, Market
from shared.model.back_end import CustomerRecord, OrderDraft, OrderRecord, References
from shared.model.money import Money
from tests.contract.connectors.finance_harness import HEADERS, LINES, finance, finance_market

CID = "correlation"


@dataclass
class Desk:
    """Connector and simulator, and the order of the demo."""

    environment: Environment
    connector: Finance
    market: Market

    def fault(self, **fault: Any) -> None:
        self.environment.app.faults.add([Fault.model_validate(fault)])

    def set(self, **settings: Any) -> None:
        companies = self.environment.companies
        companies.settings = companies.settings.model_copy(update=settings)

    async def draft(self) -> tuple[OrderDraft, CustomerRecord]:
        order = order_from_document(order_document("A-1", Shopper("customer@example.com")), "shop")
        targets = {line.sku: ItemTarget(item=line.sku) for line in order.lines if line.sku}
        items = await self.connector.find_items(self.market, targets, CID)
        (customer,) = await self.connector.find_customers(self.market, CID, email="customer@example.com")
        draft = self.connector.draft_order(order, References(customer, None, items), self.market)
        assert isinstance(draft, OrderDraft)
        return draft, customer

    async def create(self) -> OrderRecord:
        draft, customer = await self.draft()
        return await self.connector.create_order(self.market, draft, customer, None, CID)

    def rows(self, entity_set: str) -> list[dict[str, Any]]:
        return self.environment.seeder.rows(entity_set)

    def sent(self, method: str) -> list[str]:
        return [entry["path"] for entry in self.environment.app.log if entry["method"] == method]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    under_test = finance()
    assert isinstance(under_test.connector, Finance)
    async with under_test.http:
        yield Desk(under_test.notes["environment"], under_test.connector, under_test.market)


BATCHES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"batch": True}, {}),
    ({"batch": True, "batch_link": "own_number"}, {"manual_order_numbers": True}),
]


@pytest.mark.parametrize(("options", "settings"), [({}, {}), *BATCHES])
async def test_the_demo_order_agrees_however_it_is_written(
    desk: Desk, options: dict[str, Any], settings: dict[str, Any]
) -> None:
    desk.market = finance_market(**options)
    desk.set(**settings)
    draft, customer = await desk.draft()
    record = await desk.connector.create_order(desk.market, draft, customer, None, CID)
    assert compare_totals(draft, record, desk.market.totals) == Agree("net, tax and gross agree")
    assert record == await desk.connector.read_order(desk.market, record.id, CID)
    assert record.untouched


@pytest.mark.parametrize(("options", "settings"), BATCHES)
async def test_a_batch_is_one_request(desk: Desk, options: dict[str, Any], settings: dict[str, Any]) -> None:
    desk.market = finance_market(**options)
    desk.set(**settings)
    draft, customer = await desk.draft()
    before = len(desk.environment.app.log)
    await desk.connector.create_order(desk.market, draft, customer, None, CID)
    assert [entry["path"] for entry in list(desk.environment.app.log)[before:]] == ["/data/$batch"]


async def test_later_versions_of_the_entities_can_be_chosen(desk: Desk) -> None:
    desk.market = finance_market(headers="SalesOrderHeadersV4", lines="SalesOrderLinesV3")
    await desk.create()
    assert desk.sent("POST")[:2] == ["/data/SalesOrderHeadersV4", "/data/SalesOrderLinesV3"]


async def test_every_request_looks_across_companies(desk: Desk) -> None:
    record = await desk.create()
    await desk.connector.delete_order(desk.market, record, CID)
    assert all("cross-company=true" in entry["query"] for entry in desk.environment.app.log)


@pytest.mark.parametrize("written", [0, 1, 3])
async def test_a_half_written_order_is_completed_by_the_next_attempt(desk: Desk, written: int) -> None:
    draft, customer = await desk.draft()
    for _ in range(written):
        desk.fault(method="POST", path=LINES, mode="delay_after")
    desk.fault(method="POST", path=LINES, mode="status", status=504)
    with pytest.raises(OutcomeUnknown):
        await desk.connector.create_order(desk.market, draft, customer, None, CID)
    assert len(desk.rows(LINES)) == written
    (found,) = await desk.connector.find_orders(desk.market, draft.reference, CID)
    repaired = await desk.connector.repair_order(desk.market, found, draft, CID)
    assert compare_totals(draft, repaired, desk.market.totals) == Agree("net, tax and gross agree")
    assert [row["CustomersLineNumber"] for row in desk.rows(LINES)] == [1, 2, 3, 4]


async def test_a_line_whose_answer_was_lost_is_not_written_twice(desk: Desk) -> None:
    draft, customer = await desk.draft()
    desk.fault(method="POST", path=LINES, mode="status_after", status=504)
    with pytest.raises(OutcomeUnknown):
        await desk.connector.create_order(desk.market, draft, customer, None, CID)
    (found,) = await desk.connector.find_orders(desk.market, draft.reference, CID)
    await desk.connector.repair_order(desk.market, found, draft, CID)
    assert [row["CustomersLineNumber"] for row in desk.rows(LINES)] == [1, 2, 3, 4]


async def test_repairing_keeps_the_order_of_lines_whatever_is_missing(desk: Desk) -> None:
    draft, customer = await desk.draft()
    record = await desk.connector.create_order(desk.market, draft, customer, None, CID)
    second = next(row for row in desk.rows(LINES) if row["CustomersLineNumber"] == 2)
    key = f"{LINES}(dataAreaId='demf',InventoryLotId='{second['InventoryLotId']}')"
    await desk.connector._api.call("DELETE", key, CID)
    repaired = await desk.connector.repair_order(desk.market, record, draft, CID)
    assert repaired == record


async def test_a_complete_order_is_left_alone(desk: Desk) -> None:
    draft, customer = await desk.draft()
    record = await desk.connector.create_order(desk.market, draft, customer, None, CID)
    posts = len(desk.sent("POST"))
    assert await desk.connector.repair_order(desk.market, record, draft, CID) == record
    assert len(desk.sent("POST")) == posts


@pytest.mark.parametrize(
    "line",
    [
        {"ItemNumber": "GIFT-MUG"},
        {"ItemNumber": "GIFT-MUG", "CustomersLineNumber": 2},
        {"ItemNumber": "BOOK-001", "CustomersLineNumber": 2, "OrderedSalesQuantity": 7},
        {"ItemNumber": "GIFT-MUG", "CustomersLineNumber": 5},
        {"ItemNumber": "TSHIRT-BLK-M", "CustomersLineNumber": 1, "OrderedSalesQuantity": 3},
    ],
)
async def test_an_order_with_lines_of_others_is_not_repaired(desk: Desk, line: dict[str, Any]) -> None:
    draft, customer = await desk.draft()
    desk.fault(method="POST", path=LINES, mode="delay_after")
    desk.fault(method="POST", path=LINES, mode="status", status=504)
    with pytest.raises(OutcomeUnknown):
        await desk.connector.create_order(desk.market, draft, customer, None, CID)
    (found,) = await desk.connector.find_orders(desk.market, draft.reference, CID)
    body = {"dataAreaId": "demf", "SalesOrderNumber": found.number, **line}
    await desk.connector._api.call("POST", LINES, CID, json=body)
    with pytest.raises(Permanent, match="resubmit") as refused:
        await desk.connector.repair_order(desk.market, found, draft, CID)
    assert found.number in str(refused.value)
    assert len(desk.rows(LINES)) == 2


async def test_a_rounding_line_of_an_earlier_attempt_is_ours(desk: Desk) -> None:
    draft, customer = await desk.draft()
    record = await desk.connector.create_order(desk.market, draft, customer, None, CID)
    gap = Money.from_cents(-2, "EUR")
    rounded = await desk.connector.add_rounding_line(desk.market, record, gap, CID)
    assert rounded.totals.gross == record.totals.gross + gap
    assert rounded.totals.tax == record.totals.tax
    assert await desk.connector.repair_order(desk.market, rounded, draft, CID) == rounded


async def test_a_refused_line_takes_the_header_with_it_and_says_why(desk: Desk) -> None:
    draft, customer = await desk.draft()
    draft.payload["lines"][2]["ItemNumber"] = "OLD-ITEM"
    with pytest.raises(Permanent, match=r"Error: Item OLD-ITEM is stopped for sales orders$"):
        await desk.connector.create_order(desk.market, draft, customer, None, CID)
    assert desk.rows(HEADERS) == []
    assert desk.rows(LINES) == []


async def test_a_refused_batch_leaves_nothing_and_says_why(desk: Desk) -> None:
    desk.market = finance_market(batch=True)
    draft, customer = await desk.draft()
    draft.payload["lines"][2]["ItemNumber"] = "OLD-ITEM"
    with pytest.raises(Permanent, match=r"Error: Item OLD-ITEM is stopped for sales orders$"):
        await desk.connector.create_order(desk.market, draft, customer, None, CID)
    assert desk.rows(HEADERS) == []


async def test_a_batch_whose_answer_is_lost_is_found_by_its_reference(desk: Desk) -> None:
    desk.market = finance_market(batch=True)
    draft, customer = await desk.draft()
    desk.fault(method="POST", path="batch", mode="status_after", status=504)
    with pytest.raises(OutcomeUnknown):
        await desk.connector.create_order(desk.market, draft, customer, None, CID)
    (found,) = await desk.connector.find_orders(desk.market, draft.reference, CID)
    assert await desk.connector.repair_order(desk.market, found, draft, CID) == found
    assert len(found.lines) == 4


async def test_the_cause_of_a_refusal_is_taken_from_the_infolog_with_warnings_that_tell_it(desk: Desk) -> None:
    desk.market = desk.market.model_copy(update={"location": None})
    draft, customer = await desk.draft()
    with pytest.raises(Permanent) as refused:
        await desk.connector.create_order(desk.market, draft, customer, None, CID)
    assert refused.value.message == (
        "Warning: Inventory dimension Site is mandatory and must consequently be specified"
    )


async def test_a_site_of_the_market_stands_in_for_a_warehouse(desk: Desk) -> None:
    desk.market = finance_market(site="1").model_copy(update={"location": None})
    record = await desk.create()
    assert len(record.lines) == 4


async def test_stars_in_an_e_mail_or_a_number_match_nobody_else(desk: Desk) -> None:
    assert await desk.connector.find_customers(desk.market, CID, email="*@example.com") == []
    assert await desk.connector.find_customers(desk.market, CID, number="*") == []
    assert await desk.connector.find_items(desk.market, {"*": ItemTarget(item="*")}, CID) == {}


async def test_a_customer_of_another_company_is_nobody(desk: Desk) -> None:
    us = desk.market.model_copy(update={"company": "usmf"})
    assert await desk.connector.find_customers(us, CID, number="20000") == []
    (found,) = await desk.connector.find_customers(desk.market, CID, number="20000")
    assert found.name == "Example Company"


@pytest.mark.parametrize("account", ["90000", "91000"])
async def test_customers_on_hold_are_blocked(desk: Desk, account: str) -> None:
    (found,) = await desk.connector.find_customers(desk.market, CID, number=account)
    assert found.blocked


async def test_an_item_in_a_blocked_lifecycle_state_is_blocked(desk: Desk) -> None:
    targets = {"old": ItemTarget(item="OLD-ITEM"), "new": ItemTarget(item="GIFT-MUG")}
    found = await desk.connector.find_items(desk.market, targets, CID)
    assert (found["old"].blocked, found["new"].blocked) == (True, False)


VARIANT = "SHIRT : : M : BLK :"


@pytest.mark.parametrize("target", [ItemTarget(item="SHIRT", variant=VARIANT), ItemTarget(item=VARIANT)])
async def test_a_variant_is_found_by_its_number_with_its_dimensions(desk: Desk, target: ItemTarget) -> None:
    found = await desk.connector.find_items(desk.market, {"sku": target}, CID)
    assert found["sku"].number == "SHIRT"
    assert found["sku"].details == {"ProductSizeId": "M", "ProductColorId": "BLK"}


async def test_a_variant_of_another_item_is_not_found(desk: Desk) -> None:
    target = ItemTarget(item="GIFT-MUG", variant=VARIANT)
    assert await desk.connector.find_items(desk.market, {"sku": target}, CID) == {}


async def test_a_busy_environment_says_how_long_to_wait(desk: Desk) -> None:
    desk.environment.limiter.limits = desk.environment.limiter.limits.model_copy(update={"requests": 0})
    with pytest.raises(Throttled) as refused:
        await desk.connector.find_customers(desk.market, CID, number="10000")
    assert refused.value.retry_after == 5


async def test_a_tax_difference_is_named_and_lines_that_agree_are_not(desk: Desk) -> None:
    desk.set(tax_shift=1)
    draft, customer = await desk.draft()
    record = await desk.connector.create_order(desk.market, draft, customer, None, CID)
    verdict = compare_totals(draft, record, desk.market.totals)
    assert isinstance(verdict, Mismatch)
    assert verdict.components == ("totals: no single line differs",)


async def test_a_worked_on_order_is_not_untouched(desk: Desk) -> None:
    record = await desk.create()
    header = desk.rows(HEADERS)[0] | {"SalesOrderProcessingStatus": "Confirmed"}
    desk.environment.seeder.seed(HEADERS, [header])
    assert not (await desk.connector.read_order(desk.market, record.id, CID)).untouched
