"""Driving a connector through the writes of one order, each of which its rehearsal keeps."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import httpx

from shared.cli.exits import CommandError, Exit
from shared.cli.preview_documents import one_line
from shared.cli.rehearsal import Held, Rehearsal
from shared.composition import make_connector
from shared.dynamics.auth import TokenProvider
from shared.dynamics.connector import Connector
from shared.markets import BackEnd, Market
from shared.model.back_end import CustomerDraft, CustomerRecord, Cut, MissingReference, References
from shared.model.order import Order
from shared.settings import SettingsError

CORRELATION = "preview"


def rehearsed_connector(name: str, back_end: BackEnd, tokens: TokenProvider, http: httpx.AsyncClient) -> Connector:
    """Make the connector that rehearses. Raises CommandError for a type of back-end that has none."""
    try:
        return make_connector(name, back_end, tokens, http)
    except SettingsError as error:
        raise CommandError(one_line(str(error)), code=Exit.CONFIGURATION) from error


async def rehearse(
    rehearsal: Rehearsal, connector: Connector, order: Order, references: References, market: Market
) -> tuple[Cut, ...]:
    """Go as far as the wire with customers and order; returns what had to be cut."""
    draft = connector.draft_order(order, references, market)
    if isinstance(draft, MissingReference):
        raise CommandError(f"{draft.text}; {draft.hint}")
    sell_to = await _customer(connector, references.sell_to, market)
    payer = references.bill_to
    bill_to = await _customer(connector, payer, market) if payer else None
    rehearsal.goes_on = True
    with suppress(Held):
        await connector.create_order(market, draft, sell_to, bill_to, CORRELATION)
    return draft.cuts


async def _customer(connector: Connector, customer: CustomerRecord | CustomerDraft, market: Market) -> CustomerRecord:
    """Stand in for a customer that would be created first: only the answer would tell its id."""
    if isinstance(customer, CustomerRecord):
        return customer
    with suppress(Held):
        return await connector.create_customer(market, customer, CORRELATION)
    name = customer.party.company or customer.party.name
    return replace(CustomerRecord("", "", name), id="id-of-the-new-customer", number="NEW")
