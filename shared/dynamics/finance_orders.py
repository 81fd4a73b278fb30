"""Sales orders in Finance: two data entities, so an order can be half-written, and a later attempt completes it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from shared.dynamics.finance_records import CROSS_COMPANY, entity_path, in_company, order_record, same_text
from shared.dynamics.multipart import Part
from shared.dynamics.odata import ODataClient, Row, literal
from shared.errors import NotFound, OutcomeUnknown, Permanent, ServiceError
from shared.mapping.finance.orders import HEADER, LINES
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.back_end import OrderDraft, OrderRecord

LINE_NUMBER = "CustomersLineNumber"


class FinanceOrders:
    """Header and lines over one client."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    async def find(self, market: Market, reference: str, correlation_id: str) -> list[OrderRecord]:
        """Find orders by our reference; it is not unique in Finance."""
        condition = in_company(market.company, f"CustomersOrderReference eq {literal(reference)}")
        path = options_of(market).headers
        headers = [row async for row in self._api.rows(path, correlation_id, filter=condition)]
        ours = [row for row in headers if same_text(row["CustomersOrderReference"], reference)]
        return [order_record(row, await self.lines(market, row["SalesOrderNumber"], correlation_id)) for row in ours]

    async def read(self, market: Market, number: str, correlation_id: str) -> OrderRecord:
        """Read one order."""
        header, lines = await asyncio.gather(
            self._api.get(self._path(market, number), correlation_id), self.lines(market, number, correlation_id)
        )
        return order_record(header, lines)

    async def lines(self, market: Market, number: str, correlation_id: str) -> list[Row]:
        """Read the lines of an order."""
        condition = in_company(market.company, f"SalesOrderNumber eq {literal(number)}")
        path = options_of(market).lines
        return [row async for row in self._api.rows(path, correlation_id, filter=condition)]

    async def create(
        self, market: Market, draft: OrderDraft, customers: Mapping[str, str], correlation_id: str
    ) -> OrderRecord:
        """Create an order for the accounts of who orders and who pays."""
        # dataAreaId comes first: the accounts are looked up in it.
        header = {"dataAreaId": market.company.lower(), **customers, **draft.payload[HEADER]}
        if options_of(market).batch:
            return await self._create_in_batch(market, header, draft, correlation_id)
        created = await self._post(options_of(market).headers, header, correlation_id)
        number = created["SalesOrderNumber"]
        try:
            lines = await self._add_lines(market, number, draft.payload[LINES], correlation_id)
        except Permanent:
            await self._take_back(market, number, correlation_id)
            raise
        # The header was answered before it had lines: only reading it again tells the totals.
        return order_record(await self._api.get(self._path(market, number), correlation_id), lines)

    async def repair(self, market: Market, record: OrderRecord, draft: OrderDraft, correlation_id: str) -> OrderRecord:
        """Add the lines that an earlier attempt did not write; refuse when others have written here."""
        wanted = {line[LINE_NUMBER]: line for line in draft.payload[LINES]}
        rows = await self.lines(market, record.id, correlation_id)
        for row in rows:
            if not (_is_ours(row, wanted) or _is_rounding(row, len(wanted), market)):
                raise _foreign(record.number, row)
        there = [int(row[LINE_NUMBER]) for row in rows]
        if len(set(there)) < len(there):
            raise _doubled(record.number, there)
        missing = [line for number, line in wanted.items() if number not in there]
        if not missing:
            return record
        await self._add_lines(market, record.id, missing, correlation_id)
        return await self.read(market, record.id, correlation_id)

    async def add_line(self, market: Market, number: str, line: Mapping[str, Any], correlation_id: str) -> None:
        """Add one line."""
        await self._add_lines(market, number, [line], correlation_id)

    async def delete(self, market: Market, number: str, correlation_id: str) -> None:
        """Remove an order with its lines; one that is gone already is fine."""
        try:
            await self._api.call("DELETE", self._path(market, number), correlation_id, if_match="*")
        except NotFound:
            return

    async def _add_lines(
        self, market: Market, number: str, lines: Sequence[Mapping[str, Any]], correlation_id: str
    ) -> list[Row]:
        # One after the other: Finance numbers lines in the order of their arrival and locks the header meanwhile.
        entity_set = options_of(market).lines
        return [await self._post(entity_set, {"SalesOrderNumber": number, **line}, correlation_id) for line in lines]

    async def _post(self, entity_set: str, body: Mapping[str, Any], correlation_id: str) -> Row:
        return await self._api.call("POST", entity_set, correlation_id, json=dict(body))

    async def _take_back(self, market: Market, number: str, correlation_id: str) -> None:
        """Remove what a refused line leaves; where that fails too, the next attempt finds and repairs it."""
        try:
            await self.delete(market, number, correlation_id)
        except ServiceError:
            return

    async def _create_in_batch(
        self, market: Market, header: Mapping[str, Any], draft: OrderDraft, correlation_id: str
    ) -> OrderRecord:
        options = options_of(market)
        condition = in_company(market.company, f"CustomersOrderReference eq {literal(draft.reference)}")
        header_path = f"{options.headers}{CROSS_COMPANY}"
        changes = [Part("POST", header_path, header), *_line_changes(options, header, draft)]
        read = Part("GET", f"{header_path}&$filter={quote(condition, safe='')}")
        answers = await self._api.batch([changes, read], correlation_id)
        if len(answers) != len(changes) + 1:
            text = f"{len(answers)} answers to {len(changes) + 1} requests"
            raise OutcomeUnknown(self._api.service, "POST $batch", text)
        created, *lines = [answer.json() for answer in answers[: len(changes)]]
        number = created["SalesOrderNumber"]
        rows = answers[-1].json().get("value", ()) if answers[-1].is_success else ()
        found = next((row for row in rows if same_text(row["SalesOrderNumber"], number)), None)
        return order_record(found, lines) if found else await self.read(market, number, correlation_id)

    def _path(self, market: Market, number: str) -> str:
        return entity_path(options_of(market).headers, market.company, SalesOrderNumber=number)


