"""Finding the back-end's customer of a party: never a guess.

Id map, then number, then unique exact e-mail, then the tax id of a company. A phone number is no key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.dynamics.connector import Connector
from shared.flows.questions import question_of
from shared.mapping.parties import BILL_TO, marks_of
from shared.markets import Market
from shared.model.back_end import CustomerDraft, CustomerRecord, MissingReference, Party
from shared.pipeline.flow import Trail
from shared.state.protocols import IdMap
from shared.state.records import Question

type Match = CustomerRecord | CustomerDraft | Question

CUSTOMER = "customer"
PAYER = "payer"


async def match_customer(
    party: Party, market: Market, connector: Connector, id_map: IdMap, trail: Trail, correlation_id: str
) -> Match:
    """Match a party, or draft a customer for it, or ask."""
    if party.guest and market.customers.guest == "account":
        return await _by_account(str(market.customers.guest_account), party, market, connector, correlation_id)
    found = await find_match(party, market, connector, id_map, trail, correlation_id)
    if isinstance(found, CustomerRecord) and found.blocked:
        return _blocked(found, party, market)
    return found or _unknown(party, market, connector)


async def find_match(
    party: Party, market: Market, connector: Connector, id_map: IdMap, trail: Trail, correlation_id: str
) -> CustomerRecord | Question | None:
    """Match a party by the first thing that identifies it, blocked or not; None when nobody does."""
    known = party.record or await known_customer(id_map, market, party.key)
    if known is not None:
        trail.note("customer matched", f"id map: {party.key} is {known.number}")
        return known
    for how, wanted in _lookups(party, market):
        found = await connector.find_customers(market, correlation_id, **wanted)
        found = [record for record in found if how != "e-mail" or _same_email(record, party)]
        if len(found) == 1:
            trail.note("customer matched", f"{how}: {found[0].number}")
            return _to_remember(found[0], party)
        if found:
            return _ambiguous(how, party, market, found)
    return None


async def known_customer(id_map: IdMap, market: Market, party_key: str) -> CustomerRecord | None:
    """Look a party up in the id map. The record's marks are those kept when it was matched or created."""
    pair = await id_map.by_commercetools_id(market.name, id_map_entity(party_key), party_key)
    if pair is None:
        return None
    return CustomerRecord(pair.dynamics_id, pair.dynamics_number, pair.dynamics_number, marks=pair.details)


def id_map_entity(party_key: str) -> str:
    """Name the id-map entity of a party: who pays may well be a customer whom somebody else orders as."""
    return PAYER if party_key.startswith(BILL_TO) else CUSTOMER


def _lookups(party: Party, market: Market) -> list[tuple[str, dict[str, str]]]:
    steps: list[tuple[str, dict[str, str]]] = []
    if party.number:
        steps.append(("number", {"number": party.number}))
    if party.email and market.customers.match_email:
        steps.append(("e-mail", {"email": party.email}))
    if party.vat_id and party.company and market.customers.match_vat_id:
        steps.append(("tax id", {"vat_id": party.vat_id}))
    return steps


def _same_email(record: CustomerRecord, party: Party) -> bool:
    return record.email.strip().casefold() == (party.email or "").strip().casefold()


async def _by_account(number: str, party: Party, market: Market, connector: Connector, correlation_id: str) -> Match:
    found = await connector.find_customers(market, correlation_id, number=number)
    if len(found) == 1:
        return _blocked(found[0], party, market) if found[0].blocked else found[0]
    return Question(
        scope=market.name,
        kind="guest_account",
        key=number,
        text=f"the guest account {number} does not exist in the back-end",
        hint=f"create it, or correct customers.guest_account of market {market.name}; then resolve with --note",
    )


def _to_remember(record: CustomerRecord, party: Party) -> CustomerRecord:
    return record if party.guest else replace(record, remember_as=party.key, marks=marks_of(party))


def _blocked(record: CustomerRecord, party: Party, market: Market) -> Question:
    return Question(
        scope=market.name,
        kind="customer_blocked",
        key=record.number,
        text=f"customer {record.number} is blocked in the back-end",
        commercetools=_facts(party),
        dynamics={"number": record.number, "name": record.name},
        hint="unblock it there and resolve with --note",
    )


def _ambiguous(how: str, party: Party, market: Market, found: Sequence[CustomerRecord]) -> Question:
    numbers = ", ".join(record.number for record in found)
    return Question(
        scope=market.name,
        kind=CUSTOMER,
        key=party.key,
        text=f"{len(found)} customers have the same {how} as the one who ordered: {numbers}",
        commercetools=_facts(party),
        dynamics={record.number: {"name": record.name, "email": record.email} for record in found},
        hint="resolve with --customer NUMBER",
    )


def _unknown(party: Party, market: Market, connector: Connector) -> Match:
    policy = market.customers.guest if party.guest else market.customers.unknown
    if policy == "create":
        draft = connector.draft_customer(party, market)
        if isinstance(draft, MissingReference):
            return question_of(draft, market)
        template = market.customers.template(party.address.country if party.address else None)
        return replace(draft, payload={**draft.payload, **template})
    return Question(
        scope=market.name,
        kind=CUSTOMER,
        key=party.key,
        text="no customer matches, and the market map says not to create one",
        commercetools=_facts(party),
        hint="create the customer in the back-end and resolve with --customer NUMBER",
    )


def _facts(party: Party) -> dict[str, Any]:
    return {"name": party.name, "email": party.email, "company": party.company, "number": party.number}
