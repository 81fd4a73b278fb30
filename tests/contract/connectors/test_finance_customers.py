"""What only Finance has in keeping customers: holds, companies, addresses of the party, a list that is read whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import JsonValue

from local.dynamics.finance.environment import Environment
from local.dynamics.odata.faults import Fault
from shared.dynamics.finance import Finance
from shared.dynamics.finance_feed import PAGE
from shared.errors import Conflict, OutcomeUnknown, Permanent, Throttled
from shared.mapping.finance.notifications import Noticed, parse_notice
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.customer_fields import CustomerState, Fields
from tests.contract.connectors.customer_harness import COMPANY, OTHER, PERSON, CustomersUnderTest
from tests.contract.connectors.finance_customers import customers_with, row_of
from tests.contract.connectors.harness import TRACE

CUSTOMERS, LOCATIONS = "CustomersV3", "PartyLocationPostalAddressesV2"
ADDRESS = {"City": "Berlin", "CountryRegionId": "DEU", "Description": "By hand", "Roles": "Business"}


@dataclass
class Desk:
    """Connector and simulator, and what was sent."""

    under_test: CustomersUnderTest

    @property
    def environment(self) -> Environment:
        found = self.under_test.back_end.notes["environment"]
        assert isinstance(found, Environment)
        return found

    @property
    def connector(self) -> Finance:
        assert isinstance(self.under_test.back_end.connector, Finance)
        return self.under_test.back_end.connector

    @property
    def market(self) -> Market:
        return self.under_test.back_end.market

    async def created(self, fields: Fields = COMPANY) -> CustomerState:
        state = await self.under_test.created(fields)
        self.environment.app.log.clear()
        return state

    async def change(self, state: CustomerState, **changes: JsonValue) -> CustomerState:
        return await self.connector.change_customer(self.market, state, changes, TRACE)

    def sent(self, *methods: str) -> list[dict[str, Any]]:
        return [entry for entry in self.environment.app.log if entry["method"] in methods]

    def places(self, state: CustomerState) -> list[dict[str, Any]]:
        party = row_of(self.environment, state.id)["PartyNumber"]
        return [row for row in self.environment.seeder.rows(LOCATIONS) if row["PartyNumber"] == party]

    def place_by_hand(self, state: CustomerState, **values: str) -> None:
        party = row_of(self.environment, state.id)["PartyNumber"]
        key = {"PartyNumber": party, "LocationId": "by hand", "ValidFrom": "2026-01-01T00:00:00Z"}
        self.environment.seeder.seed(LOCATIONS, [ADDRESS | key | values])


def addresses_of(state: CustomerState) -> list[JsonValue]:
    found = state.fields["addresses"]
    assert isinstance(found, list)
    return found


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    under_test = customers_with(vat_id_field="TaxExemptNumber", more_addresses=True)
    async with under_test.back_end.http:
        yield Desk(under_test)


@pytest.fixture
async def plain() -> AsyncIterator[Desk]:
    """Every option as it is by default, but ETags compared before a change."""
    under_test = customers_with(if_match=False)
    async with under_test.back_end.http:
        yield Desk(under_test)


async def test_a_change_is_one_conditional_patch_of_what_differs(desk: Desk) -> None:
    state = await desk.created()
    await desk.change(state, phone="+49 30 5550199", locale="sv")
    (patch,) = desk.sent("PATCH", "POST", "DELETE")
    assert patch["body"] == {"PrimaryContactPhone": "+49 30 5550199", "LanguageId": "sv"}
    assert "cross-company=true" in patch["query"]


async def test_without_if_match_a_change_is_compared_first_and_then_unconditional(plain: Desk) -> None:
    state = await plain.created()
    after = await plain.change(state, phone="+49 30 5550199")
    assert after.fields["phone"] == "+49 30 5550199"
    plain.under_test.by_hand(state.id, {"phone": "+49 30 5550177"})
    plain.environment.app.log.clear()
    with pytest.raises(Conflict, match="read it again"):
        await plain.change(after, email="late@example.com")
    assert plain.sent("PATCH") == []


async def test_by_default_only_the_two_default_addresses_are_kept(plain: Desk) -> None:
    state = await plain.created()
    await plain.under_test.changes_since(None)
    assert "addresses" not in state.fields
    assert [entry["path"] for entry in plain.environment.app.log if LOCATIONS in entry["path"]] == []


@pytest.mark.parametrize("hold", ["Payment", "Requisition"])
async def test_a_hold_that_lets_orders_through_survives_other_changes(desk: Desk, hold: str) -> None:
    state = await desk.created()
    desk.environment.seeder.seed(CUSTOMERS, [row_of(desk.environment, state.id) | {"OnHoldStatus": hold}])
    found = await desk.under_test.read(state.id)
    assert found.fields["blocked"] is False
    await desk.change(found, phone="+49 30 5550199")
    assert row_of(desk.environment, state.id)["OnHoldStatus"] == hold


async def test_blocking_and_releasing_a_customer(desk: Desk) -> None:
    state = await desk.change(await desk.created(), blocked=True)
    (record,) = await desk.connector.find_customers(desk.market, TRACE, number=state.number)
    assert (state.fields["blocked"], record.blocked) == (True, True)
    released = await desk.change(state, blocked=False)
    assert released.fields["blocked"] is False
    assert row_of(desk.environment, state.id)["OnHoldStatus"] == "No"


async def test_what_the_suite_leaves_empty_can_be_written_read_and_emptied(desk: Desk) -> None:
    state = await desk.created(PERSON)
    changes: dict[str, JsonValue] = {
        "payment_terms": "NET30",
        "credit_limit": "2500.50",
        "customer_group": "retail",
        "custom.memo": "note",
        "custom.oneTime": True,
    }
    after = await desk.connector.change_customer(desk.market, state, changes, TRACE)
    assert {name: after.fields[name] for name in changes} == changes
    row = row_of(desk.environment, state.id)
    assert (row["PaymentTerms"], row["DiscountPriceGroupId"], row["IsOneTimeCustomer"]) == ("NET30", "RETAIL", "Yes")
    emptied = await desk.connector.change_customer(desk.market, after, dict.fromkeys(changes), TRACE)
    assert [emptied.fields[name] for name in changes] == [None, None, None, None, False]


async def test_a_person_stays_a_person_and_has_no_company(desk: Desk) -> None:
    state = await desk.created(PERSON)
    assert state.kind == "Person"
    assert (state.fields["first_name"], state.fields["last_name"]) == ("Example", "Customer")
    assert "company" not in state.fields


async def test_the_server_counts_customers_and_names_their_addresses(desk: Desk) -> None:
    fields = desk.under_test.shaped(COMPANY)
    state = await desk.connector.create_customer_of(desk.market, fields, "MY-NUMBER", TRACE)
    row = row_of(desk.environment, state.id)
    assert state.number == row["CustomerAccount"] != "MY-NUMBER"
    assert {row["AddressDescription"], row["DeliveryAddressDescription"]} == {"Example Trading"}
    assert (row["CustomerGroupId"], row["PartyType"]) == ("ONLINE", "Organization")


async def test_creating_a_customer_reads_nothing_that_could_fail_afterwards(desk: Desk) -> None:
    fields = desk.under_test.shaped(COMPANY)
    await desk.connector.create_customer_of(desk.market, fields, None, TRACE)
    sent = [(entry["method"], entry["path"]) for entry in desk.environment.app.log]
    assert sent == [("POST", f"/data/{CUSTOMERS}"), ("POST", f"/data/{LOCATIONS}")]


@pytest.mark.parametrize("status", [429, 503, 504])
async def test_a_customer_created_without_all_of_its_addresses_is_looked_up_before_the_next_try(
    desk: Desk, status: int
) -> None:
    desk.environment.app.faults.add([Fault(method="POST", path=LOCATIONS, status=status)])
    with pytest.raises(OutcomeUnknown):
        await desk.under_test.created()
    (found,) = await desk.connector.find_customers(desk.market, TRACE, email="books@example.com")
    assert (await desk.under_test.read(found.id)).fields["addresses"] == []


async def test_without_a_customer_group_none_is_created_and_the_option_is_named(plain: Desk) -> None:
    options = FinanceOptions(customer_group=None)
    market = plain.market.model_copy(update={"finance": options})
    with pytest.raises(Permanent, match=r"finance\.customer_group of market se"):
        await plain.connector.create_customer_of(market, {"company": "Example Ltd"}, None, TRACE)
    assert plain.sent("POST") == []


async def test_a_refusal_says_what_finance_says(desk: Desk) -> None:
    state = await desk.created()
    with pytest.raises(Permanent, match="related table 'PaymentTerms'"):
        await desk.change(state, payment_terms="NEVER")


async def test_addresses_beside_the_default_ones_are_added_and_removed_one_by_one(desk: Desk) -> None:
    state = await desk.created()
    (known,) = [place for place in desk.places(state) if place["City"] == "Cologne"]
    lane: JsonValue = {**OTHER, "street": "Lane 2"}
    both = await desk.change(state, addresses=[dict(OTHER), lane])
    assert desk.sent("PATCH", "DELETE") == []
    assert len(desk.sent("POST")) == 1
    desk.environment.app.log.clear()
    one = await desk.change(both, addresses=[lane])
    assert [entry["method"] for entry in desk.sent("POST", "PATCH", "DELETE")] == ["DELETE"]
    assert one.fields["addresses"] == [lane]
    assert known["LocationId"] not in {place["LocationId"] for place in desk.places(state)}
    assert one.fields["billing_address"] == state.fields["billing_address"]


async def test_an_address_that_somebody_added_meanwhile_is_a_conflict_and_stays(desk: Desk) -> None:
    state = await desk.created()
    desk.place_by_hand(state)
    with pytest.raises(Conflict):
        await desk.change(state, addresses=[])
    found = await desk.under_test.read(state.id)
    assert {"city": "Berlin", "country": "DE"} in addresses_of(found)
    assert dict(OTHER) in addresses_of(found)


async def test_an_address_change_after_somebody_else_changed_the_customer_is_a_conflict(desk: Desk) -> None:
    state = await desk.created()
    desk.under_test.by_hand(state.id, {"phone": "+49 30 5550177"})
    with pytest.raises(Conflict):
        await desk.change(state, addresses=[])
    assert dict(OTHER) in addresses_of(await desk.under_test.read(state.id))


async def test_an_address_that_somebody_removed_in_the_same_moment_is_a_conflict(desk: Desk) -> None:
    state = await desk.created()
    desk.environment.app.faults.add([Fault(method="DELETE", path=LOCATIONS, status=404)])
    with pytest.raises(Conflict):
        await desk.change(state, addresses=[])


async def test_a_tax_id_finds_nobody_where_the_market_has_no_field_for_it(plain: Desk) -> None:
    assert await plain.connector.find_customers(plain.market, TRACE, vat_id="DE123456789") == []
    assert await plain.connector.find_customers(plain.market, TRACE, email="customer@example.com", vat_id="X") == []
    assert plain.sent("GET") == []


async def test_a_star_in_a_tax_id_finds_nobody(desk: Desk) -> None:
    await desk.created()
    assert await desk.connector.find_customers(desk.market, TRACE, vat_id="DE*") == []


async def test_the_list_has_every_customer_of_the_company_once_ordered_and_in_pages(desk: Desk) -> None:
    desk.under_test.many(2 * PAGE)
    pages = [page async for page in desk.connector.changes("customers", desk.market, None, TRACE)]
    accounts = [change.id for page in pages for change in page.changes]
    own = [row["CustomerAccount"] for row in desk.environment.seeder.rows(CUSTOMERS) if row["dataAreaId"] == "demf"]
    assert accounts == sorted(own)
    assert [len(page.changes) for page in pages] == [PAGE, PAGE, len(own) - 2 * PAGE]
    assert {(page.whole, page.cursor) for page in pages} == {(True, pages[0].cursor)}


async def test_a_company_without_customers_is_one_empty_page(desk: Desk) -> None:
    for row in list(desk.environment.seeder.rows(CUSTOMERS)):
        desk.environment.companies.store.remove("", CUSTOMERS, (row["dataAreaId"], row["CustomerAccount"]))
    pages = [page async for page in desk.connector.changes("customers", desk.market, "any", TRACE)]
    assert [(list(page.changes), page.whole) for page in pages] == [([], True)]


async def test_a_list_that_is_left_early_leaves_nothing_running(desk: Desk) -> None:
    desk.under_test.many(4 * PAGE)
    async with aclosing(desk.connector.changes("customers", desk.market, None, TRACE)) as feed:  # type: ignore[type-var]
        assert len((await anext(feed)).changes) == PAGE
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_failure_in_the_list_reaches_the_caller(plain: Desk) -> None:
    plain.environment.app.faults.add([Fault(path=CUSTOMERS, status=429, retry_after=7)])
    with pytest.raises(Throttled) as refused:
        await plain.under_test.changes_since(None)
    assert refused.value.retry_after == 7


async def test_what_nobody_maps_does_not_change_a_version_and_an_address_of_the_party_does(desk: Desk) -> None:
    state = await desk.created()

    async def version() -> str:
        changes, _, _ = await desk.under_test.changes_since(None)
        return next(change.version for change in changes if change.id == state.id)

    first = await version()
    row = row_of(desk.environment, state.id)
    desk.environment.seeder.seed(CUSTOMERS, [row | {"NameAlias": "other", "SalesTaxGroup": "EXPORT"}])
    assert await version() == first
    desk.place_by_hand(state)
    assert await version() != first


async def test_an_event_of_the_simulator_leads_to_the_customer_that_changed(desk: Desk) -> None:
    bodies: list[bytes] = []

    async def send(_url: str, _headers: object, body: bytes) -> int:
        bodies.append(body)
        return 200

    state = await desk.created()
    events = desk.environment.events
    events.send = send
    for form in ("envelope", "dataverse"):
        events.control("POST", {"url": "http://127.0.0.1/events", "form": form})
    await desk.change(state, phone="+49 30 5550199")
    await events.settled()
    notices = [parse_notice(body) for body in bodies]
    assert len(notices) == 2
    for notice in notices:
        assert isinstance(notice, Noticed), notice
        assert (notice.entity_set, notice.company, notice.key) == (CUSTOMERS, "demf", state.id)
