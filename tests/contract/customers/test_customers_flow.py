"""One customer on both sides, through the real connectors against their strict simulators."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Conflict
from shared.market_options.customers import CustomerSync
from shared.market_options.trade import Ownership
from shared.model.customer_fields import same
from shared.pipeline.outcome import Done, NeedsReview, NoChange
from tests.contract.connectors.customer_harness import PERSON
from tests.contract.customers.desk import SHOPPER, Desk


async def test_a_customer_of_the_shop_becomes_one_of_the_back_end_and_rests(desk: Desk) -> None:
    desk.put()
    outcome = await desk.done()
    assert "created in the back-end" in outcome.why
    state = await desk.in_back_end()
    assert same(state.fields["email"], "person@example.com")
    assert desk.customer["externalId"] == state.number
    await desk.at_rest()


async def test_without_an_order_nobody_is_created_unless_the_market_wants_it(desk: Desk) -> None:
    desk.sync = CustomerSync()
    desk.put()
    before = len(desk.writes)
    outcome = await desk.from_shop()
    assert isinstance(outcome, NoChange)
    assert "first order" in outcome.why
    assert len(desk.writes) == before


async def test_a_change_in_the_shop_arrives_once_in_the_back_end(desk: Desk) -> None:
    desk.put()
    await desk.done()
    desk.edit(email="renamed@example.com")
    await desk.done()
    assert (await desk.in_back_end()).fields["email"] == "renamed@example.com"
    await desk.at_rest()


async def test_a_change_in_the_back_end_arrives_once_in_the_shop_when_it_owns_the_field(desk: Desk) -> None:
    desk.owner = "dynamics"
    desk.put()
    await desk.done()
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550177"})
    outcome = await desk.from_back_end(await desk.number())
    assert isinstance(outcome, Done), outcome
    assert desk.customer["addresses"][0]["phone"] == "+49 30 5550177"
    assert desk.customer["addresses"][0]["streetNumber"] == "1"  # what the back-end does not know stays
    await desk.at_rest()


async def test_a_field_that_the_shop_owns_is_put_back_and_the_audit_shows_both_values(desk: Desk) -> None:
    desk.put()
    await desk.done()
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550177"})
    outcome = await desk.from_back_end(await desk.number())
    assert isinstance(outcome, Done), outcome
    assert (await desk.in_back_end()).fields["phone"] == "+49 30 5550100"
    (note,) = [note for note in desk.trail.notes if note.step == "put back"]
    assert note.before["phone"] == {"commercetools": "+49 30 5550100", "dynamics": "+49 30 5550177"}
    await desk.at_rest()


async def test_a_conflict_goes_to_the_owner_and_is_audited_with_both_values(desk: Desk) -> None:
    desk.put()
    await desk.done()
    desk.edit(addresses=[{**desk.customer["addresses"][0], "phone": "+49 30 5550111"}])
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550122"})
    await desk.done()
    assert (await desk.in_back_end()).fields["phone"] == "+49 30 5550111"
    (note,) = [note for note in desk.trail.notes if note.step == "conflict"]
    assert note.before["phone"] == {"commercetools": "+49 30 5550111", "dynamics": "+49 30 5550122"}
    await desk.at_rest()


async def test_a_conflict_that_a_person_must_decide_leaves_that_field_alone_and_writes_the_others(desk: Desk) -> None:
    desk.owner = "review"
    desk.put()
    await desk.done()
    desk.edit(addresses=[{**desk.customer["addresses"][0], "phone": "+49 30 5550111"}], email="renamed@example.com")
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550122"})
    question = await desk.question()
    assert question.kind == "customer_conflict"
    assert (question.commercetools["phone"], question.dynamics["phone"]) == ("+49 30 5550111", "+49 30 5550122")
    state = await desk.in_back_end()
    assert (state.fields["phone"], state.fields["email"]) == ("+49 30 5550122", "renamed@example.com")
    assert desk.customer["addresses"][0]["phone"] == "+49 30 5550111"
    # Somebody corrects one side: asked again, there is nothing left to decide.
    desk.edit(addresses=[{**desk.customer["addresses"][0], "phone": "+49 30 5550122"}])
    outcome = await desk.from_shop()
    assert not isinstance(outcome, NeedsReview), outcome
    await desk.at_rest()


async def test_one_customer_is_matched_by_its_number_before_anything_else(desk: Desk) -> None:
    existing = await desk.under_test.created({**PERSON, "email": "somebody.else@example.com"})
    desk.put(externalId=existing.number)
    await desk.done()
    assert await desk.number() == existing.id
    assert (await desk.in_back_end()).fields["email"] == "person@example.com"


async def test_two_customers_of_one_e_mail_in_the_back_end_are_a_question_that_shows_both(desk: Desk) -> None:
    first, second = [await desk.under_test.created(PERSON) for _ in range(2)]
    desk.put()
    question = await desk.question()
    assert set(question.dynamics) == {first.number, second.number}
    assert "--customer NUMBER" in question.hint


async def test_at_the_first_meeting_the_owner_wins_and_empty_fields_wipe_nothing_out(desk: Desk) -> None:
    existing = await desk.under_test.created({**PERSON, "phone": "+49 30 5550133"})
    desk.put(addresses=[], defaultBillingAddressId=None)
    desk.shop.documents["customers/customer-1"].pop("defaultBillingAddressId")
    await desk.from_shop()
    assert await desk.number() == existing.id
    assert (await desk.in_back_end()).fields["phone"] == "+49 30 5550133"
    await desk.at_rest()


async def test_a_customer_of_the_back_end_becomes_one_of_the_shop_and_rests(desk: Desk) -> None:
    desk.sync = CustomerSync(create_in_commercetools="always")
    made = await desk.under_test.created(PERSON)
    outcome = await desk.from_back_end(made.id)
    assert isinstance(outcome, Done), outcome
    (document,) = desk.shop.all_of("customers")
    assert (document["email"], document["externalId"]) == ("person@example.com", made.number)
    writes = len(desk.writes)
    assert isinstance(await desk.from_shop(key=document["id"]), NoChange)
    assert isinstance(await desk.from_back_end(made.id), NoChange)
    assert len(desk.writes) == writes


@pytest.mark.parametrize(("policy", "outcome"), [("never", NoChange), ("review", NeedsReview)])
async def test_a_customer_of_the_back_end_stays_there_unless_the_market_wants_it(
    desk: Desk, policy: Any, outcome: type
) -> None:
    desk.sync = CustomerSync(create_in_commercetools=policy)
    made = await desk.under_test.created(PERSON)
    assert isinstance(await desk.from_back_end(made.id), outcome)
    assert desk.shop.all_of("customers") == []


@pytest.mark.parametrize("identity", ["externalId", "customerNumber", "email"])
async def test_a_customer_of_the_back_end_is_recognised_in_the_shop(desk: Desk, identity: str) -> None:
    made = await desk.under_test.created(PERSON)
    value = "Person@Example.com" if identity == "email" else made.number
    desk.put(**{"email": "somebody.else@example.com", identity: value})
    outcome = await desk.from_back_end(made.id)
    assert isinstance(outcome, Done | NoChange), outcome
    assert await desk.number() == made.id
    await desk.at_rest()


async def test_an_e_mail_of_another_store_is_somebody_else(desk: Desk) -> None:
    desk.sync = CustomerSync(create_in_commercetools="never")
    desk.changes = {"stores": frozenset({"se-b2c"})}
    made = await desk.under_test.created(PERSON)
    desk.put(stores=[{"typeId": "store", "key": "de-b2b"}])
    outcome = await desk.from_back_end(made.id)
    assert isinstance(outcome, NoChange)
    assert await desk.state.id_map.by_dynamics_id(desk.market.name, "customer", made.id) is None
    desk.put(stores=[{"typeId": "store", "key": "se-b2c"}])
    await desk.from_back_end(made.id)
    assert await desk.number() == made.id


async def test_two_customers_of_the_shop_never_write_into_one_of_the_back_end(desk: Desk) -> None:
    existing = await desk.under_test.created(PERSON)
    desk.put(externalId=existing.number)
    await desk.from_shop()
    desk.shop.put(
        "customers", {**SHOPPER, "id": "customer-2", "email": "two@example.com", "externalId": existing.number}
    )
    outcome = await desk.from_shop(key="customer-2")
    assert isinstance(outcome, NeedsReview), outcome
    assert "belongs to another" in outcome.question.text
    assert (await desk.in_back_end()).fields["email"] == "person@example.com"


async def test_a_customer_that_was_deleted_in_the_back_end_is_a_question(desk: Desk) -> None:
    desk.put()
    await desk.done()
    desk.under_test.delete(await desk.number())
    question = await desk.question()
    assert question.kind == "customer"
    assert "was deleted in the back-end" in question.text


@pytest.mark.parametrize(("policy", "blocked"), [("keep", False), ("block", True)])
async def test_a_customer_that_was_deleted_in_the_shop_is_kept_or_blocked(
    desk: Desk, policy: Any, blocked: bool
) -> None:
    desk.sync = desk.sync.model_copy(update={"when_deleted": policy})
    desk.put()
    await desk.done()
    record = await desk.number()
    desk.shop.documents.pop("customers/customer-1")
    outcome = await desk.from_shop()
    assert isinstance(outcome, Done), outcome
    assert (await desk.under_test.read(record)).fields["blocked"] is blocked
    assert await desk.state.snapshots.get(desk.market.name, "customer", "customer-1") is None


async def test_a_shop_that_is_faster_is_read_and_merged_again(desk: Desk) -> None:
    desk.owner = "dynamics"
    desk.put()
    await desk.done()
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550177"})
    desk.shop.changed_by_others = 2
    await desk.done()
    assert desk.customer["addresses"][0]["phone"] == "+49 30 5550177"
    assert [note.step for note in desk.trail.notes].count("changed meanwhile") == 2
    await desk.at_rest()


async def test_a_storm_of_changes_in_the_shop_ends_as_a_conflict_after_three_rounds(desk: Desk) -> None:
    desk.owner = "dynamics"
    desk.put()
    await desk.done()
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550177"})
    desk.shop.changed_by_others = 50
    with pytest.raises(Conflict, match="3 times in a row"):
        await desk.from_shop()
    assert desk.shop.changed_by_others == 47


async def test_a_back_end_that_is_faster_is_read_and_merged_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put()
    await desk.done()
    desk.edit(email="renamed@example.com")
    sync, races = desk.under_test.sync, [1, 2]
    read = sync.read_customer

    async def read_and_lose_the_race(market: Any, customer_id: str, correlation_id: str) -> Any:
        state = await read(market, customer_id, correlation_id)
        if races:
            desk.under_test.by_hand(customer_id, {"phone": f"+49 30 555020{races.pop()}"})
        return state

    monkeypatch.setattr(sync, "read_customer", read_and_lose_the_race)
    await desk.done()
    assert [note.step for note in desk.trail.notes].count("changed meanwhile") == 2
    state = await desk.in_back_end()
    assert state.fields["email"] == "renamed@example.com"
    assert state.fields["phone"] == "+49 30 5550100"  # the shop owns it: put back
    await desk.at_rest()


async def test_a_shadow_market_shows_the_difference_and_writes_nothing(desk: Desk) -> None:
    desk.put()
    await desk.done()
    desk.edit(email="renamed@example.com")
    desk.changes = {"modes": {"customers": "shadow"}}
    before = len(desk.writes)
    outcome = await desk.from_shop()
    assert isinstance(outcome, Done)
    assert len(desk.writes) == before
    (note,) = [note for note in desk.trail.notes if note.step == "shadow"]
    assert note.after[desk.market.name]["to_dynamics"] == {"email": "renamed@example.com"}


async def test_single_fields_have_owners_of_their_own(desk: Desk) -> None:
    desk.changes = {
        "ownership": {
            "customer": Ownership.model_validate({"owner": "commercetools", "fields": {"phone": {"owner": "dynamics"}}})
        }
    }
    desk.put()
    await desk.done()
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550177"})
    desk.edit(email="renamed@example.com")
    await desk.done()
    assert desk.customer["addresses"][0]["phone"] == "+49 30 5550177"
    assert (await desk.in_back_end()).fields["email"] == "renamed@example.com"
    await desk.at_rest()


async def test_an_answer_that_was_lost_is_found_by_the_next_attempt(desk: Desk) -> None:
    desk.put()
    await desk.done()
    desk.edit(email="renamed@example.com")
    desk.under_test.back_end.fail("status_after", 504, method="PATCH|POST")
    with pytest.raises(Exception, match="504"):
        await desk.from_shop()
    await desk.from_shop()
    assert (await desk.in_back_end()).fields["email"] == "renamed@example.com"
    await desk.at_rest()


async def test_erasing_a_customer_takes_its_data_out_of_what_the_connector_remembers(desk: Desk) -> None:
    desk.owner = "review"
    desk.put()
    await desk.done()
    desk.edit(addresses=[{**desk.customer["addresses"][0], "phone": "+49 30 5550111"}])
    desk.under_test.by_hand(await desk.number(), {"phone": "+49 30 5550122"})
    await desk.state.review.ask(await desk.question(), None)
    desk.shop.documents.pop("customers/customer-1")
    outcome = await desk.from_shop(erasure=True)
    assert isinstance(outcome, Done), outcome
    assert "personal data erased" in outcome.why
    (item,) = [item async for item in desk.state.review.list_items()]
    assert "5550111" not in str(item)
    assert await desk.state.snapshots.get(desk.market.name, "customer", "customer-1") is None


@pytest.mark.parametrize("mode", ["shadow", "off"])
async def test_erasing_reaches_what_a_market_remembers_in_which_nothing_is_written_any_more(
    desk: Desk, mode: str
) -> None:
    desk.put()
    await desk.done()
    assert await desk.state.snapshots.get(desk.market.name, "customer", "customer-1") is not None
    desk.changes = {"modes": {"customers": mode}}
    desk.shop.documents.pop("customers/customer-1")
    writes = len(desk.writes)
    outcome = await desk.from_shop(erasure=True)
    assert isinstance(outcome, Done), outcome
    assert len(desk.writes) == writes
    assert await desk.state.snapshots.get(desk.market.name, "customer", "customer-1") is None
    assert [note.step for note in desk.trail.notes][-1] == "personal data erased"
