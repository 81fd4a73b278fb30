"""Whose order is it: the precedence of id map, number and e-mail, and what happens when none of them decides."""

from __future__ import annotations

from typing import Any

import pytest

from shared.flows.matching import Match, id_map_entity, match_customer
from shared.markets import CustomerRules
from shared.model.address import Address
from shared.model.back_end import CustomerDraft, CustomerRecord, Party
from shared.pipeline.flow import Trail
from shared.state.memory import MemoryState
from shared.state.records import IdPair, Question
from tests.fakes.connector import FakeConnector, customer
from tests.fakes.markets import market

EMAIL = "customer@example.com"


def party(**changes: Any) -> Party:
    given = {"key": "customer-1", "guest": False, "name": "Example Customer", "email": EMAIL, **changes}
    return Party(**given)


async def matched(
    who: Party,
    *customers: CustomerRecord,
    pair: IdPair | None = None,
    vat_ids: dict[str, str] | None = None,
    **rules: Any,
) -> tuple[Match, FakeConnector, Trail]:
    connector = FakeConnector(customers=list(customers), vat_ids=vat_ids or {})
    state, trail = MemoryState(), Trail()
    if pair is not None:
        await state.id_map.put(pair)
    row = market(customers=CustomerRules(**rules))
    return await match_customer(who, row, connector, state.id_map, trail, "correlation"), connector, trail


PAIR = IdPair("se", "customer", "customer-1", "id-10", "10")


@pytest.mark.parametrize(
    ("pair", "number", "expected"),
    [(PAIR, "20", "10"), (None, "20", "20"), (None, None, "30")],
    ids=["the id map comes first", "then the number", "then the e-mail"],
)
async def test_the_first_of_id_map_number_and_e_mail_decides(
    pair: IdPair | None, number: str | None, expected: str
) -> None:
    match, _, trail = await matched(
        party(number=number), customer("10"), customer("20"), customer("30", EMAIL), pair=pair
    )
    assert isinstance(match, CustomerRecord)
    assert match.number == expected
    assert expected in trail.notes[0].why


async def test_a_match_by_the_id_map_asks_nobody() -> None:
    _, connector, _ = await matched(party(number="20"), customer("20"), pair=PAIR)
    assert connector.calls == []


async def test_a_new_match_is_to_be_remembered_under_the_commercetools_id() -> None:
    match, _, _ = await matched(party(), customer("30", EMAIL))
    assert isinstance(match, CustomerRecord)
    assert match.remember_as == "customer-1"


async def test_a_guest_is_known_by_e_mail_alone_and_never_remembered() -> None:
    match, _, _ = await matched(party(key=f"guest:{EMAIL}", guest=True), customer("30", EMAIL))
    assert isinstance(match, CustomerRecord)
    assert (match.number, match.remember_as) == ("30", "")


async def test_a_number_that_nobody_has_falls_through_to_the_e_mail() -> None:
    match, _, _ = await matched(party(number="99"), customer("30", EMAIL))
    assert isinstance(match, CustomerRecord)
    assert match.number == "30"


@pytest.mark.parametrize("spelling", ["Customer@Example.COM", " customer@example.com "])
async def test_e_mail_addresses_are_equal_without_regard_to_case_and_blanks(spelling: str) -> None:
    match, _, _ = await matched(party(email=spelling.strip()), customer("30", spelling.strip().upper()))
    assert isinstance(match, CustomerRecord)
    assert match.number == "30"


async def test_an_e_mail_that_the_back_end_only_finds_similar_is_no_match() -> None:
    class Lenient(FakeConnector):
        async def find_customers(self, *_args: Any, **_wanted: Any) -> list[CustomerRecord]:
            return self.customers

    connector = Lenient(customers=[customer("30", "other.customer@example.com")])
    match = await match_customer(party(), market(), connector, MemoryState().id_map, Trail(), "correlation")
    assert isinstance(match, CustomerDraft)


async def test_two_customers_of_one_e_mail_are_a_question_that_shows_both() -> None:
    match, connector, _ = await matched(party(), customer("30", EMAIL), customer("31", EMAIL))
    assert isinstance(match, Question)
    assert (match.kind, match.key) == ("customer", "customer-1")
    assert "30, 31" in match.text
    assert set(match.dynamics) == {"30", "31"}
    assert "--customer NUMBER" in match.hint
    assert "create_customer" not in connector.calls


async def test_a_blocked_customer_is_a_question() -> None:
    match, _, _ = await matched(party(), customer("30", EMAIL, blocked=True))
    assert isinstance(match, Question)
    assert (match.kind, match.key) == ("customer_blocked", "30")


async def test_e_mails_are_not_looked_at_where_the_market_says_so() -> None:
    match, connector, _ = await matched(party(), customer("30", EMAIL), match_email=False)
    assert isinstance(match, CustomerDraft)
    assert connector.calls == []


async def test_an_unknown_customer_is_drafted_under_its_name() -> None:
    match, connector, _ = await matched(party())
    assert isinstance(match, CustomerDraft)
    assert match.payload == {"type": "Person", "displayName": "Example Customer", "email": EMAIL}
    assert connector.calls == ["find_customers"]


