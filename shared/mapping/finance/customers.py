"""Parties → Finance customers."""

from __future__ import annotations

from shared.mapping.finance.addresses import customer_texts
from shared.mapping.finance.fields import CUSTOMER_LIMITS
from shared.mapping.fitting import Texts, fit
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.back_end import CustomerDraft, MissingReference, Party


def draft_customer(party: Party, market: Market) -> CustomerDraft | MissingReference:
    """Map a party. The account number comes from Finance's own number sequence."""
    options = market.finance or FinanceOptions()
    if options.customer_group is None:
        return _no_customer_group(party, market)
    address = customer_texts(party.address, party.company or party.name, market) if party.address else {}
    if isinstance(address, MissingReference):
        return address
    texts = {**_names(party), **_contacts(party, options), **address}
    fitted = fit(texts, CUSTOMER_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    head = {
        "dataAreaId": market.company.lower(),
        "PartyType": "Organization" if party.company else "Person",
        "CustomerGroupId": options.customer_group,
    }
    tax = {"SalesTaxGroup": options.sales_tax_group} if options.sales_tax_group else {}
    return CustomerDraft(party, {**head, **fields, **tax}, cuts)


def person_names(first: str, last: str, name: str) -> tuple[str, str]:
    """Return first and last name of a person; Finance wants a last name, so a whole name is split at its last space."""
    if last:
        return first, last
    first, _, last = (name or first).rpartition(" ")
    return first, last


def _names(party: Party) -> Texts:
    if party.company:
        return {"OrganizationName": party.company}
    address = party.address
    if address is not None and address.last_name and address.person == party.name:
        return {"PersonFirstName": address.first_name, "PersonLastName": address.last_name}
    first, last = person_names("", "", party.name)
    return {"PersonFirstName": first, "PersonLastName": last}


def _contacts(party: Party, options: FinanceOptions) -> Texts:
    field = options.vat_id_field if party.company or options.vat_id_field == "TaxExemptNumber" else None
    vat_id: Texts = {field: party.vat_id} if field else {}
    return {"PrimaryContactEmail": party.email, "PrimaryContactPhone": party.phone, **vat_id}


def _no_customer_group(party: Party, market: Market) -> MissingReference:
    return MissingReference(
        kind="customer_group",
        key=market.name,
        text=f"customer {party.name} cannot be created: Finance wants a customer group",
        hint=f"set finance.customer_group of market {market.name}, or customers.unknown: review",
        facts={"email": party.email},
    )
