"""Component and final amounts to canonical order line, with every discount explained."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.mapping.commercetools.components import Component
from shared.mapping.commercetools.documents import OrderDocument
from shared.mapping.commercetools.tax import Amounts
from shared.mapping.commercetools.terms import Terms
from shared.model.money import allocate
from shared.model.order import DiscountPart, OrderLine


@dataclass(frozen=True, slots=True)
class TotalDiscount:
    """The discount on the total price: how much, and which discounts make it up."""

    units: int = 0
    ids: tuple[str | None, ...] = (None,)
    weights: tuple[int, ...] = (1,)


def total_discount_of(order: OrderDocument, terms: Terms) -> TotalDiscount:
    """Read the discount on the total price; no discount is one of nothing."""
    discount = order.discount_on_total_price
    if discount is None:
        return TotalDiscount()
    path = "discountOnTotalPrice"
    units = terms.units(discount.discounted_amount, f"{path}.discountedAmount")
    included = [
        (part.discount.id or part.discount.key, terms.units(part.discounted_amount, f"{path}.includedDiscounts"))
        for part in discount.included_discounts
    ]
    weights = tuple(amount for _, amount in included)
    if sum(weights) != units or min(weights, default=0) < 0:
        return TotalDiscount(units)
    return TotalDiscount(units, tuple(identity for identity, _ in included), weights) if units else TotalDiscount()


def line_from(component: Component, final: Amounts, share: int, discount: TotalDiscount, terms: Terms) -> OrderLine:
    """Build the canonical line of a component whose share of the total discount is `share`."""
    own = final.gross if final.includes_tax else final.net
    off = component.listed - own
    return OrderLine(
        id=component.id,
        kind=component.kind,
        name=component.name,
        quantity=component.quantity,
        unit_price=component.unit_price,
        price_includes_tax=final.includes_tax,
        net=terms.of_units(final.net),
        tax=terms.of_units(final.tax),
        gross=terms.of_units(final.gross),
        list_amount=terms.of_units(component.listed),
        discount=terms.of_units(off),
        discounts=tuple(_parts(component, share, off, discount, terms)),
        tax_rate=component.tax_rate,
        sku=component.sku,
        product_id=component.product_id,
        product_key=component.product_key,
        reference=component.reference,
        supply_channel=component.supply_channel,
        shipping_key=component.shipping_key,
        custom=component.custom,
    )


def _parts(component: Component, share: int, off: int, discount: TotalDiscount, terms: Terms) -> Iterator[DiscountPart]:
    explained = share
    for stated in component.discounts:
        explained += stated.units
        yield DiscountPart(kind=stated.kind, id=stated.id, amount=terms.of_units(stated.units))
    if share:
        for identity, units in zip(discount.ids, allocate(share, discount.weights), strict=True):
            if units:
                yield DiscountPart(kind="total", id=identity, amount=terms.of_units(units))
    if off != explained:
        yield DiscountPart(kind="unstated", amount=terms.of_units(off - explained))
