"""What a Business Central company must have for a market: itself, tax groups, accounts, payment codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.dynamics.examination import (
    Examined,
    Named,
    accounts,
    by_value,
    payment_methods,
    payment_terms,
    tax_codes,
)
from shared.dynamics.odata import ODataClient, Row, any_of
from shared.errors import NotFound
from shared.markets import Market


async def examine(api: ODataClient, market: Market, correlation_id: str) -> list[Examined]:
    """Look for everything that the market names; without the company nothing else can be there."""
    try:
        company = await api.get(f"companies({market.company})", correlation_id)
    except NotFound:
        return [Examined("company", f"company: there is no company {market.company}", "list them with GET …/companies")]
    found = [Examined(f"company {company['name']}")]
    for entity_set, field, named in _wanted(market):
        places = by_value(named)
        rows = await _rows(api, market, entity_set, field, places, correlation_id) if places else {}
        found += [_examined(entity_set, name, where, rows.get(name.casefold())) for name, where in places.items()]
    return found


def _wanted(market: Market) -> list[tuple[str, str, Iterable[Named]]]:
    return [
        ("taxGroups", "code", tax_codes(market)),
        ("accounts", "number", accounts(market)),
        ("paymentMethods", "code", payment_methods(market)),
        ("paymentTerms", "code", payment_terms(market)),
    ]


async def _rows(
    api: ODataClient, market: Market, entity_set: str, field: str, names: Iterable[str], correlation_id: str
) -> Mapping[str, Row]:
    path = f"companies({market.company})/{entity_set}"
    rows = api.rows(path, correlation_id, filter=any_of(field, list(names)))
    return {str(row[field]).casefold(): row async for row in rows}


def _examined(entity_set: str, name: str, where: str, row: Row | None) -> Examined:
    what = f"{entity_set} {name}"
    if row is None:
        defect = f"{where}: {name} is not among the {entity_set}"
        return Examined(what, defect, "create it there, or correct the market map")
    if row.get("blocked") is True:
        defect = f"{where}: account {name} is blocked"
        return Examined(what, defect, "unblock it, or name another in the market map")
    if row.get("directPosting") is False:
        defect = f"{where}: account {name} allows no direct posting"
        return Examined(what, defect, "allow it, or name another account")
    return Examined(what)
