"""Tax codes by the market's rules."""

from __future__ import annotations

from decimal import Decimal

from shared.markets import Market, TaxRule
from shared.model.back_end import MissingReference
from shared.model.order import Order, OrderLine


def tax_code(line: OrderLine, order: Order, market: Market) -> str | MissingReference:
    """Return the code of the first rule that matches the line's country, rate and category."""
    country = _country(line, order)
    rate = line.tax_rate.rate if line.tax_rate else Decimal(0)
    category = line.tax_rate.category_id if line.tax_rate else None
    for rule in market.tax:
        if _matches(rule, country, rate, category):
            return rule.code
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
