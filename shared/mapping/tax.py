"""Tax codes by the market's rules."""

from __future__ import annotations

from decimal import Decimal

from shared.markets import Market, TaxRule
from shared.model.back_end import MissingReference
from shared.model.order import Order, OrderLine


def tax_code(line: OrderLine, order: Order, market: Market) -> str | MissingReference:
    """Return the code of the first rule that matches the line's country, rate and category.

    A line without any tax rate is not a line of rate 0: only a rule that says `untaxed` speaks for it.
    """
    country = _country(line, order)
    if line.tax_rate is None:
        found = (rule.code for rule in market.tax if rule.untaxed and rule.country in {None, country})
        return next(found, None) or _untaxed(line, country, market)
    rate, category = line.tax_rate.rate, line.tax_rate.category_id
    for rule in market.tax:
        if not rule.untaxed and _matches(rule, country, rate, category):
            return rule.code
    return _unknown_rate(line, country, rate, market)


def _untaxed(line: OrderLine, country: str | None, market: Market) -> MissingReference:
    return MissingReference(
        kind="tax",
        key=f"{country or '-'}/untaxed",
        text=f"no tax rate on {line.label}: its tax mode is Disabled, or External and nobody has set a rate",
        hint=f"set the rate in commercetools; or, if such lines are untaxed, add {{untaxed: true, code: …}} to the tax "
        f"rules of market {market.name}",
        facts={"country": country, "line": line.label},
    )


def _unknown_rate(line: OrderLine, country: str | None, rate: Decimal, market: Market) -> MissingReference:
    return MissingReference(
        kind="tax",
        key=f"{country or '-'}/{rate.normalize():f}",
        text=f"no tax code for {rate:.2%} in {country or 'no country'} ({line.label})",
        hint=f"add a tax rule to market {market.name}: {{country: {country}, rate: {rate.normalize():f}, code: …}}",
        facts={"country": country, "rate": str(rate), "line": line.label},
    )


def _country(line: OrderLine, order: Order) -> str | None:
    if line.tax_rate and line.tax_rate.country:
        return line.tax_rate.country
    if order.shipping_addresses:
        return order.shipping_addresses[0].address.country
    return order.country


def _matches(rule: TaxRule, country: str | None, rate: Decimal, category: str | None) -> bool:
    return (
        (rule.country is None or rule.country == country)
        and (rule.rate is None or rule.rate == rate)
        and (rule.category is None or rule.category == category)
    )
