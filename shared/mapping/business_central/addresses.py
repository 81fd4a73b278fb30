"""Addresses as Business Central spells their parts: one prefix a role, two lines, no house number of its own."""

from __future__ import annotations

from shared.mapping.fitting import Texts
from shared.model.address import Address


def address_texts(address: Address, prefix: str) -> Texts:
    """Spell an address for `sellTo` or `shipTo`."""
    return {
        f"{prefix}AddressLine1": address.street_line,
        f"{prefix}AddressLine2": ", ".join(address.additional_lines),
        f"{prefix}City": address.city,
        f"{prefix}State": address.state or address.region,
        f"{prefix}PostCode": address.postal_code,
        f"{prefix}Country": address.country,
    }


def recipient_texts(address: Address) -> Texts:
    """Name who receives the goods: the company with a contact, or the person."""
    if address.company:
        return {"shipToName": address.company, "shipToContact": address.person}
    return {"shipToName": address.person, "shipToContact": None}


def customer_address_texts(address: Address) -> Texts:
    """Spell the address of a customer card."""
    return {
        "addressLine1": address.street_line,
        "addressLine2": ", ".join(address.additional_lines),
        "city": address.city,
        "state": address.state or address.region,
        "postalCode": address.postal_code,
        "country": address.country,
    }
