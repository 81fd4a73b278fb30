"""The identity that every order must satisfy: components less the total discount are the total price."""

from collections.abc import Iterator, Sequence

from shared.mapping.commercetools.components import Component
from shared.mapping.commercetools.documents import OrderDocument
from shared.mapping.commercetools.errors import UnmappableOrder
from shared.mapping.commercetools.terms import Terms


def check_total(order: OrderDocument, components: Sequence[Component], discount: int, terms: Terms) -> None:
    """Refuse an order whose components do not add up to its total price, and name those that look wrong."""
    stated = terms.units(order.total_price, "totalPrice")
    found = sum(component.amounts.own for component in components) - discount
    if found == stated:
        return
    suspects = list(_suspects(components))
    hint = f"; look at {', '.join(suspects)}" if suspects else ""
    amounts = f"the order says {terms.of_units(stated)}, its components add up to {terms.of_units(found)}"
    raise UnmappableOrder("totalPrice", f"{amounts}; difference {terms.of_units(found - stated)}{hint}")


def _suspects(components: Sequence[Component]) -> Iterator[str]:
    """Components whose total is not what their price, quantity and stated discounts come to."""
    for component in components:
        expected = component.listed - sum(discount.units for discount in component.discounts)
        if abs(expected - component.amounts.own) > component.quantity:
            yield component.label
