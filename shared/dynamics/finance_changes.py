"""Carrying changes over to an exported Finance sales order: header, then lines by our own numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.dynamics.finance_orders import options_of
from shared.dynamics.finance_records import OPEN, entity_path, in_company, order_record
from shared.dynamics.odata import ODataClient, Row, literal
from shared.dynamics.order_changes import Payer
from shared.errors import NotFound
from shared.mapping.finance.changes import PAYER, header_changes, line_changes, own_lines
from shared.mapping.line_edits import LineEdit
from shared.markets import Market
from shared.model.back_end import CustomerDraft, CustomerRecord, OrderDraft
from shared.model.order_changes import OrderChanges, OrderEdit

GONE = "Gone"  # not Finance's own word: somebody deleted the order
ETAG = "@odata.etag"


class FinanceChanger:
    """Compares and changes orders of one environment."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    async def compare(
        self, market: Market, number: str, draft: OrderDraft, payer: Payer, correlation_id: str
    ) -> OrderChanges:
        """Read and compare."""
        try:
            header, lines = await self._read(market, number, correlation_id)
        except NotFound:
            return OrderChanges(GONE, None)
        rounding = market.totals.rounding
        edits = [edit.shown() for edit in line_changes(draft.payload, header, lines, rounding)]
        changed = header_changes(draft.payload, header, _payer(payer, header))
        if changed:
            before = {name: header.get(name) for name in changed}
            edits.insert(0, OrderEdit(f"header ({', '.join(changed)})", before, changed))
        record = order_record(header, lines)
        return OrderChanges(state_of(header), record, len(own_lines(lines, rounding)), tuple(edits))

    async def change(
        self, market: Market, number: str, draft: OrderDraft, payer: CustomerRecord | None, correlation_id: str
    ) -> None:
        """Write what differs, one request after the other: Finance locks the order meanwhile."""
        header, lines = await self._read(market, number, correlation_id)
        changed = header_changes(draft.payload, header, _payer(payer, header))
        if changed:
            path = self._path(market, number)
            await self._api.call("PATCH", path, correlation_id, json=changed, if_match=header[ETAG])
            header, lines = await self._read(market, number, correlation_id)
        for edit in line_changes(draft.payload, header, lines, market.totals.rounding):
            await self._line(market, number, edit, correlation_id)

    async def _line(self, market: Market, number: str, edit: LineEdit, correlation_id: str) -> None:
        entity_set = options_of(market).lines
        if edit.row is None:
            body = {"SalesOrderNumber": number, **(edit.body or {})}
            await self._api.call("POST", entity_set, correlation_id, json=body)
            return
        path = entity_path(entity_set, market.company, InventoryLotId=edit.row["InventoryLotId"])
        if edit.body is None:
            await self._api.call("DELETE", path, correlation_id, if_match=edit.row[ETAG])
        else:
            await self._api.call("PATCH", path, correlation_id, json=dict(edit.body), if_match=edit.row[ETAG])

    async def _read(self, market: Market, number: str, correlation_id: str) -> tuple[Row, Sequence[Row]]:
        return await asyncio.gather(
            self._api.get(self._path(market, number), correlation_id), self._lines(market, number, correlation_id)
        )

    async def _lines(self, market: Market, number: str, correlation_id: str) -> Sequence[Row]:
        condition = in_company(market.company, f"SalesOrderNumber eq {literal(number)}")
        return [row async for row in self._api.rows(options_of(market).lines, correlation_id, filter=condition)]

    def _path(self, market: Market, number: str) -> str:
        return entity_path(options_of(market).headers, market.company, SalesOrderNumber=number)


def state_of(header: Row) -> str:
    """Tell how far an order has got: the processing status, which is finer, while the order is open."""
    status, processing = str(header["SalesOrderStatus"]), str(header["SalesOrderProcessingStatus"])
    return processing if status == OPEN else status


def _payer(payer: Payer, header: Row) -> str:
    if payer is None:
        return str(header["OrderingCustomerAccountNumber"])
    return f"new {PAYER}" if isinstance(payer, CustomerDraft) else payer.number
