"""Keeping customers in step: what every connector does in the same way, each against its simulator in this process."""

from __future__ import annotations

import pytest

from shared.errors import Conflict, NotFound, OutcomeUnknown
from shared.model.customer_fields import Fields, RecordChange, same
from tests.contract.connectors.customer_harness import COMPANY, OTHER, PERSON, CustomersUnderTest
from tests.contract.connectors.harness import TRACE

MORE_THAN_A_PAGE = 230


def by_id(changes: list[RecordChange]) -> dict[str, str]:
    return {change.id: change.version for change in changes if not change.deleted}


@pytest.mark.parametrize("fields", [COMPANY, PERSON], ids=["company", "person"])
async def test_shaping_what_is_shaped_changes_nothing(customers: CustomersUnderTest, fields: Fields) -> None:
    once = customers.shaped(fields)
    again = customers.shaped({**fields, **once})
    assert all(same(again[name], once[name]) for name in once)
    assert again.keys() == once.keys()


async def test_every_field_that_the_back_end_should_hold_is_held(customers: CustomersUnderTest) -> None:
    assert customers.holds <= customers.shaped(COMPANY).keys() | customers.shaped(PERSON).keys()


@pytest.mark.parametrize("fields", [COMPANY, PERSON], ids=["company", "person"])
async def test_a_created_customer_is_read_back_as_it_was_shaped(customers: CustomersUnderTest, fields: Fields) -> None:
    shaped = customers.shaped(fields)
    created = await customers.created(fields)
    found = await customers.read(created.id)
    assert found.number
    assert {name: found.fields[name] for name in shaped if not same(found.fields[name], shaped[name])} == {}
    assert found == created


async def test_only_the_fields_that_change_are_written(customers: CustomersUnderTest) -> None:
    before = await customers.created()
    changes = customers.shaped({**COMPANY, "phone": "+49 30 5550199"})
    after = await customers.sync.change_customer(customers.back_end.market, before, {"phone": changes["phone"]}, TRACE)
    assert same(after.fields["phone"], changes["phone"])
    assert {name for name in before.fields if not same(before.fields[name], after.fields[name])} == {"phone"}
    assert after == await customers.read(before.id)


async def test_every_field_can_be_changed(customers: CustomersUnderTest) -> None:
    market = customers.back_end.market
    other = customers.shaped(
        {
            **COMPANY,
            "name": "Other Trading",
            "company": "Other Trading",
            "email": "other@example.com",
            "phone": "+49 40 5550101",
            "vat_id": "DE987654321",
            "billing_address": {**OTHER, "company": "Other Trading"},
            "shipping_address": {**OTHER, "street": "Quay 9"},
            "addresses": [{**OTHER, "street": "Lane 2"}, {**OTHER, "street": "Lane 4"}],
        }
    )
    state = await customers.created()
    for name in sorted(other):
        if not same(other[name], state.fields[name]):
            state = await customers.sync.change_customer(market, state, {name: other[name]}, TRACE)
    found = await customers.read(state.id)
    assert {name: found.fields[name] for name in other if not same(found.fields[name], other[name])} == {}


async def test_a_field_can_be_emptied(customers: CustomersUnderTest) -> None:
    state = await customers.created()
    after = await customers.sync.change_customer(customers.back_end.market, state, {"phone": None}, TRACE)
    assert not after.fields["phone"]


async def test_a_customer_that_somebody_else_changed_is_a_conflict_and_nothing_is_written(
    customers: CustomersUnderTest,
) -> None:
    before = await customers.created()
    customers.by_hand(before.id, {"phone": "+49 30 5550177"})
    with pytest.raises(Conflict):
        await customers.sync.change_customer(customers.back_end.market, before, {"email": "late@example.com"}, TRACE)
    found = await customers.read(before.id)
    assert found.fields["phone"] == "+49 30 5550177"
    assert found.fields["email"] == before.fields["email"]


async def test_a_customer_that_is_not_there_is_not_found(customers: CustomersUnderTest) -> None:
    state = await customers.created()
    customers.delete(state.id)
    with pytest.raises(NotFound):
        await customers.read(state.id)


async def test_what_was_blocked_by_hand_reads_as_blocked(customers: CustomersUnderTest) -> None:
    state = await customers.created()
    assert state.fields["blocked"] is False
    customers.by_hand(state.id, {"blocked": True})
    assert (await customers.read(state.id)).fields["blocked"] is True


async def test_a_customer_is_found_by_its_exact_tax_id(customers: CustomersUnderTest) -> None:
    if "vat_id" not in customers.shaped(COMPANY):
        pytest.fail("every back-end holds a tax id, as an option if need be: set the market up for it")
    state = await customers.created()
    market, connector = customers.back_end.market, customers.back_end.connector
    assert [found.id for found in await connector.find_customers(market, TRACE, vat_id="DE123456789")] == [state.id]
    assert await connector.find_customers(market, TRACE, vat_id="DE12345678") == []


async def test_a_change_whose_answer_was_lost_is_an_unknown_outcome(customers: CustomersUnderTest) -> None:
    state = await customers.created()
    customers.back_end.fail("status_after", 504, method="PATCH|POST")
    with pytest.raises(OutcomeUnknown):
        await customers.sync.change_customer(customers.back_end.market, state, {"phone": "+49 30 5550155"}, TRACE)
    assert (await customers.read(state.id)).fields["phone"] == "+49 30 5550155"


async def test_changes_list_what_is_new_and_later_only_what_changed(customers: CustomersUnderTest) -> None:
    first, second = await customers.created(COMPANY), await customers.created(PERSON)
    customers.age()
    before, cursor, whole = await customers.changes_since(None)
    assert {first.id, second.id} <= by_id(before).keys()
    customers.age()
    customers.by_hand(first.id, {"phone": "+49 30 5550111"})
    customers.age()
    after, _, _ = await customers.changes_since(cursor)
    old, new = by_id(before), by_id(after)
    assert new[first.id] != old[first.id]
    # Where the back-end lists everything each time, or some of it twice, versions tell what did not change.
    assert new.get(second.id, old[second.id]) == old[second.id]
    if not whole:
        assert second.id not in new


async def test_paging_neither_skips_nor_invents(customers: CustomersUnderTest) -> None:
    ids = customers.many(MORE_THAN_A_PAGE)
    changes, _, _ = await customers.changes_since(None)
    assert set(ids) <= by_id(changes).keys()


async def test_a_deleted_customer_is_told_or_missing_from_the_whole_list(customers: CustomersUnderTest) -> None:
    state = await customers.created()
    customers.age()
    _, cursor, whole = await customers.changes_since(None)
    customers.delete(state.id)
    changes, _, _ = await customers.changes_since(cursor)
    assert state.id not in by_id(changes)
    if not whole and customers.other_values.get("tells_deletions"):
        assert [change.id for change in changes if change.deleted] == [state.id]


async def test_a_cursor_that_means_nothing_any_more_starts_anew(customers: CustomersUnderTest) -> None:
    state = await customers.created()
    customers.age()
    changes, _, _ = await customers.changes_since("a cursor that has lapsed")
    assert state.id in by_id(changes)
