"""What a Business Central company must have for a market: itself, tax groups, accounts, payment codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.dynamics.examination import Examined
from shared.dynamics.odata import ODataClient, Row, any_of
from shared.errors import NotFound
from shared.markets import LineTarget, Market


async def examine(api: ODataClient, market: Market, correlation_id: str) -> list[Examined]:
    """Look for everything that the market names; without the company nothing else can be there."""
    try:
        company = await api.get(f"companies({market.company})", correlation_id)
    except NotFound:
        return [Examined("company", f"there is no company {market.company}", "list them with GET …/companies")]
    found = [Examined(f"company {company['name']}")]
    for entity_set, field, names in _wanted(market):
        rows = await _rows(api, market, entity_set, field, sorted(names), correlation_id)
        found += [_examined(entity_set, name, rows.get(name.casefold())) for name in sorted(names)]
    return found


def line_targets(market: Market) -> list[LineTarget]:
    """List what freight, custom and rounding lines of a market become."""
    rules = (*market.shipping.methods.values(), *market.custom_lines.slugs.values())
    single = (market.shipping.default, market.custom_lines.default, market.totals.rounding)
    return [target for target in (*rules, *single) if target is not None]


def _wanted(market: Market) -> list[tuple[str, str, set[str]]]:
    targets = line_targets(market)
    payments = [*market.payments.methods.values(), *([market.payments.default] if market.payments.default else [])]
    codes = {rule.code for rule in market.tax} | {target.tax_code for target in targets if target.tax_code}
    accounts = {target.number for target in targets if target.as_ == "account"}
    accounts |= {payment.account for payment in payments if payment.account}
    wanted = [
        ("taxGroups", "code", codes),
        ("accounts", "number", accounts),
        ("paymentMethods", "code", {payment.code for payment in payments}),
        ("paymentTerms", "code", {payment.terms for payment in payments if payment.terms}),
    ]
    return [row for row in wanted if row[2]]


async def _rows(
    api: ODataClient, market: Market, entity_set: str, field: str, names: Iterable[str], correlation_id: str
) -> Mapping[str, Row]:
    path = f"companies({market.company})/{entity_set}"
    rows = api.rows(path, correlation_id, filter=any_of(field, list(names)))
    return {str(row[field]).casefold(): row async for row in rows}


def _examined(entity_set: str, name: str, row: Row | None) -> Examined:
    what = f"{entity_set} {name}"
    if row is None:
        return Examined(what, f"{name} is not among the {entity_set}", "create it there, or correct the market map")
    if row.get("blocked") is True:
        return Examined(what, f"account {name} is blocked", "unblock it, or name another in the market map")
    if row.get("directPosting") is False:
        return Examined(what, f"account {name} allows no direct posting", "allow it, or name another account")
    return Examined(what)
