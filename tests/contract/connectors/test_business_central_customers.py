"""What only Business Central does with customers: payment terms, contacts, late commits, webhook subscriptions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from local.dynamics.business_central.environment import Environment
from local.dynamics.business_central.seed import stable_id
from shared.dynamics.business_central import BusinessCentral
from shared.dynamics.business_central_feed import OVERLAP, PAGE_SIZE
from shared.dynamics.business_central_subscriptions import SubscriptionReport
from shared.dynamics.subscriptions import KeepsSubscriptions
from shared.errors import Conflict, OutcomeUnknown, Permanent
from shared.market_options.trade import CustomFieldRules
from shared.model.customer_fields import CustomerState, Fields
from tests.contract.connectors.business_central_customers import customers_at
from tests.contract.connectors.business_central_harness import COMPANY as COMPANY_ID
from tests.contract.connectors.customer_harness import COMPANY, PERSON, CustomersUnderTest
from tests.contract.connectors.harness import TRACE
from tests.fakes.clock import ManualClock
from tests.fakes.webhook_subscriber import WebhookSubscriber

URL = "http://127.0.0.1:7071/api/business-central?code=key"
TURNS = 200  # of the event loop: more than an answer of the simulator takes, which never waits for anything


@dataclass
class Desk:
    customers: CustomersUnderTest
    environment: Environment
    clock: ManualClock
    subscriber: WebhookSubscriber

    @property
    def connector(self) -> BusinessCentral:
        assert isinstance(self.customers.back_end.connector, BusinessCentral)
        return self.customers.back_end.connector

    async def change(self, state: CustomerState, changes: Fields) -> CustomerState:
        return await self.connector.change_customer(self.customers.back_end.market, state, changes, TRACE)

    async def ensure(self, *resources: str, url: str = URL, secret: str = "secret") -> SubscriptionReport:
        return await self.connector.ensure_subscriptions(COMPANY_ID, url, secret, TRACE, resources)

    def row(self, entity_set: str, row_id: str) -> dict[str, Any]:
        return self.environment.store.table(COMPANY_ID, entity_set).rows[(row_id,)]

    def contact(self, name: str) -> dict[str, Any]:
        table = self.environment.store.table(COMPANY_ID, "contacts")
        (found,) = (row for row in table.rows.values() if row["displayName"] == name and row["type"] == "Person")
        return found

    def reads(self) -> int:
        return sum(entry["path"].endswith("/customers") for entry in self.environment.app.log)

    def written(self) -> list[tuple[str, str, Any]]:
        log = self.environment.app.log
        entries = [(entry["method"], entry["path"].rpartition("/")[2], entry["body"]) for entry in log]
        return [entry for entry in entries if entry[0] != "GET"]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock, subscriber = ManualClock(), WebhookSubscriber()
    under_test, environment = customers_at(clock)
    environment.webhooks.sender = subscriber
    environment.webhooks.timing.delay_seconds = None
    async with under_test.back_end.http:
        yield Desk(under_test, environment, clock, subscriber)


async def test_a_change_is_one_request_with_the_changed_properties_alone(desk: Desk) -> None:
    state = await desk.customers.created(PERSON)
    desk.environment.app.log.clear()
    await desk.change(state, {"phone": "+49 30 5550199", "blocked": True, "credit_limit": "1500.00"})
    body = {"phoneNumber": "+49 30 5550199", "blocked": "All", "creditLimit": 1500}
    assert desk.written() == [("PATCH", f"customers({state.id})", body)]


async def test_an_address_is_written_whole_so_that_no_part_of_the_old_one_stays(desk: Desk) -> None:
    state = await desk.customers.created(COMPANY)
    after = await desk.change(state, {"billing_address": {"street": "Quay 9", "city": "Bremen", "country": "DE"}})
    assert after.fields["billing_address"] == {"street": "Quay 9", "city": "Bremen", "country": "DE"}


@pytest.mark.parametrize("kind", ["Ship", "Invoice", "All"])
async def test_every_way_of_being_blocked_reads_as_blocked_and_unblocking_clears_it(desk: Desk, kind: str) -> None:
    state = await desk.customers.created(PERSON)
    rules = desk.environment.rules["customers"]
    rules.modify(COMPANY_ID, desk.row("customers", state.id), {"blocked": kind})
    blocked = await desk.customers.read(state.id)
    assert blocked.fields["blocked"] is True
    assert (await desk.change(blocked, {"blocked": False})).fields["blocked"] is False
    assert desk.row("customers", state.id)["blocked"] == "_x0020_"


async def test_payment_terms_are_told_by_their_code(desk: Desk) -> None:
    state = await desk.customers.created({**PERSON, "payment_terms": "14 days"})
    assert state.fields["payment_terms"] == "14 DAYS"
    assert desk.row("customers", state.id)["paymentTermsId"] == stable_id(COMPANY_ID, "paymentTerms", "14 DAYS")
    changed = await desk.change(state, {"payment_terms": "COD"})
    assert changed.fields["payment_terms"] == "COD"
    assert (await desk.change(changed, {"payment_terms": None})).fields["payment_terms"] is None


async def test_payment_terms_are_looked_up_once_and_again_when_new_ones_turn_up(desk: Desk) -> None:
    first = await desk.customers.created({**PERSON, "payment_terms": "COD"})
    await desk.customers.created({**PERSON, "payment_terms": "14 DAYS"})
    lookups = [entry for entry in desk.environment.app.log if entry["path"].endswith("/paymentTerms")]
    assert len(lookups) == 1
    desk.environment.seeder.seed(COMPANY_ID, "paymentTerms", [{"code": "60 DAYS"}])
    assert (await desk.change(first, {"payment_terms": "60 DAYS"})).fields["payment_terms"] == "60 DAYS"


async def test_payment_terms_that_are_not_there_are_named_and_nothing_is_written(desk: Desk) -> None:
    state = await desk.customers.created(PERSON)
    with pytest.raises(Permanent, match="has no payment terms 99 DAYS"):
        await desk.change(state, {"payment_terms": "99 DAYS", "phone": "1"})
    assert await desk.customers.read(state.id) == state


async def test_a_custom_field_of_the_market_map_is_read_and_written(desk: Desk) -> None:
    rules = CustomFieldRules(customer={"homepage": "website", "liable": "taxLiable", "colour": "no such property"})
    market = desk.customers.back_end.market.model_copy(update={"custom_fields": rules})
    fields: Fields = {**PERSON, "custom.homepage": "https://example.com", "custom.liable": True}
    shaped = desk.connector.shape_customer(fields, market)
    assert isinstance(shaped, dict)
    state = await desk.connector.create_customer_of(market, shaped, None, TRACE)
    assert state.fields["custom.homepage"] == "https://example.com"
    assert state.fields["custom.liable"] is True
    assert "custom.colour" not in state.fields
    after = await desk.connector.change_customer(market, state, {"custom.homepage": None}, TRACE)
    assert after.fields["custom.homepage"] is None


async def test_a_person_is_made_a_person_and_has_neither_company_nor_contacts(desk: Desk) -> None:
    state = await desk.customers.created(PERSON)
    assert state.kind == "Person"
    assert state.fields.keys() & {"company", "contacts"} == set()


async def test_contacts_are_added_and_changed_but_never_deleted(desk: Desk) -> None:
    state = await desk.customers.created(COMPANY)
    wanted: list[JsonValue] = [
        {"email": "buyer@example.com", "first_name": "Example", "last_name": "Purchaser", "phone": "1"},
        {"email": "second@example.com", "first_name": "Second", "last_name": "Buyer"},
    ]
    after = await desk.change(state, {"contacts": wanted})
    assert after.fields["contacts"] == wanted
    assert after == await desk.customers.read(state.id)
    less = await desk.change(after, {"contacts": wanted[1:]})
    assert less.fields["contacts"] == wanted
    assert desk.contact("Example Purchaser")["phoneNumber"] == "1"


async def test_contacts_that_are_as_wanted_are_not_written(desk: Desk) -> None:
    state = await desk.customers.created(COMPANY)
    desk.environment.app.log.clear()
    assert await desk.change(state, {"contacts": COMPANY["contacts"]}) == state
    assert desk.written() == []


async def test_a_contact_that_somebody_else_changed_is_a_conflict(desk: Desk) -> None:
    state = await desk.customers.created(COMPANY)
    row = desk.contact("Example Buyer")
    desk.environment.rules["contacts"].modify(COMPANY_ID, row, {"phoneNumber": "by hand"})
    contacts: list[JsonValue] = [{"email": "buyer@example.com", "first_name": "Other", "last_name": "Buyer"}]
    with pytest.raises(Conflict):
        await desk.change(state, {"contacts": contacts})
    assert desk.contact("Example Buyer")["phoneNumber"] == "by hand"


async def test_a_company_without_a_contact_of_its_own_has_no_contacts_to_compare(desk: Desk) -> None:
    seeded = await desk.customers.read(stable_id(COMPANY_ID, "customers", "20000"))
    assert seeded.kind == "Company"
    assert "contacts" not in seeded.fields
    desk.environment.app.log.clear()
    await desk.change(seeded, {"contacts": COMPANY["contacts"], "phone": "1"})
    assert [method for method, _, _ in desk.written()] == ["PATCH"]


@pytest.mark.parametrize(("mode", "status"), [("status", 503), ("status", 400), ("status_after", 504)])
async def test_a_new_customer_whose_contacts_fail_may_be_there(desk: Desk, mode: str, status: int) -> None:
    desk.customers.back_end.fail(mode, status, method="POST", path="/contacts$")
    with pytest.raises(OutcomeUnknown, match="is there, but not all of it"):
        await desk.customers.created(COMPANY)
    (found,) = await desk.connector.find_customers(desk.customers.back_end.market, TRACE, vat_id="DE123456789")
    assert found.name == "Example Trading"


async def test_a_tax_id_is_found_in_either_case_and_never_by_its_beginning(desk: Desk) -> None:
    state = await desk.customers.created(COMPANY)
    market = desk.customers.back_end.market
    for vat_id in ("de123456789", "DE123456789"):
        assert [found.id for found in await desk.connector.find_customers(market, TRACE, vat_id=vat_id)] == [state.id]
    assert await desk.connector.find_customers(market, TRACE, vat_id="DE*") == []


async def test_a_filter_that_were_ignored_would_find_nobody(desk: Desk) -> None:
    state = await desk.customers.created(COMPANY)
    names = ("id", "number", "displayName", "taxRegistrationNumber")
    stored = [desk.row("customers", state.id), *desk.environment.seeder.rows("customers")]
    rows = [{name: row[name] for name in names} for row in stored]
    desk.customers.back_end.fail("patch", method="GET", path="/customers$", patch={"value": rows})
    found = await desk.connector.find_customers(desk.customers.back_end.market, TRACE, vat_id="DE000000000")
    assert found == []


async def pages(desk: Desk, cursor: str | None) -> list[Any]:
    feed = desk.customers.feed.changes("customers", desk.customers.back_end.market, cursor, TRACE)
    return [page async for page in feed]


async def test_a_row_that_is_stamped_earlier_but_seen_later_is_told(desk: Desk) -> None:
    desk.customers.age()
    await desk.customers.created(PERSON)
    _, cursor, _ = await desk.customers.changes_since(None)
    late = desk.clock.now - OVERLAP + timedelta(seconds=1)
    stamp = late.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    row = {"displayName": "Example Customer", "lastModifiedDateTime": stamp}
    (committed,) = desk.environment.seeder.seed(COMPANY_ID, "customers", [row])
    changes, _, _ = await desk.customers.changes_since(cursor)
    assert committed["id"] in {change.id for change in changes}


async def test_what_is_young_is_told_twice_with_the_same_version_and_what_is_old_once(desk: Desk) -> None:
    desk.customers.age()
    state = await desk.customers.created(PERSON)
    first, cursor, _ = await desk.customers.changes_since(None)
    again, cursor, _ = await desk.customers.changes_since(cursor)
    assert [change for change in first if change.id == state.id] == again
    desk.customers.age()
    settled, cursor, _ = await desk.customers.changes_since(cursor)
    assert settled == again
    assert (await desk.customers.changes_since(cursor))[0] == []


async def test_a_listing_that_breaks_off_at_a_page_goes_on_without_a_gap(desk: Desk) -> None:
    desk.customers.age()
    ids = desk.customers.many(PAGE_SIZE + 50)
    desk.customers.age()
    first, second = await pages(desk, None)
    told = {change.id for change in first.changes}
    assert not set(ids) <= told
    resumed, _, _ = await desk.customers.changes_since(first.cursor)
    assert set(ids) <= told | {change.id for change in resumed}
    assert second.cursor > first.cursor


async def test_a_cursor_never_goes_back_or_beyond_the_newest_row(desk: Desk) -> None:
    desk.customers.age()
    await desk.customers.created(PERSON)
    newest = desk.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    cursors = []
    cursor: str | None = None
    for _ in range(4):
        _, cursor, _ = await desk.customers.changes_since(cursor)
        cursors.append(cursor)
        desk.clock.advance(OVERLAP / 2)
    assert all(one <= other for one, other in itertools.pairwise(cursors))
    assert cursors[-1] == newest


async def test_a_cursor_that_lies_ahead_starts_anew(desk: Desk) -> None:
    state = await desk.customers.created(PERSON)
    changes, _, _ = await desk.customers.changes_since("2999-01-01T00:00:00.000Z")
    assert state.id in {change.id for change in changes}


async def test_the_next_page_is_read_while_the_caller_is_busy_with_this_one(desk: Desk) -> None:
    desk.customers.many(PAGE_SIZE * 2)
    feed = desk.connector.changes("customers", desk.customers.back_end.market, None, TRACE)
    first = await anext(feed)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert desk.reads() == 2
    rest = [page async for page in feed]
    assert desk.reads() == 3
    assert [len(page.changes) for page in (first, *rest)][:2] == [PAGE_SIZE, PAGE_SIZE]


async def test_a_caller_that_stops_leaves_nothing_running(desk: Desk) -> None:
    desk.customers.many(PAGE_SIZE * 2)
    feed = desk.connector.changes("customers", desk.customers.back_end.market, None, TRACE)
    assert isinstance(feed, AsyncGenerator)
    before = asyncio.all_tasks()
    await anext(feed)
    await feed.aclose()
    assert asyncio.all_tasks() == before


async def test_a_page_link_to_another_host_is_not_followed(desk: Desk) -> None:
    elsewhere = {"@odata.nextLink": "https://elsewhere.example.com/customers?$skiptoken=1"}
    desk.customers.back_end.fail("patch", method="GET", path="/customers$", patch=elsewhere)
    with pytest.raises(Permanent, match=r"points to https://elsewhere\.example\.com"):
        await pages(desk, None)


async def test_a_connector_keeps_subscriptions_of_what_flows_listen_to(desk: Desk) -> None:
    assert isinstance(desk.connector, KeepsSubscriptions)
    report = await desk.connector.ensure_subscriptions(COMPANY_ID, URL, "secret", TRACE)
    assert report == SubscriptionReport(created=("customers",))


async def test_subscriptions_are_created_once_and_then_kept(desk: Desk) -> None:
    assert await desk.ensure("customers", "salesOrders") == SubscriptionReport(created=("customers", "salesOrders"))
    assert await desk.ensure("customers", "salesOrders") == SubscriptionReport(kept=("customers", "salesOrders"))
    assert len(desk.subscriber.handshakes) == 2


async def test_subscriptions_are_renewed_before_they_expire(desk: Desk) -> None:
    await desk.ensure("customers")
    desk.clock.advance(timedelta(days=2))
    assert await desk.ensure("customers") == SubscriptionReport(renewed=("customers",))
    assert len(desk.subscriber.handshakes) == 2
    desk.clock.advance(timedelta(days=1))
    assert await desk.ensure("customers") == SubscriptionReport(kept=("customers",))


async def test_a_subscription_that_an_error_answer_deleted_is_created_anew(desk: Desk) -> None:
    await desk.ensure("customers")
    state = await desk.customers.created(PERSON)
    desk.subscriber.answers = [503, 400]
    webhooks = desk.environment.webhooks
    assert not await webhooks.deliver()
    assert await desk.ensure("customers") == SubscriptionReport(kept=("customers",))
    await webhooks.deliver()
    assert await desk.ensure("customers") == SubscriptionReport(created=("customers",))
    desk.customers.by_hand(state.id, {"phone": "1"})
    desk.subscriber.bodies.clear()
    await webhooks.deliver()
    (notice,) = desk.subscriber.notices
    assert notice["resource"].endswith(f"customers({state.id})")


async def test_a_handshake_that_fails_is_reported_and_the_others_go_on(desk: Desk) -> None:
    desk.subscriber.answers = [500, 200]
    report = await desk.ensure("customers", "salesOrders")
    assert report.created == ("salesOrders",)
    (failed,) = report.failed
    assert failed.resource == "customers"
    assert "answered with status 500" in failed.reason
    assert (await desk.ensure("customers", "salesOrders")).created == ("customers",)


async def test_what_is_no_longer_wanted_is_deleted_and_what_is_somebody_else_s_stays(desk: Desk) -> None:
    await desk.ensure("customers", url="http://127.0.0.1:9000/somebody-else")
    await desk.ensure("customers", "salesOrders")
    report = await desk.ensure("salesOrders")
    assert report == SubscriptionReport(kept=("salesOrders",), deleted=("customers",))
    urls = {row["notificationUrl"] for row in desk.environment.store.table("", "subscriptions").rows.values()}
    assert urls == {URL, "http://127.0.0.1:9000/somebody-else"}


async def test_a_new_key_in_the_address_or_a_new_secret_is_told_by_renewing(desk: Desk) -> None:
    await desk.ensure("customers")
    url = URL.replace("code=key", "code=another")
    assert await desk.ensure("customers", url=url) == SubscriptionReport(renewed=("customers",))
    assert await desk.ensure("customers", url=url, secret="other") == SubscriptionReport(renewed=("customers",))
    (row,) = desk.environment.store.table("", "subscriptions").rows.values()
    assert (row["notificationUrl"], row["clientState"]) == (url, "other")
