"""A line that goes out with several shipping methods becomes one share for each of them."""

from typing import NamedTuple

from shared.mapping.commercetools.documents import (
    CustomLineItemDocument,
    LineItemDocument,
    TaxedDocument,
    TaxRateDocument,
)
from shared.mapping.commercetools.errors import UnmappableOrder
from shared.mapping.commercetools.tax import UnitGroups
from shared.mapping.commercetools.terms import Terms
from shared.model.money import allocate

type _Line = LineItemDocument | CustomLineItemDocument


class StatedDiscount(NamedTuple):
    """A discount that the document states for a component, in minor units."""

    kind: str
    id: str | None
    units: int


class Share(NamedTuple):
    """The part of a line that goes with one shipping method, or all of it; amounts in minor units."""

    quantity: int
    own: int
    rate: TaxRateDocument | None
    taxed: TaxedDocument | None
    discounts: tuple[StatedDiscount, ...]
    groups: UnitGroups
    shipping_key: str | None = None
    split: bool = False


def shares_of(
    line: _Line, own: int, discounts: tuple[StatedDiscount, ...], groups: UnitGroups, path: str, terms: Terms
) -> list[Share]:
    """Split a line by shipping method; most lines have one at most and stay whole."""
    quantities = _quantities(line)
    if len(quantities) < 2:
        key = next(iter(quantities), None)
        return [Share(line.quantity, own, _rate(line, key), line.taxed_price, discounts, groups, key)]
    if sum(quantities.values()) != line.quantity:
        reason = f"sends {sum(quantities.values())} of a quantity of {line.quantity}: complete the targets"
        raise UnmappableOrder(f"{path}.shippingDetails", reason)
    return _split(line, own, discounts, groups, quantities, path, terms)


def _quantities(line: _Line) -> dict[str, int]:
    result: dict[str, int] = {}
    for target in line.shipping_details.targets if line.shipping_details else ():
        if target.shipping_method_key and target.quantity:
            result[target.shipping_method_key] = result.get(target.shipping_method_key, 0) + target.quantity
    return result


def _split(
    line: _Line,
    own: int,
    discounts: tuple[StatedDiscount, ...],
    groups: UnitGroups,
    quantities: dict[str, int],
    path: str,
    terms: Terms,
) -> list[Share]:
    weights = list(quantities.values())
    portions = {portion.shipping_method_key: portion.taxed_price for portion in line.taxed_price_portions}
    owns = _portion_owns(line, own, portions, quantities, path, terms) or allocate(own, weights)
    parts = [allocate(discount.units, weights) for discount in discounts]
    # The unit prices of a part are known only when all units cost the same.
    unit = groups[0][1] if len(groups) == 1 else None
    return [
        Share(
            quantity=quantity,
            own=owns[index],
            rate=_rate(line, key),
            taxed=portions.get(key),
            discounts=tuple(
                discount._replace(units=part[index]) for discount, part in zip(discounts, parts, strict=True)
            ),
            groups=((quantity, unit),) if unit else (),
            shipping_key=key,
            split=True,
        )
        for index, (key, quantity) in enumerate(quantities.items())
    ]


def _portion_owns(
    line: _Line,
    own: int,
    portions: dict[str, TaxedDocument | None],
    quantities: dict[str, int],
    path: str,
    terms: Terms,
) -> list[int] | None:
    """Take the parts from the taxed portions when those add up to the line's total, as gross or as net."""
    taxed = [portion for key in quantities if (portion := portions.get(key))]
    if len(taxed) != len(quantities):
        return None
    where = f"{path}.taxedPricePortions"
    grosses = [terms.units(portion.total_gross, where) for portion in taxed]
    nets = [terms.units(portion.total_net, where) for portion in taxed]
    rate = _rate(line, next(iter(quantities)))
    candidates = (grosses, nets) if rate and rate.included_in_price else (nets, grosses)
    return next((parts for parts in candidates if sum(parts) == own), None)


def _rate(line: _Line, key: str | None) -> TaxRateDocument | None:
    if line.tax_rate:
        return line.tax_rate
    rates = [rate for rate in line.per_method_tax_rate if key in {None, rate.shipping_method_key}]
    return rates[0].tax_rate if len(rates) == 1 else None
