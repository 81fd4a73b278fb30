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
from shared.cli.rehearsal import NoReads, NoTokens, Rehearsal
from shared.cli.rehearsing import rehearse, rehearsed_connector
from shared.dynamics.odata import literal
from shared.markets import BackEndType, Market
from shared.model.back_end import CustomerRecord, ItemRecord, References
from shared.model.order import Order

NOBODY = "00000000-0000-0000-0000-000000000000"
# Dataverse names a customer by its set too, and can name a product by its number.
ITEM_IDS: Mapping[BackEndType, str] = {"dataverse": "productnumber={}"}
CUSTOMER_IDS: Mapping[BackEndType, str] = {"dataverse": f"contacts({NOBODY})"}


async def offline_preview(
    document: Mapping[str, Any], to: str, map_file: Path | None, project: str | None, environment: Mapping[str, str]
) -> Preview:
    """Preview a document with nothing but a market map. Raises CommandError naming the component that is wrong."""
    markets = read_map(map_file, environment)
    choice = choose_market(markets, to, document, project)
    key = project_of(choice, markets, project)
    market, order = choice.market.of_project(key), mapped(document, key)
    back_end = markets.back_ends[market.back_end]
    rehearsal = Rehearsal(NoReads(_looked_up(order)))
    async with httpx.AsyncClient(transport=rehearsal) as http:
        connector = rehearsed_connector(market.back_end, back_end, NoTokens(), http)
        references = _unresolved(order, market, back_end.type)
        cuts = await rehearse(rehearsal, connector, order, references, market)
    return Preview(order, choice, back_end.type, tuple(rehearsal.requests), cuts)


def _looked_up(order: Order) -> dict[str, dict[str, str]]:
    """Stand in for what a connector looks up itself when it writes."""
    return {
        "transactioncurrencies": {"transactioncurrencyid": NOBODY, "isocurrencycode": order.currency},
        "pricelevels": {"pricelevelid": NOBODY},
    }


def _unresolved(order: Order, market: Market, kind: BackEndType) -> References:
    lines = [line for line in order.lines if line.kind in {"item", "gift"}]
    nameless = next((line for line in lines if not line.sku), None)
    if nameless is not None:
        raise CommandError(f"{nameless.label}: it has no SKU, so no item can be named; give the variant one")
    named = ITEM_IDS.get(kind, NOBODY)
    items = {sku: ItemRecord(named.format(literal(sku)), sku) for sku in (str(line.sku) for line in lines)}
    customer = CustomerRecord(CUSTOMER_IDS.get(kind, NOBODY), "CUSTOMER", "placeholder customer")
    return References(customer, None, items, NOBODY if market.location else None)
