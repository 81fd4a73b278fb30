"""Net and gross of one component, from its taxed price if that fits its total, else from its rate."""

from functools import lru_cache
from typing import NamedTuple

from shared.mapping.commercetools.documents import TaxedDocument, TaxRateDocument
from shared.mapping.commercetools.errors import UnmappableOrder
from shared.mapping.commercetools.terms import Terms
from shared.model.money import Money, round_ratio
from shared.model.order import SubRate, TaxRate

type UnitGroups = tuple[tuple[int, Money], ...]


class Amounts(NamedTuple):
    """Minor units of a component; `own` is the amount in its own price mode."""

    own: int
    net: int
    gross: int
    includes_tax: bool

    @property
    def tax(self) -> int:
        """Gross less net."""
        return self.gross - self.net


def amounts_of(
    own: int, rate: TaxRateDocument | None, taxed: TaxedDocument | None, groups: UnitGroups, terms: Terms, path: str
) -> Amounts:
    """Determine net and gross of a component whose total in its own mode is `own`."""
    stated = _stated(own, rate, taxed, terms, path) if taxed else None
    if stated:
        return stated
    if rate is None or not rate.amount or not terms.rates_apply:
        if taxed and (rate is None or not terms.rates_apply):
            raise UnmappableOrder(f"{path}.taxedPrice", _misfit(own, taxed, terms))
        return Amounts(own, own, own, includes_tax=bool(rate and rate.included_in_price))
    other = _by_unit(own, groups, rate, terms) if terms.unit_level_tax else _by_line(own, rate, terms)
    if rate.included_in_price:
        return Amounts(own, other, own, includes_tax=True)
    return Amounts(own, own, other, includes_tax=False)


def _misfit(own: int, taxed: TaxedDocument, terms: Terms) -> str:
    net, gross = taxed.total_net["cent_amount"], taxed.total_gross["cent_amount"]
    found = f"net {net}, gross {gross} minor units"
    return f"{found}; neither is the total {terms.of_units(own)}, and there is no tax rate to compute them from"


def _stated(own: int, rate: TaxRateDocument | None, taxed: TaxedDocument, terms: Terms, path: str) -> Amounts | None:
    net = terms.units(taxed.total_net, f"{path}.taxedPrice.totalNet")
    gross = terms.units(taxed.total_gross, f"{path}.taxedPrice.totalGross")
    _check_tax(net, gross, taxed, terms, path)
    if own not in {net, gross}:
        return None
    # With an amount of tax set from outside (ExternalAmount), the net is the total even if the rate says "included".
    says_included = bool(rate and rate.included_in_price)
    return Amounts(own, net, gross, includes_tax=says_included if net == gross else gross == own)


def _check_tax(net: int, gross: int, taxed: TaxedDocument, terms: Terms, path: str) -> None:
    where = f"{path}.taxedPrice.totalTax"
    if taxed.total_tax and terms.units(taxed.total_tax, where) != gross - net:
        stated, found = terms.units(taxed.total_tax, where), gross - net
        reason = f"is {terms.of_units(stated)}, but gross less net is {terms.of_units(found)}"
        raise UnmappableOrder(where, reason)


def factor(rate: TaxRateDocument) -> tuple[int, int]:
    """Return what the own amount is multiplied with to get the other one, as a fraction."""
    numerator, denominator = rate.amount.as_integer_ratio()
    up = (denominator + numerator, denominator)
    return (up[1], up[0]) if rate.included_in_price else up


def _by_line(own: int, rate: TaxRateDocument, terms: Terms) -> int:
    numerator, denominator = factor(rate)
    return round_ratio(own * numerator, denominator, terms.tax_rounding)


def _by_unit(own: int, groups: UnitGroups, rate: TaxRateDocument, terms: Terms) -> int:
    """Tax each unit by itself, as far as whole unit prices explain the total: gifts and precise prices do not."""
    scale = 10**terms.digits
    units = [(quantity, unit.amount * scale) for quantity, unit in groups]
    if sum(quantity * unit for quantity, unit in units) != own or any(unit % 1 for _, unit in units):
        return _by_line(own, rate, terms)
    return sum(quantity * _by_line(int(unit), rate, terms) for quantity, unit in units)


@lru_cache(maxsize=1024)
def tax_rate_from(rate: TaxRateDocument | None, category_id: str | None) -> TaxRate | None:
    """Translate a tax rate; a shop has few, and both kinds are immutable."""
    if rate is None:
        return None
    return TaxRate(
        name=rate.name,
        rate=rate.amount,
        country=rate.country,
        state=rate.state,
        id=rate.id,
        category_id=category_id,
        sub_rates=tuple(SubRate(name=sub.name, rate=sub.amount) for sub in rate.sub_rates),
    )
