"""Who orders and who pays, as parties that the back-end must know. Pure."""

from __future__ import annotations

from shared.model.address import Address
from shared.model.back_end import MissingReference, Party
from shared.model.customer import Customer
from shared.model.order import Order

BILL_TO = "bill-to:"  # begins the key of a party that only pays


def registered_party(customer: Customer, order: Order) -> Party:
    """Build the party of a commercetools customer; the order's billing address stands in for a missing default."""
    address = customer.default_billing_address or order.billing_address
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
        key=f"guest:{(email or order.id).casefold()}",
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
    if _same(address, sell_to):
        return None
    email = address.email if address.email and address.email != sell_to.email else None
    identity = email or f"{_name(address)}|{address.postal_code or ''}|{address.country}"
    return Party(
        key=f"{BILL_TO}{identity.casefold()}",
        guest=False,
        name=_name(address),
        email=email,
        company=address.company,
        phone=address.phone or address.mobile,
        address=address,
    )


def _name(address: Address) -> str:
    return address.company or address.person


def _same(address: Address, party: Party) -> bool:
    if address.company:
        return party.company is None or address.company.casefold() == party.company.casefold()
    known = {party.name.casefold()}
    if party.address is not None:
        known.add(party.address.person.casefold())
    return address.person.casefold() in known
