"""From components to amounts that add up to the order's totals: share out the total discount, then the residue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from shared.mapping.commercetools.components import Component
from shared.mapping.commercetools.errors import UnmappableOrder
from shared.mapping.commercetools.tax import Amounts, factor
from shared.mapping.commercetools.terms import Terms
from shared.model.money import allocate, round_ratio


@dataclass(frozen=True, slots=True)
class Target:
    """What the order says that it comes to, in minor units."""

    net: int
    gross: int

    def distance(self, amounts: Sequence[Amounts]) -> int:
        """How far amounts are from adding up to it."""
        net = sum(amount.net for amount in amounts)
        gross = sum(amount.gross for amount in amounts)
        return abs(self.net - net) + abs(self.gross - gross)


def total_discount_shares(components: Sequence[Component], discount: int, terms: Terms) -> list[int]:
    """Share out the discount on the total price in proportion to the amounts, negative ones included."""
    owns = [component.amounts.own for component in components]
    if discount and not 0 < discount <= sum(owns):
        reason = f"{terms.of_units(discount)} cannot be taken off components of {terms.of_units(sum(owns))}"
        raise UnmappableOrder("discountOnTotalPrice.discountedAmount", reason)
    return allocate(discount, owns)


def discounted(component: Component, share: int, terms: Terms) -> Amounts:
    """Take a share of the total discount off one component; its tax shrinks in proportion."""
    before = component.amounts
    if not share:
        return before
    own = before.own - share
    other = before.net if before.includes_tax else before.gross
    scaled = round_ratio(other * own, before.own, terms.tax_rounding)
    return _with_other(before, own, scaled)


def discounted_before_tax(component: Component, share: int) -> Amounts:
    """Take a share of the total discount off one component and leave its tax as it is.

    Projects can be set so that the total discount does not reduce taxes that come from outside.
    """
    before = component.amounts
    own = before.own - share
    return _with_other(before, own, own - before.tax if before.includes_tax else own + before.tax)


def _with_other(before: Amounts, own: int, other: int) -> Amounts:
    net, gross = (other, own) if before.includes_tax else (own, other)
    return Amounts(own, net, gross, before.includes_tax)


def settled(
    components: Sequence[Component], amounts: Sequence[Amounts], target: Target, terms: Terms, *, shared_out: bool
) -> list[Amounts]:
    """Distribute what rounding left between the components and the order's totals, or refuse the order.

    An amount moves where it disturbs least: first the computed side of taxed components (the net of one priced with
    tax, the gross of one priced without). Prices move only where a total discount was shared out over them: first those
    of taxed components, last both sides of untaxed ones.
    """
    residue = _Residue(components, amounts, target, terms)
    residue.refuse_if_too_large(shared_out=shared_out)
    if not target.distance(amounts):
        return residue.amounts
    for own_side in (False, True) if shared_out else (False,):
        residue.settle("net", own_side=own_side)
        residue.settle("gross", own_side=own_side)
    if shared_out:
        residue.settle_untaxed()
    residue.refuse_if_left()
    return residue.amounts


class _Residue:
    def __init__(
        self, components: Sequence[Component], amounts: Sequence[Amounts], target: Target, terms: Terms
    ) -> None:
        self.components = components
        self.amounts = list(amounts)
        self.target = target
        self.terms = terms

    def left(self, side: str) -> int:
        wanted: int = getattr(self.target, side)
        found: int = sum(getattr(amounts, side) for amounts in self.amounts)
        return wanted - found

    def refuse_if_too_large(self, *, shared_out: bool) -> None:
        """One minor unit a component is rounding (a unit of quantity, if tax is computed by unit); more is not."""
        allowed = sum(
            component.quantity if self.terms.unit_level_tax else 1
            for component, amounts in zip(self.components, self.amounts, strict=True)
            if component.amounts.own and (shared_out or self._taxed(component, amounts))
        )
        for side in ("net", "gross"):
            if abs(self.left(side)) > allowed:
                self._refuse(side, f"rounding explains {allowed} minor units at most")

    def refuse_if_left(self) -> None:
        for side in ("net", "gross"):
            if self.left(side):
                self._refuse(side, "no component can take the difference")

    def settle(self, side: str, *, own_side: bool) -> None:
        places = [
            index
            for index, (component, amounts) in enumerate(zip(self.components, self.amounts, strict=True))
            if self._taxed(component, amounts) and ((side == "gross") == amounts.includes_tax) == own_side
        ]
        self._hand_out((side,), places)

    def settle_untaxed(self) -> None:
        if self.left("net") == self.left("gross"):
            pairs = enumerate(zip(self.components, self.amounts, strict=True))
            untaxed = [index for index, (component, amounts) in pairs if not self._taxed(component, amounts)]
            self._hand_out(("net", "gross"), untaxed)

    @staticmethod
    def _taxed(component: Component, amounts: Amounts) -> bool:
        return bool(amounts.tax or (component.rate and component.rate.amount))

    def _hand_out(self, sides: tuple[str, ...], places: Iterable[int]) -> None:
        step = 1 if self.left(sides[0]) > 0 else -1
        queue = sorted(places, key=lambda index: self._priority(index, step)) if self.left(sides[0]) else []
        while queue and self.left(sides[0]):
            queue = [index for index in queue if self._move(index, sides, step)]

    def _priority(self, index: int, step: int) -> tuple[Fraction, int, int]:
        """Largest remainder first: what rounding moved furthest against the step; then the largest; then the first."""
        return (-step * self._rounded_off(index), -abs(self.amounts[index].own), index)

    def _rounded_off(self, index: int) -> Fraction:
        rate, amounts = self.components[index].rate, self.amounts[index]
        if rate is None:
            return Fraction(0)
        return amounts.own * Fraction(*factor(rate)) - (amounts.net if amounts.includes_tax else amounts.gross)

    def _move(self, index: int, sides: tuple[str, ...], step: int) -> bool:
        """Move one minor unit, unless all is settled or a sign would flip; say whether the place can take more."""
        amounts = self.amounts[index]
        moved = amounts._replace(**{side: getattr(amounts, side) + step for side in sides})
        sign = 1 if amounts.own > 0 else -1
        if not self.left(sides[0]) or not amounts.own:
            return False
        if min(sign * moved.net, sign * moved.gross, sign * moved.tax) < 0:
            return False
        self.amounts[index] = moved
        return True

    def _refuse(self, side: str, why: str) -> None:
        wanted: int = getattr(self.target, side)
        found = self.terms.of_units(wanted - self.left(side))
        stated = self.terms.of_units(wanted)
        suspects = [component.label for component in self.components if self._off_rate(component)]
        hint = f"; tax and rate disagree in {', '.join(suspects)}" if suspects else ""
        field = f"taxedPrice.total{side.capitalize()}"
        raise UnmappableOrder(field, f"the order says {stated}, its components add up to {found}; {why}{hint}")

    def _off_rate(self, component: Component) -> bool:
        if component.rate is None:
            return bool(component.amounts.tax)
        amounts = component.amounts
        other = amounts.net if amounts.includes_tax else amounts.gross
        numerator, denominator = factor(component.rate)
        return abs(other - round_ratio(amounts.own * numerator, denominator)) > component.quantity
