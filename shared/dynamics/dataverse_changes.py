"""Carrying changes over to an exported Dataverse sales order: header and lines in one change set, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.dynamics.dataverse_records import order_record
from shared.dynamics.multipart import Part
from shared.dynamics.odata import ODataClient, Row
from shared.errors import NotFound
from shared.mapping.dataverse.changes import NUMBER, header_changes, line_changes, own_lines
from shared.mapping.line_edits import LineEdit
from shared.market_options.dataverse import DataverseOptions
from shared.model.back_end import OrderDraft
from shared.model.order_changes import OrderChanges, OrderEdit

# statecode in words; Active has a finer statuscode beside it.
STATES = {0: "Active", 1: "Submitted", 2: "Canceled", 3: "Fulfilled", 4: "Invoiced"}
IN_PROGRESS, GONE = "InProgress", "Gone"
UNTOUCHED = frozenset({1, 2})  # New, Pending
ETAG = "@odata.etag"


class DataverseChanger:
    """Compares and changes orders of one organisation. `rounding` is what the line that closes a gap sells."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    async def compare(
        self,
        order_id: str,
        draft: OrderDraft,
        options: DataverseOptions,
        rounding: Row | None,
        currencies: Mapping[str, str],
        correlation_id: str,
    ) -> OrderChanges:
        """Read and compare. Who pays is in the billing address: Dataverse knows no second customer."""
        try:
            row = await self._read(order_id, options, correlation_id)
        except NotFound:
            return OrderChanges(GONE, None)
        header, lines = _difference(row, draft, options, rounding)
        edits = [edit.shown() for edit in lines]
        if header:
            before = {name: row.get(name) for name in header}
            edits.insert(0, OrderEdit(f"header ({', '.join(header)})", before, header))
        record = order_record(row, options, currencies)
        own = own_lines(row[options.lines_property], rounding)
        return OrderChanges(state_of(row, options), record, len(own) + bool(row.get("freightamount")), tuple(edits))

    async def change(
        self, order_id: str, draft: OrderDraft, options: DataverseOptions, rounding: Row | None, correlation_id: str
    ) -> None:
        """Write what differs now."""
        row = await self._read(order_id, options, correlation_id)
        header, lines = _difference(row, draft, options, rounding)
        path = f"salesorders({order_id})"
        parts = [Part("PATCH", path, header, {"If-Match": row[ETAG]})] if header else []
        parts += [_part(edit, path) for edit in lines]
        if parts:
            await self._api.batch([parts], correlation_id)

    async def _read(self, order_id: str, options: DataverseOptions, correlation_id: str) -> Row:
        return await self._api.get(f"salesorders({order_id})", correlation_id, expand=options.lines_property)


def state_of(row: Row, options: DataverseOptions) -> str:
    """Tell how far an order has got; an active one may be worked on already."""
    state = STATES.get(row["statecode"], str(row["statecode"]))
    worked_on = any(line["quantityshipped"] or line["quantitycancelled"] for line in row[options.lines_property])
    return IN_PROGRESS if state == STATES[0] and (worked_on or row["statuscode"] not in UNTOUCHED) else state


def _difference(
    row: Row, draft: OrderDraft, options: DataverseOptions, rounding: Row | None
) -> tuple[dict[str, Any], list[LineEdit]]:
    header = header_changes(draft.payload, row, options)
    rows = sorted(row[options.lines_property], key=lambda line: int(line[NUMBER] or 0))
    return header, line_changes(draft.payload[options.lines_property], rows, rounding)


def _part(edit: LineEdit, order: str) -> Part:
    if edit.row is None:
        body = {"salesorderid@odata.bind": f"/{order}", **(edit.body or {})}
        return Part("POST", "salesorderdetails", body)
    path = f"salesorderdetails({edit.row['salesorderdetailid']})"
    match = {"If-Match": edit.row[ETAG]}
    return Part("DELETE", path, None, match) if edit.body is None else Part("PATCH", path, dict(edit.body), match)
