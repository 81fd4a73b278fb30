"""What orders take out of stock that the back-end does not know yet, or not for certain.

An order is exported once it has a sync mark: `syncInfo` with the channel of the market's `write_back`. Orders that were
exported long enough ago are left out by the query itself, so that a page holds little more than what is wanted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from shared.commercetools.bulk_queries import all_of, pages
from shared.commercetools.client import CommercetoolsClient, Document
from shared.mapping.commercetools.price_documents import moment_text
from shared.mapping.stock import OpenLine

PAGE = 100  # orders; whole ones, some 20 kB each, as REST answers know no fewer fields


async def open_lines(
    client: CommercetoolsClient,
    since: datetime,
    correlation_id: str,
    *,
    export_channel: str | None = None,
    known_before: datetime | None = None,
    wanted: Callable[[Document], bool] = lambda _: True,
) -> list[OpenLine]:
    """List lines of `wanted` orders since then that are not cancelled and were not exported before `known_before`.

    `export_channel` is the id of the channel that sync marks must have. Without it no order counts as exported: a mark
    that another system left says nothing about this back-end. The supply channels of the lines are told by key.
    """
    where = [f'createdAt > "{moment_text(since)}"', 'orderState in ("Open", "Confirmed", "Complete")']
    if known_before is not None and export_channel is not None:
        where.append(f'not(syncInfo(channel(id = "{export_channel}") and syncedAt < "{moment_text(known_before)}"))')
    lines = [line async for line in _lines(client, where, export_channel, wanted, correlation_id)]
    ids = {line.channel for line in lines if line.channel}
    keys = {one["id"]: one.get("key") for one in await all_of(client, "channels", "id in :v", ids, correlation_id)}
    return [_with_channel(line, keys) for line in lines]


async def _lines(
    client: CommercetoolsClient,
    where: list[str],
    export_channel: str | None,
    wanted: Callable[[Document], bool],
    correlation_id: str,
) -> AsyncIterator[OpenLine]:
    async for page in pages(client, "orders", where, correlation_id, size=PAGE):
        for order in filter(wanted, page):
            for line in lines_of(order, export_channel):
                yield line


def lines_of(order: Document, export_channel: str | None) -> Iterator[OpenLine]:
    """Read what an order takes; `channel` is an id."""
    exported_at = _exported_at(order, export_channel)
    for line in order.get("lineItems", ()):
        if sku := line["variant"].get("sku"):
            channel = (line.get("supplyChannel") or {}).get("id")
            yield OpenLine(order["id"], sku, line["quantity"], channel, exported_at)


def _exported_at(order: Document, export_channel: str | None) -> datetime | None:
    marks: list[Mapping[str, Any]] = order.get("syncInfo") or []
    of_channel = (mark for mark in marks if mark["channel"]["id"] == export_channel)
    return max((datetime.fromisoformat(mark["syncedAt"]) for mark in of_channel), default=None)


def _with_channel(line: OpenLine, keys: Mapping[str, str | None]) -> OpenLine:
    """Put a channel's key in the place of its id; a channel without a key keeps the id."""
    if line.channel is None:
        return line
    return OpenLine(line.order_id, line.sku, line.quantity, keys.get(line.channel) or line.channel, line.exported_at)
