"""What can be told about a market map without asking any system. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.cli.findings import Finding, failed, note, ok
from shared.markets import ANY_PROJECT, BackEnd, BackEndType, Market, MarketMap, TaxRule

FLOWS = ("orders", "customers", "products", "prices", "inventory", "fulfilment", "returns", "payments")
# These work tax out from the code of a line; the others are told the amount.
TAX_BY_CODE: frozenset[BackEndType] = frozenset({"business_central", "finance"})


def check_map(markets: MarketMap) -> list[Finding]:
    """Check what validation lets pass but would not work, or not as meant."""
    types = {name: back_end.type for name, back_end in markets.back_ends.items()}
    findings = [row for market in markets.markets for row in _market(market, types[market.back_end])]
    findings += _shadowed(markets.markets)
    findings += [finding for name, end in markets.back_ends.items() for finding in _back_end(name, end, markets)]
    findings += [finding for key in markets.projects for finding in _project(key, markets)]
    return findings


def _market(market: Market, back_end: BackEndType) -> list[Finding]:
    where = f"market {market.name}"
    problems = [
        *_modes(market, where),
        *_tax(market, back_end, where),
        *_lines(market, where),
        *_warehouses(market, where),
    ]
    return problems or [ok("rules", where, "complete")]


def _modes(market: Market, where: str) -> Iterator[Finding]:
    for flow in market.modes:
        if flow not in FLOWS:
            yield failed("modes", where, f"there is no flow {flow}", f"use one of {', '.join(FLOWS)}")
    if all(mode == "off" for mode in market.modes.values()):
        yield note("modes", where, "no flow is on", 'set modes: { orders: "on" }, or shadow to try it out')


def _tax(market: Market, back_end: BackEndType, where: str) -> Iterator[Finding]:
    if not market.tax and market.mode("orders") != "off" and back_end in TAX_BY_CODE:
        yield failed("tax", where, "orders flow without tax rules: every order goes to review", "add tax rules")
    for later, rule in enumerate(market.tax):
        earlier = next((n for n, other in enumerate(market.tax[:later]) if _covers_rule(other, rule)), None)
        if earlier is not None:
            detail = f"tax.{later} ({rule.code}) is never reached: tax.{earlier} matches all of it first"
            yield failed("tax", where, detail, f"put tax.{later} before tax.{earlier}, or remove it")


def _covers_rule(wide: TaxRule, narrow: TaxRule) -> bool:
    pairs = ((wide.country, narrow.country), (wide.rate, narrow.rate), (wide.category, narrow.category))
    return wide.untaxed == narrow.untaxed and all(mine is None or mine == other for mine, other in pairs)


def _lines(market: Market, where: str) -> Iterator[Finding]:
    if market.mode("orders") == "off":
        return
    if market.shipping.default is None:
        known = ", ".join(market.shipping.methods) or "none"
        detail = f"freight of other shipping methods than {known} goes to review"
        yield note("shipping", where, detail, "give shipping.default to let every method through")
    if market.write_back is None:
        yield note("write_back", where, "commercetools is not told the number of the sales order", "give write_back")


def _warehouses(market: Market, where: str) -> Iterator[Finding]:
    codes = {warehouse.code for warehouse in market.warehouses}
    if market.location and codes and market.location not in codes:
        detail = f"location {market.location} is none of the warehouses ({', '.join(sorted(codes))})"
        yield failed("warehouses", where, detail, f"add {market.location} to warehouses, or correct location")


def _shadowed(markets: Sequence[Market]) -> Iterator[Finding]:
    for place, market in enumerate(markets):
        earlier = next((other for other in markets[:place] if _covers(other, market)), None)
        if earlier is not None:
            detail = f"never reached: market {earlier.name} stands before it and serves all of its business"
            yield failed("order of markets", f"market {market.name}", detail, f"put it before {earlier.name}")


def _covers(wide: Market, narrow: Market) -> bool:
    return (
        wide.project in (ANY_PROJECT, narrow.project)
        and _covers_names(wide.stores, narrow.stores)
        and _covers_names(wide.countries, narrow.countries)
    )


def _covers_names(wide: frozenset[str], narrow: frozenset[str]) -> bool:
    return not wide or (bool(narrow) and narrow <= wide)


def _back_end(name: str, back_end: BackEnd, markets: MarketMap) -> Iterator[Finding]:
    where = f"back-end {name}"
    for field, url in (("url", back_end.url), ("authority", back_end.authority)):
        if not url.startswith(("https://", "http://")):
            yield failed("address", where, f"{field} {url} is no address", f"let {field} start with https://")
    if all(market.back_end != name for market in markets.markets):
        yield note("use", where, "no market uses it", "remove it, or name it in a market")


def _project(key: str, markets: MarketMap) -> Iterator[Finding]:
    serving = [market for market in markets.markets if market.project in (key, ANY_PROJECT)]
    where = f"project {key}"
    if not serving:
        yield failed("use", where, "no market serves it: every order goes to review", "add a market for it")
    elif all(market.stores or market.countries for market in serving):
        detail = "orders of stores and countries that no market names go to review"
        yield note("use", where, detail, "add a market without stores and countries to take them")
