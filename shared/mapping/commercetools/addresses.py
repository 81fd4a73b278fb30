"""Addresses: commercetools names to neutral ones."""

from shared.mapping.commercetools.documents import AddressDocument, OrderDocument
from shared.model.address import Address
from shared.model.order import ShipTo

_RENAMED = {
    "street_name": "street",
    "street_number": "number",
    "additional_street_info": "additional_street",
    "additional_address_info": "additional_address",
}


def address_from(document: AddressDocument) -> Address:
    """Translate one address."""
    return Address(**{_RENAMED.get(name, name): getattr(document, name) for name in document.model_fields_set})


def optional_address(document: AddressDocument | None) -> Address | None:
    """Translate an address that may be missing."""
    return address_from(document) if document else None


def ship_tos(order: OrderDocument) -> tuple[ShipTo, ...]:
    """Every place the order goes to: one, one for each shipping, and those that single items name."""
    found = [ShipTo(address=address_from(order.shipping_address))] if order.shipping_address else []
    found += [
        ShipTo(key=shipping.shipping_key, address=address_from(shipping.shipping_address))
        for shipping in order.shipping
        if shipping.shipping_address
    ]
    found += [ShipTo(key=address.key, address=address_from(address)) for address in order.item_shipping_addresses]
    return tuple(found)