def options_of(market: Market) -> FinanceOptions:
    """Return the market's options for Finance."""
    return market.finance or FinanceOptions()


def _line_changes(options: FinanceOptions, header: Mapping[str, Any], draft: OrderDraft) -> list[Part]:
    if options.batch_link == "content_id":
        path = f"$1/{options.lines_navigation}{CROSS_COMPANY}"
        return [Part("POST", path, line) for line in draft.payload[LINES]]
    number = {"SalesOrderNumber": header["SalesOrderNumber"]}
    return [Part("POST", f"{options.lines}{CROSS_COMPANY}", number | line) for line in draft.payload[LINES]]


def _is_ours(row: Row, wanted: Mapping[int, Mapping[str, Any]]) -> bool:
    line = wanted.get(int(row[LINE_NUMBER]))
    return (
        line is not None
        and same_text(row["ItemNumber"], line["ItemNumber"])
        and float(row["OrderedSalesQuantity"]) == float(line["OrderedSalesQuantity"])
    )


def _is_rounding(row: Row, count: int, market: Market) -> bool:
    target = market.totals.rounding
    return target is not None and int(row[LINE_NUMBER]) == count + 1 and same_text(row["ItemNumber"], target.number)


def _foreign(number: str, row: Row) -> Permanent:
    text = (
        f"line {row.get('LineNumber')} of sales order {number} ({row['ItemNumber']}, {LINE_NUMBER} "
        f"{row[LINE_NUMBER]}) is none of the order in commercetools: nothing was changed. Remove the line, or the "
        "sales order, in Finance and resubmit"
    )
    return Permanent("Finance", "repair sales order", text, code="ForeignLine")


def _doubled(number: str, there: Sequence[int]) -> Permanent:
    places = ", ".join(map(str, sorted(there)))
    text = f"sales order {number} has a line twice ({LINE_NUMBER} {places}): remove one in Finance and resubmit"
    return Permanent("Finance", "repair sales order", text, code="DoubledLine")
