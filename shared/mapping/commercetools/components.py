"""The components of an order: line items, custom line items and shippings, each with its own amounts."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from pydantic import JsonValue

from shared.mapping.commercetools.documents import (
    CustomLineItemDocument,
    DiscountedQuantityDocument,
    IncludedDiscountDocument,
    LineItemDocument,
    OrderDocument,
    ReferenceDocument,
    ShippingInfoDocument,
    TaxRateDocument,
)
from shared.mapping.commercetools.errors import UnmappableOrder
from shared.mapping.commercetools.splitting import Share, StatedDiscount, shares_of
from shared.mapping.commercetools.tax import Amounts, UnitGroups, amounts_of, tax_rate_from
from shared.mapping.commercetools.terms import Terms, localized
from shared.model.money import Money
from shared.model.order import LineKind, TaxRate


class Component(NamedTuple):
    """One component before the discount on the total price; all amounts in minor units.

    A named tuple like the other values between document and order: with as many fields, a frozen dataclass takes three
    times as long to build.
    """

    path: str
    id: str
    kind: LineKind
    name: str
    quantity: int
    unit_price: Money
    listed: int
    amounts: Amounts
    rate: TaxRateDocument | None
    tax_rate: TaxRate | None
    discounts: tuple[StatedDiscount, ...]
    custom: Mapping[str, JsonValue]
    sku: str | None = None
    product_id: str | None = None
    product_key: str | None = None
    reference: str | None = None
    supply_channel: str | None = None
    shipping_key: str | None = None

    @property
    def label(self) -> str:
        """Where the component is and how people recognise it."""
        return f"{self.path} ({self.sku or self.reference or self.name or self.id})"


def components_of(order: OrderDocument, terms: Terms) -> list[Component]:
    """List the components in document order; lines whose quantity was edited to zero are left out."""
    return list(chain(_line_items(order, terms), _custom_lines(order, terms), _shippings(order, terms)))


def _line_items(order: OrderDocument, terms: Terms) -> Iterator[Component]:
    for index, line in enumerate(order.line_items):
        price, name = line.price.value, "value"
        if line.price.discounted:
            price, name = line.price.discounted.value, "discounted.value"
        path = f"lineItems[{index}]"
        unit = terms.money(price, f"{path}.price.{name}")
        yield from _line_components(line, unit, path, terms)


def _custom_lines(order: OrderDocument, terms: Terms) -> Iterator[Component]:
    for index, line in enumerate(order.custom_line_items):
        path = f"customLineItems[{index}]"
        yield from _line_components(line, terms.money(line.money, f"{path}.money"), path, terms)


def _line_components(
    line: LineItemDocument | CustomLineItemDocument, unit: Money, path: str, terms: Terms
) -> Iterator[Component]:
    own = terms.units(line.total_price, f"{path}.totalPrice")
    if line.quantity == 0:
        if own:
            raise UnmappableOrder(f"{path}.totalPrice", f"quantity is 0, but the total is {terms.of_units(own)}")
        return
    groups = _groups(line.discounted_price_per_quantity, line.quantity, unit, path, terms)
    _check_discounted(line, own, groups, path, terms)
    stated = _stated_discounts(line.discounted_price_per_quantity, path, terms)
    for share in shares_of(line, own, stated, groups, path, terms):
        yield _line_component(line, unit, share, path, terms)


def _line_component(
    line: LineItemDocument | CustomLineItemDocument,
    unit: Money,
    share: Share,
    path: str,
    terms: Terms,
) -> Component:
    item = line if isinstance(line, LineItemDocument) else None
    custom_line = line if isinstance(line, CustomLineItemDocument) else None
    category = _reference(custom_line.tax_category) if custom_line else None
    return Component(
        path=path,
        id=f"{line.id}/{share.shipping_key}" if share.split else line.id,
        kind=_kind(item),
        name=localized(line.name, terms.locale),
        quantity=share.quantity,
        unit_price=unit,
        listed=(unit * share.quantity).rounded_units(terms.price_rounding),
        amounts=amounts_of(share.own, share.rate, share.taxed, share.groups, terms, path),
        rate=share.rate,
        tax_rate=tax_rate_from(share.rate, category),
        discounts=share.discounts,
        sku=item.variant.sku if item else None,
        product_id=item.product_id if item else None,
        product_key=item.product_key if item else None,
        reference=custom_line.slug if custom_line else None,
        supply_channel=_reference(item.supply_channel) if item else None,
        shipping_key=share.shipping_key,
        custom=line.custom.fields_ if line.custom else {},
    )


def _kind(item: LineItemDocument | None) -> LineKind:
    if item is None:
        return "custom"
    return "gift" if item.line_item_mode == "GiftLineItem" else "item"


def _reference(reference: ReferenceDocument | None) -> str | None:
    return (reference.id or reference.key) if reference else None


def _groups(
    discounted: tuple[DiscountedQuantityDocument, ...], quantity: int, unit: Money, path: str, terms: Terms
) -> UnitGroups:
    if not discounted:
        return ((quantity, unit),)
    covered = sum(part.quantity for part in discounted)
    if covered != quantity:
        reason = f"covers {covered} of a quantity of {quantity}"
        raise UnmappableOrder(f"{path}.discountedPricePerQuantity", reason)
    where = f"{path}.discountedPricePerQuantity"
    return tuple((part.quantity, terms.money(part.discounted_price.value, where)) for part in discounted)


def _check_discounted(
    line: LineItemDocument | CustomLineItemDocument, own: int, groups: UnitGroups, path: str, terms: Terms
) -> None:
    """Discounted prices come to the line's total, but for the rounding of precise ones or a total set from outside."""
    if not line.discounted_price_per_quantity or line.price_mode == "ExternalTotal":
        return
    found = sum(quantity * unit.rounded_units(terms.price_rounding) for quantity, unit in groups)
    if found == own:
        return
    precise = any(unit != unit.rounded() for _, unit in groups)
    if not precise or abs(found - own) > line.quantity:
        reason = f"comes to {terms.of_units(found)}, but the line's total is {terms.of_units(own)}"
        raise UnmappableOrder(f"{path}.discountedPricePerQuantity", reason)


