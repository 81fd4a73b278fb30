"""Addresses as Finance spells their parts."""

from __future__ import annotations

from shared.mapping.finance.countries import country_code
from shared.mapping.fitting import Texts
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.address import Address
from shared.model.back_end import MissingReference


def delivery_texts(address: Address, market: Market) -> Texts | MissingReference:
    """Spell the delivery address of an order. The company is part of the name: there is no other place for it."""
    country = country_code(address.country, market)
    if isinstance(country, MissingReference):
        return country
    name = ", ".join(part for part in (address.company, address.person) if part)
    return {
        "DeliveryAddressName": name,
        "DeliveryAddressDescription": name,
        "DeliveryAddressStreet": _street(address),
        "DeliveryAddressCity": address.city,
        "DeliveryAddressStateId": _state(address, market),
        "DeliveryAddressZipCode": address.postal_code,
        "DeliveryAddressCountryRegionId": country,
    }


def customer_texts(address: Address, description: str, market: Market) -> Texts | MissingReference:
    """Spell the primary address of a customer."""
    country = country_code(address.country, market)
    if isinstance(country, MissingReference):
        return country
    return {
        "AddressDescription": description,
        "AddressStreet": _street(address),
        "AddressCity": address.city,
        "AddressState": _state(address, market),
        "AddressZipCode": address.postal_code,
        "AddressCountryRegionId": country,
    }


def _street(address: Address) -> str:
    """Join the lines of the street: Finance has one field with line breaks."""
    return "\n".join(line for line in (address.street_line, *address.additional_lines) if line)


def _state(address: Address, market: Market) -> str | None:
    """Return the state where Finance knows states; elsewhere a text that is no set-up code would be refused."""
    states_of = (market.finance or FinanceOptions()).states_of
    return (address.state or address.region) if address.country in states_of else None
