"""Who orders and who pays, as parties that the back-end must know. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.model.address import Address
from shared.model.back_end import CustomerRecord, MissingReference, Party
from shared.model.customer import Customer
from shared.model.order import Order

BILL_TO = "bill-to:"  # begins the key of a party that only pays


def registered_party(customer: Customer, order: Order) -> Party:
    """Build the party of a commercetools customer; the order's billing address stands in for a missing default."""
    party = customer_party(customer)
    address = order.billing_address
    if party.address is not None or address is None:
        return party
    return replace(party, address=address, phone=address.phone or address.mobile)


def customer_party(customer: Customer) -> Party:
    """Build the party of a commercetools customer, whether or not it has ordered."""
    address = customer.default_billing_address
    return Party(
        key=customer.id,
        guest=False,
        name=customer.name,
        email=customer.email,
        company=customer.company,
        number=customer.external_id or customer.number,
        vat_id=customer.vat_id,
        phone=address.phone or address.mobile if address else None,
        address=address,
    )


def business_unit_party(document: Mapping[str, Any]) -> Party:
    """Build the party of a Business Unit: a company that is known by its key."""
    return Party(
        key=document["id"],
        guest=False,
        name=document["name"],
        email=document.get("contactEmail"),
        company=document["name"],
        number=document["key"],
    )


def guest_party(order: Order) -> Party | MissingReference:
    """Build the party of an order without a customer, from its billing (or else shipping) address."""
    address = order.billing_address or (order.shipping_addresses[0].address if order.shipping_addresses else None)
    email = order.customer.email or (address.email if address else None)
    if address is None or not (_name(address) or email):
        return MissingReference(
            kind="guest",
            key=order.number or order.id,
            text="the order has no customer, and no address with a name or e-mail to make one from",
            hint="add a billing address or a customer in commercetools, or set customers.guest: account",
        )
    return Party(
        key=f"guest:{_pseudonym(email or order.id)}",
        guest=True,
        name=_name(address) or str(email),
        email=email,
        company=address.company,
        phone=address.phone or address.mobile,
        address=address,
    )


def bill_to_party(order: Order, sell_to: Party) -> Party | None:
    """Build the paying party when the billing address names somebody else than who orders.

    Somebody else means: another company, or where no company is named another person. The e-mail of the billing
    address identifies them; without one they are known by name and postal code.
    """
    address = order.billing_address
    if address is None or sell_to.guest or not _name(address):
        return None
    marks = marks_of(sell_to)
    if _same(address, marks):
        return None
    email = address.email if address.email and _pseudonym(address.email) != marks.get("email") else None
    identity = email or f"{_name(address)}|{address.postal_code or ''}|{address.country}"
    return Party(
        key=f"{BILL_TO}{_pseudonym(identity)}",
        guest=False,
        name=_name(address),
        email=email,
        company=address.company,
        phone=address.phone or address.mobile,
        address=address,
    )


def known_party(key: str, record: CustomerRecord, marks: Mapping[str, str]) -> Party:
    """Build the party of a customer whom the id map knows: no need to read the customer again."""
    return Party(key=key, guest=False, name=record.name, marks=marks, record=record)


def payer_is_uncertain(order: Order, marks: Mapping[str, str]) -> bool:
    """Tell whether the kept marks do not recognise who pays: the customer may have changed since they were taken."""
    address = order.billing_address
    if address is None or not _name(address):
        return False
    if address.company:
        return marks.get("company") != _pseudonym(address.company)
    return not _same(address, marks)


def marks_of(party: Party) -> Mapping[str, str]:
    """Return pseudonyms by which a party is recognised later; they are kept instead of the personal data."""
    if party.marks:
        return party.marks
    texts = {
        "name": party.name,
        "person": party.address.person if party.address else None,
        "company": party.company,
        "email": party.email,
    }
    return {name: _pseudonym(text) for name, text in texts.items() if text}


def _pseudonym(identity: str) -> str:
    """Stand for an e-mail or a name in keys: those are stored, logged and shown."""
    return hashlib.sha256(identity.strip().casefold().encode()).hexdigest()[:32]


def _name(address: Address) -> str:
    return address.company or address.person


def _same(address: Address, marks: Mapping[str, str]) -> bool:
    if address.company:
        return marks.get("company") in (None, _pseudonym(address.company))
    return _pseudonym(address.person) in (marks.get("name"), marks.get("person"))
