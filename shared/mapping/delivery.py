"""Where lines are delivered when an order ships to several addresses. Pure."""

from __future__ import annotations

from shared.model.address import Address
from shared.model.back_end import MissingReference
from shared.model.order import Order, OrderLine, ShipTo


def other_address(line: OrderLine, order: Order) -> Address | None:
    """Return the line's own address; None when it goes to the first one, which is the order's."""
    others = {ship_to.key: ship_to.address for ship_to in order.shipping_addresses[1:]}
    return others.get(line.shipping_key) if line.shipping_key else None


def ships_to_several(order: Order) -> bool:
    """Tell whether the order has delivery addresses that differ in more than their ids and keys."""
    places = [_place(ship_to.address) for ship_to in order.shipping_addresses]
    return any(place != places[0] for place in places)


def unassigned_address(order: Order) -> MissingReference | None:
    """Ask about an address of which nothing tells what goes there: its goods would go to the order's address."""
    if len(order.shipping_addresses) < 2:
        return None
    goods = [other_address(line, order) for line in order.lines if line.kind != "shipping"]
    reached = [_place(order.shipping_addresses[0].address), *(_place(address) for address in goods if address)]
    lost = next((one for one in order.shipping_addresses if _place(one.address) not in reached), None)
    if lost is None:
        return None
    return MissingReference(
        kind="shipping_address",
        key="unassigned",
        text=f"nothing tells which lines go to address {lost.key or '-'} of the order",
        hint="ship in Multiple shipping mode in commercetools, with a shipping method key for every target of the "
        "items' shippingDetails; or enter the order by hand and resolve this item with --note",
        facts=delivered_where(order),
    )


def delivered_where(order: Order) -> dict[str, str]:
    """Say for every delivery address, by its key, what goes there; without names and streets."""
    return {f"address {ship_to.key or '-'}": _contents(ship_to, order) for ship_to in order.shipping_addresses}


def _contents(ship_to: ShipTo, order: Order) -> str:
    address, first = ship_to.address, order.shipping_addresses[0].key
    where = ", ".join(part for part in (address.postal_code, address.city, address.country) if part)
    lines = [line for line in order.lines if (line.shipping_key or first) == ship_to.key]
    return f"{where}: {', '.join(f'{line.label} x {line.quantity}' for line in lines) or 'nothing'}"


def _place(address: Address) -> dict[str, object]:
    return address.model_dump(exclude={"id", "key", "external_id"})
