"""Previewing with everything resolved in the systems themselves; writes are kept, reads are real."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from shared.cli.context import Context
from shared.cli.exits import CommandError, Exit
from shared.cli.preview_documents import mapped
from shared.cli.preview_market import choose_market, project_of
from shared.cli.preview_order import Preview
from shared.cli.rehearsal import Rehearsal
from shared.cli.rehearsing import CORRELATION, rehearse, rehearsed_connector
from shared.dynamics.auth import MsalTokenProvider, TokenProvider
from shared.flows.order_loading import OrderLoader
from shared.http import TIMEOUT
from shared.model.order import Order
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.flow import Trail, Work
from shared.state.records import Question


async def online_preview(
    context: Context,
    name: str,
    document: Mapping[str, Any] | None,
    to: str,
    project: str | None,
    *,
    reads: httpx.AsyncBaseTransport | None = None,
    tokens: TokenProvider | None = None,
) -> Preview:
    """Preview an order of commercetools, or a document from a file, with its references resolved.

    Tests give the transport and the tokens of their own back-end.
    """
    app = context.app
    if document is None:
        project, document = await _fetched(context, name, project)
    choice = choose_market(app.markets, to, document, project)
    key = project_of(choice, app.markets, project)
    market, order = choice.market.of_project(key), mapped(document, key)
    back_end = app.markets.back_ends[market.back_end]
    rehearsal = Rehearsal(reads or httpx.AsyncHTTPTransport())
    async with httpx.AsyncClient(transport=rehearsal, timeout=TIMEOUT) as http:
        tokens = tokens or MsalTokenProvider(
            back_end.per_user()[0], app.settings.oauth_ca_file, app.settings.managed_identity_client_id
        )
        connector = rehearsed_connector(market.back_end, back_end, tokens, http)
        state = context.state
        loader = OrderLoader(app.markets, app.projects, {market.back_end: connector}, state.id_map, state.snapshots)
        references = await loader.references(_work(order), market, order)
        if isinstance(references, Question):
            raise CommandError(f"{references.text}; {references.hint}")
        cuts = await rehearse(rehearsal, connector, order, references, market)
    return Preview(order, choice, back_end.type, tuple(rehearsal.requests), cuts)


async def _fetched(context: Context, name: str, project: str | None) -> tuple[str, dict[str, Any]]:
    """Find an order by id or number, in the given project or in any."""
    projects = context.app.projects
    if project is not None and project not in projects:
        known = ", ".join(projects)
        raise CommandError(f"project {project} is not in the market map; it has {known}", code=Exit.USAGE)
    for key in [project] if project else projects:
        for path in (f"orders/{quote(name, safe='')}", f"orders/order-number={quote(name, safe='')}"):
            document = await projects[key].find(path, CORRELATION)
            if document is not None:
                return key, document
    looked = project or ", ".join(projects)
    raise CommandError(f"no file and no order {name} (looked in {looked} by id and by order number)")


def _work(order: Order) -> Work:
    now = datetime.now(UTC)
    envelope = Envelope(
        flow="orders",
        project=order.project,
        entity_type="order",
        entity_id=order.id,
        cause=Cause(source="preview", type="Preview", id=order.id),
        correlation_id=CORRELATION,
        accepted_at=now,
    )
    return Work(envelope, fresh=False, now=now, trail=Trail())
