"""Asking the back-ends whether they have what the markets name. Knows the connector protocol only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from shared.cli.findings import Finding, failed, note, ok
from shared.dynamics.auth import TokenProvider
from shared.dynamics.connector import Connector
from shared.dynamics.examination import Examined, Examiner, Named, by_value, line_targets
from shared.errors import NotFound, ServiceError
from shared.markets import BackEnd, ItemTarget, Market, MarketMap

# Time enough to make, register and roll out the next one.
EXPIRES_SOON = timedelta(days=30)

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
            for about_certificate in _certificate(name, user, datetime.now(UTC)):
                yield about_certificate
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
        fix = "check authority, tenant_id, client_id, scope, and the secret, certificate or federated credential"
        return failed("sign-in", where, str(error), fix)
    return ok("sign-in", where, "gets a token")


def _certificate(name: str, user: BackEnd, now: datetime) -> Iterator[Finding]:
    """Say how long the certificate lasts. One that cannot be read is the sign-in's to complain about."""
    if user.certificate is None:
        return
    from shared.dynamics.certificates import CertificateError, read_certificate  # noqa: PLC0415 - brings cryptography

    try:
        certificate = read_certificate(user.certificate.get_secret_value())
    except CertificateError:
        return
    where = f"back-end {name}, application user {user.client_id}"
    yield judge_expiry(where, certificate.thumbprint, certificate.expires, now)


def judge_expiry(where: str, thumbprint: str, expires: datetime, now: datetime) -> Finding:
    """Judge a certificate by its last moment: failed when it is over, a note within EXPIRES_SOON of it."""
    fix = "register a new certificate beside it and roll it out: docs/deployment.md, Rotating secrets"
    if expires <= now:
        return failed("certificate", where, f"{thumbprint} expired on {expires:%Y-%m-%d}: nobody signs in with it", fix)
    if expires <= now + EXPIRES_SOON:
        left = (expires - now).days
        return note("certificate", where, f"{thumbprint} expires on {expires:%Y-%m-%d}, in {left} day(s)", fix)
    return ok("certificate", where, f"{thumbprint} is valid until {expires:%Y-%m-%d}")


def _unreachable(market: Market, error: ServiceError) -> Finding:
    fix = "check url and scope of the back-end, and the rights of its application user"
    return failed("access", f"back-end {market.back_end}", str(error), fix)


async def _market(market: Market, connector: Connector, correlation_id: str) -> list[Finding]:
    findings = await _examined(market, connector, correlation_id)
    if any(finding.status == "failed" and finding.check == "company" for finding in findings):
        return findings
    findings += await _items(market, connector, correlation_id)
    for code, places in by_value(_locations(market)).items():
        findings.append(await _location(market, code, places, connector, correlation_id))
    findings += await _guest_account(market, connector, correlation_id)
    return findings


def _where(market: Market) -> str:
    return f"back-end {market.back_end}, market {market.name}"


async def _examined(market: Market, connector: Connector, correlation_id: str) -> list[Finding]:
    if not isinstance(connector, Examiner):
        return [note("set-up", _where(market), "company, tax codes and accounts are not checked for this back-end")]
    found = await connector.examine(market, correlation_id)
    return [_of_examined(market, row) for row in found]


def _of_examined(market: Market, row: Examined) -> Finding:
    check = row.check or row.what.partition(" ")[0]
    if not row.defect:
        return ok(check, _where(market), row.what)
    say = note if row.unsure else failed
    return say(check, _where(market), row.defect, row.fix)


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
    for place, target in line_targets(market):
        if target.as_ == "item":
            yield place, ItemTarget(item=target.number)


def _locations(market: Market) -> Iterator[Named]:
    if market.location:
        yield Named("location", market.location)
    yield from (Named(f"warehouses.{index}.code", house.code) for index, house in enumerate(market.warehouses))


async def _location(market: Market, code: str, places: str, connector: Connector, correlation_id: str) -> Finding:
    try:
        await connector.find_location(market.model_copy(update={"location": code}), correlation_id)
    except NotFound as error:
        fix = f"create location {code}, or correct the market map"
        return failed("location", _where(market), f"{places}: {error.message}", fix)
    return ok("location", _where(market), code)


async def _guest_account(market: Market, connector: Connector, correlation_id: str) -> list[Finding]:
    number = market.customers.guest_account
    if market.customers.guest != "account" or not number:
        return []
    found = await connector.find_customers(market, correlation_id, number=number)
    if len(found) != 1:
        detail = f"customers.guest_account: {len(found)} customers have the number {number}"
        return [
            failed("guest account", _where(market), detail, "correct customers.guest_account, or create the customer")
        ]
    if found[0].blocked:
        detail = f"customers.guest_account: customer {number} is blocked"
        return [failed("guest account", _where(market), detail, "unblock it there")]
    return [ok("guest account", _where(market), number)]
