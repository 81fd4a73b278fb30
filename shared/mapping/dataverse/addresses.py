"""Addresses as Dataverse spells their parts: three lines, and a name that is the company's or the person's."""

from __future__ import annotations

from shared.mapping.fitting import Texts
from shared.model.address import Address


def address_texts(address: Address, prefix: str) -> Texts:
    """Spell where an address is, for `billto_`, `shipto_` or `address1_`."""
    line2, *rest = address.additional_lines or ("",)
    return {
        f"{prefix}line1": address.street_line,
        f"{prefix}line2": line2,
        f"{prefix}line3": ", ".join(rest),
        f"{prefix}city": address.city,
        f"{prefix}stateorprovince": address.state or address.region,
        f"{prefix}country": address.country,
        f"{prefix}postalcode": address.postal_code,
    }


def party_texts(address: Address, prefix: str) -> Texts:
    """Spell who is there and where, for `billto_` or `shipto_`."""
    return {
        f"{prefix}name": address.company or address.person,
        f"{prefix}contactname": address.person if address.company else None,
        f"{prefix}telephone": address.phone or address.mobile,
        **address_texts(address, prefix),
    }
