"""Parties → accounts and contacts."""

from __future__ import annotations

from typing import Literal

from shared.mapping.dataverse.addresses import address_texts
from shared.mapping.dataverse.customer_fields import Kind
from shared.mapping.dataverse.fields import (
    ACCOUNT_LIMITS,
    ACCOUNT_NUMBER_LIMIT,
    CONTACT_LIMITS,
    CONTACT_NUMBER_LIMIT,
    VAT_ID_LIMIT,
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
    limits = dict(ACCOUNT_LIMITS if is_account else CONTACT_LIMITS)
    if is_account and options.account_vat_id:
        texts, limits = (
            {**texts, options.account_vat_id: party.vat_id},
            {**limits, options.account_vat_id: VAT_ID_LIMIT},
        )
    fitted = fit(texts, limits, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    kind: Kind = "account" if is_account else "contact"
    return CustomerDraft(party, {**fields, **number_columns(kind, party.number, options)}, cuts)


def number_columns(kind: Kind, number: str | None, options: DataverseOptions) -> dict[str, str]:
    """Return the column of a customer number; nothing when it cannot hold the number."""
    column = "accountnumber" if kind == "account" else options.contact_number
    limit = ACCOUNT_NUMBER_LIMIT if kind == "account" else CONTACT_NUMBER_LIMIT
    return {column: number} if column and number and len(number) <= limit else {}


def _names(party: Party) -> Texts:
    address = party.address
    if address is not None and address.person == party.name:
        return {"firstname": address.first_name, "lastname": address.last_name}
    first, _, last = party.name.rpartition(" ")
    return {"firstname": first, "lastname": last}
