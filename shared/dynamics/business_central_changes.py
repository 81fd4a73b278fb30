"""Carrying changes over to an exported Business Central sales order: header first, then lines by place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.dynamics.odata import ODataClient, Row
from shared.dynamics.order_changes import Payer
from shared.errors import NotFound
from shared.mapping.business_central.changes import (
    comment_changes,
    header_changes,
    line_changes,
    own_lines,
    sorted_lines,
)
from shared.mapping.business_central.purchase_orders import carries_purchase_order
from shared.mapping.line_edits import LineEdit
from shared.markets import Market
from shared.model.back_end import CustomerDraft, CustomerRecord, OrderDraft, OrderRecord
from shared.model.order_changes import OrderChanges, OrderEdit

# Not Business Central's own words, since it has none: partly shipped or invoiced, and posted whole (or deleted).
SHIPPED, INVOICED, GONE = "Shipped", "Invoiced", "Gone"
ETAG = "@odata.etag"


class OrderChanger:
    """Compares and changes orders of one environment."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    async def read(self, market: Market, order_id: str, correlation_id: str) -> Row | None:
        """Read an order with its lines; None when it is not there: posting the whole of it removes it."""
        try:
            return await self._api.get(_path(market, order_id), correlation_id, expand="salesOrderLines")
        except NotFound:
            return None

    async def change(
        self, market: Market, order_id: str, draft: OrderDraft, payer: CustomerRecord | None, correlation_id: str
    ) -> None:
        """Write what differs. Changed headers may change lines, so lines are read anew after them."""
        row = await self._api.get(_path(market, order_id), correlation_id, expand="salesOrderLines")
        header = header_changes(draft.payload, row, payer.id if payer else None)
        if header:
            await self._patch(_path(market, order_id), header, row, correlation_id)
            row = await self._api.get(_path(market, order_id), correlation_id, expand="salesOrderLines")
        for edit in _line_edits(draft, row, market):
            await self._line(market, order_id, edit, correlation_id)

    async def _line(self, market: Market, order_id: str, edit: LineEdit, correlation_id: str) -> None:
        if edit.row is None:
            path = f"{_path(market, order_id)}/salesOrderLines"
            await self._api.call("POST", path, correlation_id, json=dict(edit.body or {}))
            return
        path = f"companies({market.company})/salesOrderLines({edit.row['id']})"
        if edit.body is None:
            await self._api.call("DELETE", path, correlation_id, if_match=edit.row[ETAG])
        else:
            await self._patch(path, edit.body, edit.row, correlation_id)

    async def _patch(self, path: str, body: Mapping[str, Any], row: Mapping[str, Any], correlation_id: str) -> None:
        await self._api.call("PATCH", path, correlation_id, json=dict(body), if_match=row[ETAG])


def compared(
    row: Row | None, record: OrderRecord | None, draft: OrderDraft, payer: Payer, market: Market
) -> OrderChanges:
    """Compare an order that was read. Pure."""
    if row is None:
        return OrderChanges(GONE, None)
    edits = [edit.shown() for edit in _line_edits(draft, row, market)]
    header = header_changes(draft.payload, row, _payer_id(payer))
    if header:
        edits.insert(0, OrderEdit(f"header ({', '.join(header)})", {name: row.get(name) for name in header}, header))
    return OrderChanges(state_of(row), record, len(own_lines(row, market.totals.rounding)), tuple(edits))


def _line_edits(draft: OrderDraft, row: Row, market: Market) -> list[LineEdit]:
    """Where the market does not carry purchase order numbers, such a line is somebody's own and stays."""
    edits = line_changes(draft.payload, row, market.totals.rounding)
    return edits + (comment_changes(draft.payload, row) if carries_purchase_order(market) else [])


def state_of(row: Row) -> str:
    """Tell how far an order has got: Business Central's status, unless goods or invoices have left already."""
    lines = sorted_lines(row)
    if any(line.get("invoicedQuantity") for line in lines):
        return INVOICED
    return SHIPPED if any(line.get("shippedQuantity") for line in lines) else str(row["status"])


def _payer_id(payer: Payer) -> str | None:
    if payer is None:
        return None
    return "to be created" if isinstance(payer, CustomerDraft) else payer.id


def _path(market: Market, order_id: str) -> str:
    return f"companies({market.company})/salesOrders({order_id})"
