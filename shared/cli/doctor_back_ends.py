"""Asking the back-ends whether they have what the markets name. Knows the connector protocol only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping

from shared.cli.findings import Finding, failed, note, ok
from shared.dynamics.auth import TokenProvider
from shared.dynamics.connector import Connector
from shared.dynamics.examination import Examiner
from shared.errors import NotFound, ServiceError
from shared.markets import BackEnd, ItemTarget, LineTarget, Market, MarketMap

type TokensOf = Callable[[BackEnd], TokenProvider]


async def check_back_ends(
    markets: MarketMap, connectors: Mapping[str, Connector], tokens_of: TokensOf, correlation_id: str
) -> AsyncIterator[Finding]:
    """Sign every application user in, then check each market. A back-end that refuses is asked only once."""
    refused: set[str] = set()
    for name, back_end in markets.back_ends.items():
        for user in back_end.per_user():
            finding = await _sign_in(name, user, tokens_of)
            refused |= {name} if finding.status == "failed" else set()
            yield finding
    for market in markets.markets:
        if market.back_end in refused:
            continue
        try:
            for finding in await _market(market, connectors[market.back_end], correlation_id):
                yield finding
        except ServiceError as error:
            refused.add(market.back_end)
            yield _unreachable(market, error)


async def _sign_in(name: str, user: BackEnd, tokens_of: TokensOf) -> Finding:
    where = f"back-end {name}, application user {user.client_id}"
    try:
        await tokens_of(user).token()
    except ServiceError as error:
        fix = "check authority, tenant_id, client_id and client_secret (or the federated credential), and scope"
        return failed("sign-in", where, str(error), fix)
    return ok("sign-in", where, "gets a token")


def _unreachable(market: Market, error: ServiceError) -> Finding:
    fix = "check url and scope of the back-end, and the rights of its application user"
    return failed("access", f"back-end {market.back_end}", str(error), fix)


async def _market(market: Market, connector: Connector, correlation_id: str) -> list[Finding]:
    findings = await _examined(market, connector, correlation_id)
    if any(finding.status == "failed" and finding.check == "company" for finding in findings):
        return findings
    findings += await _items(market, connector, correlation_id)
    findings += [await _location(market, code, connector, correlation_id) for code in _locations(market)]
    findings += await _guest_account(market, connector, correlation_id)
    return findings


def _where(market: Market) -> str:
    return f"back-end {market.back_end}, market {market.name}"


async def _examined(market: Market, connector: Connector, correlation_id: str) -> list[Finding]:
    if not isinstance(connector, Examiner):
        return [note("set-up", _where(market), "company, tax codes and accounts are not checked for this back-end")]
    found = await connector.examine(market, correlation_id)
    return [
        failed(row.what.partition(" ")[0], _where(market), row.defect, row.fix)
        if row.defect
        else ok(row.what.partition(" ")[0], _where(market), row.what)
        for row in found
    ]


async def _items(market: Market, connector: Connector, correlation_id: str) -> list[Finding]:
    wanted = dict(_wanted_items(market))
    found = await connector.find_items(market, wanted, correlation_id) if wanted else {}
    return [_item(market, name, target, found) for name, target in wanted.items()]


def _item(market: Market, name: str, target: ItemTarget, found: Mapping[str, object]) -> Finding:
    item = found.get(name)
    shown = f"{target.item}/{target.variant}" if target.variant else target.item
    if item is None:
        return failed(
            "item", _where(market), f"{name}: item {shown} does not exist", "create it, or correct the market map"
        )
    if getattr(item, "blocked", False):
        return failed("item", _where(market), f"{name}: item {shown} is blocked", "unblock it, or name another")
    return ok("item", _where(market), f"{name}: {shown}")


def _wanted_items(market: Market) -> Iterator[tuple[str, ItemTarget]]:
    """Name every item of the map by the place where it stands."""
    yield from ((f"items.{sku}", target) for sku, target in market.items.items())
    for place, target in _line_targets(market):
        if target is not None and target.as_ == "item":
            yield place, ItemTarget(item=target.number)


def _line_targets(market: Market) -> Iterator[tuple[str, LineTarget | None]]:
    yield "shipping.default", market.shipping.default
    yield from ((f"shipping.methods.{name}", target) for name, target in market.shipping.methods.items())
    yield "custom_lines.default", market.custom_lines.default
    yield from ((f"custom_lines.slugs.{slug}", target) for slug, target in market.custom_lines.slugs.items())
    yield "totals.rounding", market.totals.rounding


def _locations(market: Market) -> list[str]:
    codes = [market.location, *(warehouse.code for warehouse in market.warehouses)]
    return list(dict.fromkeys(code for code in codes if code))


async def _location(market: Market, code: str, connector: Connector, correlation_id: str) -> Finding:
    try:
        await connector.find_location(market.model_copy(update={"location": code}), correlation_id)
    except NotFound as error:
        return failed("location", _where(market), error.message, f"create location {code}, or correct the market map")
    return ok("location", _where(market), code)


async def _guest_account(market: Market, connector: Connector, correlation_id: str) -> list[Finding]:
    number = market.customers.guest_account
    if market.customers.guest != "account" or not number:
        return []
    found = await connector.find_customers(market, correlation_id, number=number)
    if len(found) != 1:
        detail = f"{len(found)} customers have the number {number}"
        return [
            failed("guest account", _where(market), detail, "correct customers.guest_account, or create the customer")
        ]
    if found[0].blocked:
        return [failed("guest account", _where(market), f"customer {number} is blocked", "unblock it there")]
    return [ok("guest account", _where(market), number)]
