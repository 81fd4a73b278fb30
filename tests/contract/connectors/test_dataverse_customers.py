"""What only Dataverse does with customers, against its simulator in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from local.dynamics.dataverse.environment import Environment, create_environment
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.dataverse_feed import PAGE, position_of
from shared.errors import Conflict, NotFound, Permanent
from shared.mapping.dataverse.notifications import Noticed
from shared.model.customer_fields import ChangePage, CustomerState, Fields, RecordChange
from tests.contract.connectors.customer_harness import COMPANY, OTHER, PERSON, SHIPPING, CustomersUnderTest
from tests.contract.connectors.dataverse_customers import ByHand, customers, customers_with
from tests.contract.connectors.dataverse_harness import PLENTY
from tests.contract.connectors.harness import TOKEN_KEY, TRACE

BUYER: Fields = {"email": "buyer@example.com", "first_name": "Example", "last_name": "Buyer"}
NO_ID = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture
async def under_test() -> AsyncIterator[CustomersUnderTest]:
    under_test = customers()
    async with under_test.back_end.http:
        yield under_test


def environment_of(under_test: CustomersUnderTest) -> Environment:
    environment = under_test.back_end.notes["environment"]
    assert isinstance(environment, Environment)
    return environment


def hand_of(under_test: CustomersUnderTest) -> ByHand:
    return ByHand(environment_of(under_test))


def rows_of(under_test: CustomersUnderTest, entity_set: str, **wanted: object) -> list[dict[str, Any]]:
    rows = under_test.back_end.rows(entity_set)
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def key_of(state: CustomerState) -> str:
    return state.id.partition("(")[2].removesuffix(")")


async def changed(under_test: CustomersUnderTest, state: CustomerState, **changes: Any) -> CustomerState:
    return await under_test.sync.change_customer(under_test.back_end.market, state, changes, TRACE)


async def pages(under_test: CustomersUnderTest, cursor: str | None) -> list[ChangePage]:
    return [page async for page in under_test.feed.changes("customers", under_test.back_end.market, cursor, TRACE)]


async def test_a_customer_is_written_and_read_in_one_request(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    under_test.back_end.app.log.clear()
    await changed(under_test, state, phone="+49 30 1", addresses=[dict(OTHER), dict(SHIPPING)])
    assert [(entry["method"], entry["path"]) for entry in under_test.back_end.app.log] == [
        ("POST", "/api/data/v9.2/$batch")
    ]


async def test_a_company_is_an_account_and_a_person_a_contact(under_test: CustomersUnderTest) -> None:
    company, person = await under_test.created(COMPANY), await under_test.created(PERSON)
    assert (company.kind, person.kind) == ("account", "contact")
    assert (company.id[:9], person.id[:9]) == ("accounts(", "contacts(")
    assert "contacts" not in person.fields
    assert {"name", "vat_id"}.isdisjoint(person.fields)


async def test_persons_are_accounts_where_the_market_map_says_so() -> None:
    under_test = customers_with(persons="account")
    async with under_test.back_end.http:
        state = await under_test.created(PERSON)
    assert (state.kind, state.fields["name"]) == ("account", "Example Customer")


async def test_a_removed_contact_stays_a_person_of_the_company(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    after = await changed(under_test, state, contacts=[])
    assert after.fields["contacts"] == [BUYER]
    assert after.etag != state.etag


async def test_a_contact_is_rewritten_when_its_e_mail_is_known_else_added(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    wanted = [{**BUYER, "last_name": "Purchaser"}, {"first_name": "Second", "email": "second@example.com"}]
    await changed(under_test, state, contacts=wanted)
    people = rows_of(under_test, "contacts", _parentcustomerid_value=key_of(state))
    assert sorted((row["emailaddress1"], row["lastname"]) for row in people) == [
        ("buyer@example.com", "Purchaser"),
        ("second@example.com", None),
    ]


async def test_somebody_who_has_left_is_no_contact(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    (person,) = rows_of(under_test, "contacts", _parentcustomerid_value=key_of(state))
    hand_of(under_test).write(f"contacts({person['contactid']})", {"statecode": 1, "statuscode": 2})
    assert (await under_test.read(state.id)).fields["contacts"] == []


async def test_an_address_that_somebody_changed_is_a_conflict(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    (address,) = rows_of(under_test, "customeraddresses", line1=OTHER["street"])
    hand_of(under_test).write(f"customeraddresses({address['customeraddressid']})", {"city": "Bonn"})
    with pytest.raises(Conflict):
        await changed(under_test, state, phone="+49 30 1", addresses=[dict(SHIPPING)])
    assert (await under_test.read(state.id)).fields["phone"] == COMPANY["phone"]


async def test_an_address_that_somebody_removed_is_a_conflict(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    (address,) = rows_of(under_test, "customeraddresses", line1=OTHER["street"])
    hand_of(under_test).delete(f"customeraddresses({address['customeraddressid']})")
    with pytest.raises(Conflict, match="read it again"):
        await changed(under_test, state, addresses=[])


async def test_adding_an_address_to_a_record_that_somebody_changed_is_a_conflict(
    under_test: CustomersUnderTest,
) -> None:
    state = await under_test.created()
    under_test.by_hand(state.id, {"phone": "+49 30 2"})
    with pytest.raises(Conflict):
        await changed(under_test, state, addresses=[dict(OTHER), dict(SHIPPING)])
    assert len((await under_test.read(state.id)).fields["addresses"]) == 1  # type: ignore[arg-type]  # a list


async def test_without_further_addresses_they_are_left_alone() -> None:
    under_test = customers_with(more_addresses=False)
    async with under_test.back_end.http:
        state = await under_test.created()
    assert "addresses" not in state.fields
    assert rows_of(under_test, "customeraddresses", line1=OTHER["street"]) == []


async def test_blocking_holds_the_credit_and_unblocking_activates(under_test: CustomersUnderTest) -> None:
    state = await changed(under_test, await under_test.created(), blocked=True)
    (row,) = rows_of(under_test, "accounts", accountid=key_of(state))
    assert (row["creditonhold"], row["statecode"], state.fields["blocked"]) == (True, 0, True)
    under_test.by_hand(state.id, {"blocked": True})
    freed = await changed(under_test, await under_test.read(state.id), blocked=False)
    (row,) = rows_of(under_test, "accounts", accountid=key_of(state))
    assert (row["creditonhold"], row["statecode"], freed.fields["blocked"]) == (False, 0, False)


async def test_terms_limits_and_own_fields_are_written(under_test: CustomersUnderTest) -> None:
    values = {"payment_terms": "1", "credit_limit": "2500.50", "custom.faxNumber": "+49 30 9"}
    state = await changed(under_test, await under_test.created(), **values)
    (row,) = rows_of(under_test, "accounts", accountid=key_of(state))
    assert (row["paymenttermscode"], str(row["creditlimit"]), row["fax"]) == (1, "2500.5", "+49 30 9")
    assert {name: state.fields[name] for name in values} == values


async def test_the_group_is_the_price_list_that_stands_for_it(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    (price_list,) = rows_of(under_test, "pricelevels", name="Web EUR")
    (row,) = rows_of(under_test, "accounts", accountid=key_of(state))
    assert row["_defaultpricelevelid_value"] == price_list["pricelevelid"]
    none = await changed(under_test, state, customer_group=None)
    assert none.fields["customer_group"] is None


async def test_a_price_list_that_no_group_stands_for_is_left_alone(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    (other,) = rows_of(under_test, "pricelevels", name="Web JPY")
    hand_of(under_test).write(state.id, {"_defaultpricelevelid_value": other["pricelevelid"]})
    assert "customer_group" not in (await under_test.read(state.id)).fields
    assert "customer_group" not in under_test.shaped({**COMPANY, "customer_group": "unknown"})


async def test_a_number_that_is_wished_for_is_kept_where_it_fits(under_test: CustomersUnderTest) -> None:
    market, shaped = under_test.back_end.market, under_test.shaped(COMPANY)
    kept = await under_test.sync.create_customer_of(market, shaped, "C-1", TRACE)
    other = await under_test.sync.create_customer_of(market, shaped, "C" * 21, TRACE)
    assert (kept.number, other.number) == ("C-1", key_of(other))


@pytest.mark.parametrize("customer_id", ["", "10000", f"leads({NO_ID})", f"accounts({NO_ID})", "contacts(1)"])
async def test_what_is_no_id_of_a_customer_is_not_found(under_test: CustomersUnderTest, customer_id: str) -> None:
    with pytest.raises(NotFound):
        await under_test.read(customer_id)


async def test_a_market_without_a_column_for_it_finds_nobody_by_tax_id() -> None:
    under_test = customers_with(account_vat_id=None)
    async with under_test.back_end.http:
        await under_test.created()
        market = under_test.back_end.market
        assert await under_test.back_end.connector.find_customers(market, TRACE, vat_id="DE123456789") == []


async def test_a_deleted_customer_is_told(under_test: CustomersUnderTest) -> None:
    state = await under_test.created(PERSON)
    _, cursor, _ = await under_test.changes_since(None)
    under_test.delete(state.id)
    changes, _, whole = await under_test.changes_since(cursor)
    assert (changes, whole) == ([RecordChange(state.id, "deleted", deleted=True)], False)


async def test_an_account_changes_with_its_contacts(under_test: CustomersUnderTest) -> None:
    state = await under_test.created()
    before, cursor, _ = await under_test.changes_since(None)
    (person,) = rows_of(under_test, "contacts", _parentcustomerid_value=key_of(state))
    hand_of(under_test).write(f"contacts({person['contactid']})", {"telephone1": "+49 30 3"})
    after, _, _ = await under_test.changes_since(cursor)
    assert {change.id for change in after} == {state.id, f"contacts({person['contactid']})"}
    versions = {change.id: int(change.version) for change in before}
    assert all(int(change.version) > versions[change.id] for change in after)
    whole, _, _ = await under_test.changes_since(None)
    assert {change.id: change.version for change in whole}.items() >= {(one.id, one.version) for one in after}


async def test_nothing_new_is_an_empty_page_with_a_cursor(under_test: CustomersUnderTest) -> None:
    _, cursor, _ = await under_test.changes_since(None)
    found = await pages(under_test, cursor)
    assert [page.changes for page in found] == [[], []]
    assert position_of(found[-1].cursor) is not None


async def test_a_full_listing_is_ordered_and_goes_on_where_it_was_left(under_test: CustomersUnderTest) -> None:
    ids = under_test.many(PAGE + 20)
    found = await pages(under_test, None)
    listed = [change.id for page in found for change in page.changes]
    assert listed == sorted(listed)
    assert all(page.whole for page in found)
    rest = await pages(under_test, found[0].cursor)
    assert [change.id for page in rest for change in page.changes] == listed[PAGE:]
    assert set(ids) <= set(listed)


async def test_what_changes_while_a_full_listing_is_interrupted_comes_later(under_test: CustomersUnderTest) -> None:
    under_test.many(PAGE + 20)
    first = (await pages(under_test, None))[0]
    early = first.changes[0].id
    under_test.by_hand(early, {"phone": "+49 30 4"})
    rest = await pages(under_test, first.cursor)
    assert early not in [change.id for page in rest for change in page.changes]
    later, _, _ = await under_test.changes_since(rest[-1].cursor)
    assert early in [change.id for change in later]


async def test_a_cursor_of_more_than_seven_days_starts_anew(under_test: CustomersUnderTest) -> None:
    state = await under_test.created(PERSON)
    _, cursor, _ = await under_test.changes_since(None)
    environment_of(under_test).settings.age_days = 8
    changes, new, whole = await under_test.changes_since(cursor)
    assert whole
    assert state.id in {change.id for change in changes}
    changes, _, whole = await under_test.changes_since(new)
    assert (changes, whole) == ([], False)


async def test_a_table_that_is_not_tracked_says_what_to_do() -> None:
    under_test = customers_with(create_environment(TOKEN_KEY, limits=PLENTY))
    environment_of(under_test).catalogue.tables["contacts"].tracked = False
    async with under_test.back_end.http:
        with pytest.raises(Permanent, match=r"ctd365 setup dataverse.*organisation level"):
            await under_test.changes_since(None)


async def test_a_caller_that_may_not_read_everything_is_told_so(under_test: CustomersUnderTest) -> None:
    under_test.back_end.fail("status", 403, method="GET", path="/contacts$")
    with pytest.raises(Permanent, match="organisation level"):
        await under_test.changes_since(None)


async def test_a_link_to_another_host_is_never_followed(under_test: CustomersUnderTest) -> None:
    link = "https://elsewhere.example.com/api/data/v9.2/contacts?$deltatoken=1"
    under_test.back_end.fail("patch", method="GET", path="/contacts$", patch={"@odata.deltaLink": link})
    _, cursor, _ = await under_test.changes_since(None)
    assert "elsewhere" not in cursor


@pytest.mark.parametrize(
    ("table", "column", "sets"),
    [
        ("contacts", "contactid", ["contacts", "accounts"]),
        ("customeraddresses", "customeraddressid", ["accounts", "contacts"]),
    ],
)
async def test_a_notice_leads_to_the_customers_behind_it(
    under_test: CustomersUnderTest, table: Any, column: str, sets: list[str]
) -> None:
    state = await under_test.created()
    parents: Mapping[str, dict[str, object]] = {
        "contacts": {"_parentcustomerid_value": key_of(state)},
        "customeraddresses": {"_parentid_value": key_of(state), "line1": OTHER["street"]},
    }
    (row,) = rows_of(under_test, table, **parents[table])
    own = {"contacts": f"contacts({row[column]})"} if table == "contacts" else {}
    expected = [own.get(entity_set, f"{entity_set}({key_of(state)})") for entity_set in sets]
    assert await behind(under_test, Noticed(table, row[column], "Update", "example")) == expected


async def test_a_notice_of_an_account_needs_no_reading(under_test: CustomersUnderTest) -> None:
    under_test.back_end.app.log.clear()
    assert await behind(under_test, Noticed("accounts", NO_ID, "Update", "example")) == [f"accounts({NO_ID})"]
    assert await behind(under_test, Noticed("accounts", None, "UpdateMultiple", "example")) == []
    assert not under_test.back_end.app.log


async def test_a_notice_of_something_that_is_gone_leaves_the_rest_to_the_pull(under_test: CustomersUnderTest) -> None:
    assert await behind(under_test, Noticed("contacts", NO_ID, "Delete", "example")) == [f"contacts({NO_ID})"]
    assert await behind(under_test, Noticed("customeraddresses", NO_ID, "Delete", "example")) == []


async def behind(under_test: CustomersUnderTest, noticed: Noticed) -> list[str]:
    connector = under_test.back_end.connector
    assert isinstance(connector, Dataverse)
    return await connector.feed.behind(noticed, TRACE)
