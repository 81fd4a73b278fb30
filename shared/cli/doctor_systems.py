"""Asking every system that the market map names whether it is ready. Reads only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.cli.context import Context
from shared.cli.doctor_back_ends import TokensOf, check_back_ends
from shared.cli.findings import Finding, failed, ok
from shared.commercetools.client import CommercetoolsClient
from shared.dynamics.auth import MsalTokenProvider
from shared.errors import Permanent, ServiceError
from shared.markets import ANY_PROJECT, Market

CORRELATION = "doctor"
EXPORT, SUPPLY, DISTRIBUTION = "OrderExport", "InventorySupply", "ProductDistribution"


async def check_systems(context: Context, tokens_of: TokensOf | None = None) -> list[Finding]:
    """Check every project, back-end, queue and table. Tests give the tokens of their own back-ends."""
    app = context.app
    tokens_of = tokens_of or (
        lambda user: MsalTokenProvider(user, app.settings.oauth_ca_file, app.settings.managed_identity_client_id)
    )
    findings = [finding async for finding in _projects(context)]
    findings += [row async for row in check_back_ends(app.markets, app.connectors, tokens_of, CORRELATION)]
    findings += [await _queue(context, queue) for queue in context.queues]
    findings += [await _table(name, read) for name, read in _reads(context).items()]
    return findings


async def _projects(context: Context) -> AsyncIterator[Finding]:
    for key, client in context.app.projects.items():
        signed_in = await _orders_readable(key, client)
        yield signed_in
        if signed_in.status == "ok":
            for market in context.app.markets.markets:
                if market.project in (key, ANY_PROJECT):
                    async for finding in _project_set_up(client, key, market):
                        yield finding


async def _orders_readable(key: str, client: CommercetoolsClient) -> Finding:
    where = f"project {key}"
    try:
        await client.query("orders", CORRELATION, where='id = "doctor"', limit=1)
    except ServiceError as error:
        fix = "check api_url, auth_url, client_id and client_secret; the API client needs the scope manage_orders"
        return failed("sign-in", where, str(error), fix)
    return ok("sign-in", where, "the API client signs in and reads orders")


async def _project_set_up(client: CommercetoolsClient, key: str, market: Market) -> AsyncIterator[Finding]:
    where = f"project {key}, market {market.name}"
    for channel, role in _channels(market):
        yield await _asked("channel", where, _channel(client, channel, role, where))
    if market.write_back and market.write_back.type:
        field = str(market.write_back.field)
        yield await _asked("custom field", where, _custom_field(client, market.write_back.type, field, where))


def _channels(market: Market) -> list[tuple[str, str]]:
    wanted = [(market.write_back.channel, EXPORT)] if market.write_back else []
    wanted += [(warehouse.channel, SUPPLY) for warehouse in market.warehouses if warehouse.channel]
    wanted += [(book.channel, DISTRIBUTION) for book in market.price_books if book.channel]
    return wanted


async def _asked(check: str, where: str, question: Awaitable[Finding]) -> Finding:
    try:
        return await question
    except ServiceError as error:
        scopes = "view_products or manage_project (channels), view_types (types)"
        return failed(check, where, str(error), f"the API client needs the scopes {scopes}")


async def _channel(client: CommercetoolsClient, key: str, role: str, where: str) -> Finding:
    found = await client.query("channels", CORRELATION, where=f'key = "{key}"', limit=1)
    if not found:
        return failed("channel", where, f"there is no channel {key}", f"create it with the role {role}")
    if role not in found[0].get("roles", ()):
        return failed("channel", where, f"channel {key} lacks the role {role}", f"add the role {role} to it")
    return ok("channel", where, f"{key} has the role {role}")


async def _custom_field(client: CommercetoolsClient, key: str, field: str, where: str) -> Finding:
    found = await client.query("types", CORRELATION, where=f'key = "{key}"', limit=1)
    if not found:
        fix = f"create it for the resource type order, with the field {field} (String)"
        return failed("custom field", where, f"there is no custom type {key}", fix)
    return _judge_type(found[0], key, field, where)


def _judge_type(custom_type: Mapping[str, Any], key: str, field: str, where: str) -> Finding:
    definition = next((row for row in custom_type.get("fieldDefinitions", ()) if row.get("name") == field), None)
    if "order" not in custom_type.get("resourceTypeIds", ()):
        return failed(
            "custom field", where, f"type {key} is not for orders", "create a type for the resource type order"
        )
    if definition is None:
        return failed("custom field", where, f"type {key} has no field {field}", f"add the field {field} (String)")
    kind = definition.get("type", {}).get("name")
    if kind != "String":
        return failed("custom field", where, f"{key}.{field} is a {kind}", "use a field of the type String")
    return ok("custom field", where, f"{key}.{field} can be set on orders")


async def _queue(context: Context, queue: str) -> Finding:
    where = f"queue {queue}"
    try:
        dead = await context.dead_letters.list_messages(queue)
    except ServiceError as error:
        fix = "create the queue (infra/), check the setting ServiceBus, and the role Azure Service Bus Data Owner"
        return failed("queue", where, str(error), fix)
    return ok("queue", where, f"reachable, {len(dead)} dead letter(s)")


def _reads(context: Context) -> dict[str, Callable[[], Awaitable[object]]]:
    """One harmless read for each table."""
    state, key = context.state, "doctor"

    async def first(rows: AsyncIterator[object]) -> object:
        return await anext(rows, None)

    return {
        "idmap": lambda: state.id_map.by_commercetools_id(key, key, key),
        "cursors": lambda: state.cursors.get(key),
        "snapshots": lambda: state.snapshots.get(key, key, key),
        "failures": lambda: state.failures.get(key, key, 0),
        "leases": lambda: state.leases.read(key),
        "audit": lambda: first(state.audit.by_entity(key)),
        "auditindex": lambda: first(state.audit.by_day(datetime.now(UTC))),
        "review": lambda: state.review.get(key),
    }


async def _table(name: str, read: Callable[[], Awaitable[object]]) -> Finding:
    where = f"table {name}"
    try:
        await read()
    except ServiceError as error:
        missing = isinstance(error, Permanent) and error.code == "TableNotFound"
        fix = "create the tables (infra/)" if missing else "check TABLES_CONNECTION_STRING or TABLES_ENDPOINT"
        return failed("table", where, str(error), f"{fix}; an identity needs Storage Table Data Contributor")
    return ok("table", where, "can be read")
