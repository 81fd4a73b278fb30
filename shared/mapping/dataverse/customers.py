"""Parties → accounts and contacts."""

from __future__ import annotations

from typing import Literal

from shared.mapping.dataverse.addresses import address_texts
from shared.mapping.dataverse.fields import (
    ACCOUNT_LIMITS,
    ACCOUNT_NUMBER_LIMIT,
    CONTACT_LIMITS,
    CONTACT_NUMBER_LIMIT,
)
from shared.mapping.fitting import Texts, fit
from shared.market_options.dataverse import DataverseOptions
from shared.markets import Market
from shared.model.back_end import CustomerDraft, MissingReference, Party

type CustomerSet = Literal["accounts", "contacts"]


def customer_set(party: Party, options: DataverseOptions) -> CustomerSet:
    """Say whether a party is an account or a contact."""
    return "accounts" if party.company or options.persons == "account" else "contacts"


def draft_customer(party: Party, market: Market) -> CustomerDraft | MissingReference:
    """Map a party. A number that the column cannot hold is left to the id map: cut, it would be somebody else's."""
    options = market.dataverse or DataverseOptions()
    is_account = customer_set(party, options) == "accounts"
    own = {"name": party.company or party.name} if is_account else _names(party)
    address = address_texts(party.address, "address1_") if party.address else {}
    texts: Texts = {**own, "emailaddress1": party.email, "telephone1": party.phone, **address}
    fitted = fit(texts, ACCOUNT_LIMITS if is_account else CONTACT_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    column = "accountnumber" if is_account else options.contact_number
    limit = ACCOUNT_NUMBER_LIMIT if is_account else CONTACT_NUMBER_LIMIT
    number = {column: party.number} if column and party.number and len(party.number) <= limit else {}
    return CustomerDraft(party, {**fields, **number}, cuts)


def _names(party: Party) -> Texts:
    address = party.address
    if address is not None and address.person == party.name:
        return {"firstname": address.first_name, "lastname": address.last_name}
    first, _, last = party.name.rpartition(" ")
    return {"firstname": first, "lastname": last}
