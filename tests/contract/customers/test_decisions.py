"""A person decides whose values count: the next run carries them over, whoever owns the field."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import NotFound
from shared.flows.customer_decisions import Decider, Taken
from shared.market_options.trade import Ownership
from shared.model.customer_fields import Fields
from shared.pipeline.outcome import Done
from shared.state.records import Question
from tests.contract.connectors.harness import TRACE
from tests.contract.customers.desk import Desk

PHONES = {"commercetools": "+49 30 5550111", "dynamics": "+49 30 5550122"}
RULES = [
    {"owner": "review"},
    {"owner": "commercetools", "conflict": "review"},
    {"owner": "dynamics", "conflict": "review"},
]


async def asked(desk: Desk, rule: dict[str, str]) -> Question:
    """Both sides have changed the phone number, and a person is asked."""
    ownership = Ownership.model_validate({"owner": "commercetools", "fields": {"phone": rule}})
    desk.changes = {"ownership": {"customer": ownership}}
    desk.put()
    await desk.done()
    await both_change(desk)
    return await desk.question()


async def both_change(desk: Desk, **phones: str) -> None:
    phones = {**PHONES, **phones}
    desk.edit(addresses=[{**desk.customer["addresses"][0], "phone": phones["commercetools"]}])
    desk.under_test.by_hand(await desk.number(), {"phone": phones["dynamics"]})


async def take(desk: Desk, question: Question, side: Taken) -> Any:
    decider = Decider(desk.flow.loader, desk.state.snapshots)
    return await decider.take(question, desk.market, side, desk.now, TRACE)


async def phones(desk: Desk) -> set[object]:
    return {desk.customer["addresses"][0]["phone"], (await desk.in_back_end()).fields["phone"]}


@pytest.mark.parametrize("side", ["commercetools", "dynamics"])
@pytest.mark.parametrize("rule", RULES)
async def test_the_side_that_was_taken_wins_and_then_nothing_moves(
    desk: Desk, rule: dict[str, str], side: Taken
) -> None:
    question = await asked(desk, rule)
    assert await take(desk, question, side) == ["phone"]
    assert await phones(desk) == set(PHONES.values())  # deciding alone writes nothing
    assert isinstance(await desk.from_shop(), Done)
    assert await phones(desk) == {PHONES[side]}
    await desk.at_rest()


@pytest.mark.parametrize("rule", RULES)
async def test_a_decision_holds_for_that_change_and_no_later_one(desk: Desk, rule: dict[str, str]) -> None:
    await take(desk, await asked(desk, rule), "dynamics")
    await desk.from_shop()
    await both_change(desk, commercetools="+49 30 5550133", dynamics="+49 30 5550144")
    assert (await desk.question()).kind == "customer_conflict"


async def test_a_side_that_moved_on_after_the_decision_is_asked_about_again(desk: Desk) -> None:
    await take(desk, await asked(desk, RULES[0]), "dynamics")
    desk.edit(addresses=[{**desk.customer["addresses"][0], "phone": "+49 30 5550133"}])
    assert (await desk.question()).commercetools["phone"] == "+49 30 5550133"


async def test_where_nothing_differs_any_more_there_is_nothing_to_decide(desk: Desk) -> None:
    question = await asked(desk, RULES[0])
    desk.under_test.by_hand(await desk.number(), {"phone": PHONES["commercetools"]})
    assert await take(desk, question, "dynamics") == []
    await desk.at_rest()


async def test_two_that_meet_for_the_first_time_are_decided_with_all_their_fields(desk: Desk) -> None:
    desk.owner = "review"
    made = await desk.under_test.created({**BERLIN, "email": "person@example.com"})
    desk.put()
    question = await desk.question()
    names = set(question.commercetools)
    assert names == set(await take(desk, question, "dynamics"))
    await desk.from_shop()
    state = await desk.under_test.read(made.id)
    assert state.fields["phone"] == "+49 30 5550199"
    assert desk.customer["addresses"][0]["phone"] == "+49 30 5550199"
    await desk.at_rest()


BERLIN: Fields = {
    "name": "Example Customer",
    "first_name": "Example",
    "last_name": "Customer",
    "company": None,
    "phone": "+49 30 5550199",
    "billing_address": {"street": "Other Street 9", "postal_code": "10117", "city": "Berlin", "country": "DE"},
}


async def test_a_customer_that_was_deleted_meanwhile_cannot_be_decided_on(desk: Desk) -> None:
    question = await asked(desk, RULES[0])
    desk.shop.documents.pop("customers/customer-1")
    with pytest.raises(NotFound, match="deleted in commercetools"):
        await take(desk, question, "dynamics")