@pytest.mark.parametrize(("guest", "rules"), [(False, {"unknown": "review"}), (True, {"guest": "review"})])
async def test_where_nobody_may_be_created_an_unknown_customer_is_a_question(
    guest: bool, rules: dict[str, Any]
) -> None:
    match, _, _ = await matched(party(guest=guest), **rules)
    assert isinstance(match, Question)
    assert match.kind == "customer"


@pytest.mark.parametrize(("guest", "rules"), [(False, {"guest": "review"}), (True, {"unknown": "review"})])
async def test_the_rule_for_guests_is_not_the_rule_for_customers(guest: bool, rules: dict[str, Any]) -> None:
    match, _, _ = await matched(party(guest=guest), **rules)
    assert isinstance(match, CustomerDraft)


async def test_guests_buy_as_the_guest_account_where_there_is_one() -> None:
    match, _, _ = await matched(
        party(guest=True), customer("30", EMAIL), customer("GUEST"), guest="account", guest_account="GUEST"
    )
    assert isinstance(match, CustomerRecord)
    assert (match.number, match.remember_as) == ("GUEST", "")


async def test_a_guest_account_that_does_not_exist_is_a_question() -> None:
    match, _, _ = await matched(party(guest=True), guest="account", guest_account="GUEST")
    assert isinstance(match, Question)
    assert (match.kind, match.key) == ("guest_account", "GUEST")


async def test_a_name_too_long_for_the_customer_card_is_a_question() -> None:
    match, _, _ = await matched(party(name="x" * 101))
    assert isinstance(match, Question)
    assert (match.kind, match.key) == ("value_too_long", "displayName")


async def test_who_pays_may_be_a_customer_whom_somebody_else_orders_as() -> None:
    state = MemoryState()
    await state.id_map.put(IdPair("eu", id_map_entity("customer-1"), "customer-1", "id-10", "10"))
    payer = "bill-to:payer@example.com"
    await state.id_map.put(IdPair("eu", id_map_entity(payer), payer, "id-10", "10"))  # no Conflict


COMPANY = {"company": "Example Trading", "vat_id": "DE123456789"}


async def test_a_company_that_nothing_else_identifies_is_known_by_its_tax_id() -> None:
    match, _, trail = await matched(party(**COMPANY), customer("40"), vat_ids={"40": "DE123456789"})
    assert isinstance(match, CustomerRecord)
    assert match.number == "40"
    assert trail.notes[0].why == "tax id: 40"


async def test_number_and_e_mail_go_before_the_tax_id() -> None:
    both = (customer("30", EMAIL), customer("40"))
    match, _, _ = await matched(party(**COMPANY), *both, vat_ids={"40": "DE123456789"})
    assert isinstance(match, CustomerRecord)
    assert match.number == "30"


@pytest.mark.parametrize(
    ("changes", "rules"),
    [({"company": None}, {}), ({}, {"match_vat_id": False})],
    ids=["a person", "a market that does not want it"],
)
async def test_a_tax_id_identifies_only_companies_and_only_where_it_may(
    changes: dict[str, Any], rules: dict[str, Any]
) -> None:
    match, _, _ = await matched(party(**{**COMPANY, **changes}), customer("40"), vat_ids={"40": "DE123456789"}, **rules)
    assert isinstance(match, CustomerDraft)


async def test_two_companies_of_one_tax_id_are_a_question() -> None:
    match, _, _ = await matched(
        party(**COMPANY), customer("40"), customer("41"), vat_ids={"40": "DE123456789", "41": "DE123456789"}
    )
    assert isinstance(match, Question)
    assert "same tax id" in match.text
    assert set(match.dynamics) == {"40", "41"}


async def test_a_phone_number_identifies_nobody() -> None:
    match, connector, _ = await matched(party(email=None, phone="+49 30 5550100"), customer("30", EMAIL))
    assert isinstance(match, CustomerDraft)
    assert connector.calls == []


@pytest.mark.parametrize(
    ("country", "group"), [("DE", "DOMESTIC"), ("SE", "EXPORT"), (None, "EXPORT")], ids=["its own", "another", "none"]
)
async def test_a_new_customer_gets_the_fields_of_its_countrys_template(country: str | None, group: str) -> None:
    templates = {"DE": {"customerPostingGroup": "DOMESTIC"}, "*": {"customerPostingGroup": "EXPORT"}}
    who = party(address=Address(country=country) if country else None)
    match, _, _ = await matched(who, templates=templates)
    assert isinstance(match, CustomerDraft)
    assert match.payload["customerPostingGroup"] == group


async def test_e_mail_addresses_beyond_ascii_are_compared_by_unicode_case() -> None:
    match, _, _ = await matched(party(email="J\u00dcRGEN@example.com"), customer("30", "j\u00fcrgen@example.com"))
    assert isinstance(match, CustomerRecord)
    assert match.number == "30"
