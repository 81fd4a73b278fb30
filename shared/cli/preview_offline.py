"""Previewing with nothing but a document and a market map: no system is asked, nothing is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from shared.cli.exits import CommandError
from shared.cli.preview_documents import mapped
from shared.cli.preview_market import choose_market, project_of, read_map
from shared.cli.preview_order import Preview
from shared.cli.rehearsal import NoTokens, Rehearsal
from shared.cli.rehearsing import rehearse, rehearsed_connector
from shared.markets import Market
from shared.model.back_end import CustomerRecord, ItemRecord, References
from shared.model.order import Order

NOBODY = "00000000-0000-0000-0000-000000000000"
PLACEHOLDER_CUSTOMER = CustomerRecord(NOBODY, "CUSTOMER", "placeholder customer")


async def offline_preview(
    document: Mapping[str, Any], to: str, map_file: Path | None, project: str | None, environment: Mapping[str, str]
) -> Preview:
    """Preview a document with nothing but a market map. Raises CommandError naming the component that is wrong."""
    markets = read_map(map_file, environment)
    choice = choose_market(markets, to, document, project)
    market, order = choice.market, mapped(document, project_of(choice, markets, project))
    back_end = markets.back_ends[market.back_end]
    async with httpx.AsyncClient(transport=(rehearsal := Rehearsal())) as http:
        connector = rehearsed_connector(market.back_end, back_end, NoTokens(), http)
        references = _unresolved(order, market)
        cuts = await rehearse(connector, order, references, market)
    return Preview(order, choice, back_end.type, tuple(rehearsal.requests), cuts)


def _unresolved(order: Order, market: Market) -> References:
    lines = [line for line in order.lines if line.kind in {"item", "gift"}]
    nameless = next((line for line in lines if not line.sku), None)
    if nameless is not None:
        raise CommandError(f"{nameless.label}: it has no SKU, so no item can be named; give the variant one")
    items = {str(line.sku): ItemRecord(NOBODY, str(line.sku)) for line in lines}
    return References(PLACEHOLDER_CUSTOMER, None, items, NOBODY if market.location else None)