def _stated_discounts(
    discounted: tuple[DiscountedQuantityDocument, ...], path: str, terms: Terms
) -> tuple[StatedDiscount, ...]:
    if not discounted:
        return ()
    sums: dict[str | None, Money] = {}
    where = f"{path}.discountedPricePerQuantity"
    for part in discounted:
        for included in part.discounted_price.included_discounts:
            amount = terms.money(included.discounted_amount, where) * part.quantity
            key = _reference(included.discount)
            sums[key] = sums[key] + amount if key in sums else amount
    rounded = [(key, amount.rounded_units(terms.price_rounding)) for key, amount in sums.items()]
    return tuple([StatedDiscount("item", key, units) for key, units in rounded if units])


def _shippings(order: OrderDocument, terms: Terms) -> Iterator[Component]:
    if order.shipping_info:
        yield _shipping(order.shipping_info, None, "shippingInfo", terms)
    for index, shipping in enumerate(order.shipping):
        if shipping.shipping_info:
            path = f"shipping[{index}].shippingInfo"
            yield _shipping(shipping.shipping_info, shipping.shipping_key, path, terms)


def _shipping(info: ShippingInfoDocument, key: str | None, path: str, terms: Terms) -> Component:
    listed = terms.units(info.price, f"{path}.price")
    own = listed
    discounts: tuple[StatedDiscount, ...] = ()
    if info.discounted_price:
        own = terms.units(info.discounted_price.value, f"{path}.discountedPrice.value")
        discounts = tuple(_shipping_discounts(info.discounted_price.included_discounts, path, terms))
    unit = terms.of_units(listed)
    return Component(
        path=path,
        id=f"shipping/{key}" if key else "shipping",
        kind="shipping",
        name=info.shipping_method_name,
        quantity=1,
        unit_price=unit,
        listed=listed,
        amounts=amounts_of(own, info.tax_rate, info.taxed_price, ((1, terms.of_units(own)),), terms, path),
        rate=info.tax_rate,
        tax_rate=tax_rate_from(info.tax_rate, _reference(info.tax_category)),
        discounts=discounts,
        custom={},
        reference=_reference(info.shipping_method),
        shipping_key=key,
    )


def _shipping_discounts(
    included: Iterable[IncludedDiscountDocument], path: str, terms: Terms
) -> Iterator[StatedDiscount]:
    for discount in included:
        amount = terms.money(discount.discounted_amount, f"{path}.discountedPrice")
        units = amount.rounded_units(terms.price_rounding)
        yield StatedDiscount("shipping", _reference(discount.discount), units)
