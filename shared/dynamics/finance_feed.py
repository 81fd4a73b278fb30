"""Customers of Finance, listed whole: no field says when a customer was changed, so a digest of what we keep tells.

The list is ordered by account as Finance orders texts, which is not the order of code points. The next page is read
while the caller works on one, and no more than that is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from hashlib import sha256

from shared.dynamics.finance_customers import CUSTOMERS, FinanceCustomers
from shared.dynamics.odata import ODataClient, Row, literal
from shared.errors import ServiceError
from shared.mapping.finance.customer_fields import ACCOUNT, PARTY_NUMBER, columns, fields_of
from shared.markets import Market
from shared.model.customer_fields import ChangePage, Fields, RecordChange, canonical

PAGE = 500
CURSOR = "whole"  # every pull starts anew: a cursor says nothing


class FinanceFeed:
    """Changes of one environment; see `TellsChanges`."""

    def __init__(self, api: ODataClient, customers: FinanceCustomers) -> None:
        self._api = api
        self._customers = customers

    async def customers(self, market: Market, correlation_id: str) -> AsyncGenerator[ChangePage]:
        """List all customers of the market's company, page by page. A company without customers is one empty page."""
        async with aclosing(self._chunks(market, correlation_id)) as chunks:
            ahead = asyncio.ensure_future(anext(chunks, None))
            try:
                while (rows := await ahead) is not None:
                    ahead = asyncio.ensure_future(anext(chunks, None))
                    yield await self._page(market, rows, correlation_id)
            finally:
                ahead.cancel()
                with suppress(asyncio.CancelledError, ServiceError):
                    await ahead

    async def _chunks(self, market: Market, correlation_id: str) -> AsyncGenerator[list[Row]]:
        chunk: list[Row] = []
        condition = f"dataAreaId eq {literal(market.company.lower())}"
        select = ",".join(columns(market))
        rows = self._api.rows(CUSTOMERS, correlation_id, filter=condition, orderby=ACCOUNT, select=select)
        async for row in rows:
            chunk.append(row)
            if len(chunk) == PAGE:
                yield chunk
                chunk = []
        yield chunk

    async def _page(self, market: Market, rows: list[Row], correlation_id: str) -> ChangePage:
        locations = await self._customers.locations(market, rows, correlation_id)
        fields = ((row, fields_of(row, locations.get(row[PARTY_NUMBER], ()), market)) for row in rows)
        return ChangePage([RecordChange(row[ACCOUNT], digest(held)) for row, held in fields], CURSOR, whole=True)


def digest(fields: Fields) -> str:
    """Return what tells one state of a customer from another: SHA-256 of the fields that we keep in step."""
    return sha256(canonical(dict(fields)).encode()).hexdigest()
