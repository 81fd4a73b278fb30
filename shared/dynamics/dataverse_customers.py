"""Accounts and contacts read as fields, and single fields written: record, addresses and contacts in one change set."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import JsonValue

from shared.dynamics.dataverse_lookups import Lookups
from shared.dynamics.multipart import Part
from shared.dynamics.odata import ODataClient, Row
from shared.errors import Conflict, NotFound, Permanent
from shared.mapping.customer_templates import template_of
from shared.mapping.dataverse import customer_fields
from shared.mapping.dataverse.customer_fields import PERSON_COLUMNS, PRICE_LIST, Columns, Kind
from shared.mapping.dataverse.customer_places import PLACE_COLUMNS, place_of
from shared.mapping.dataverse.customers import number_columns
from shared.mapping.dataverse.member_edits import Member, MemberEdit, address_edits, contact_edits
from shared.market_options.dataverse import DataverseOptions
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CustomerState, Fields

SERVICE = "Dataverse"
ETAG = "@odata.etag"
ACTIVE = {"statecode": 0, "statuscode": 1}
_ID = re.compile(r"(account|contact)s\(([0-9a-fA-F-]{36})\)")


class DataverseCustomers:
    """Customers of one organisation. Ids carry the entity set, since the id map keeps nothing else."""

    def __init__(self, api: ODataClient, lookups: Lookups) -> None:
        self._api = api
        self._lookups = lookups

    async def read(self, market: Market, customer_id: str, correlation_id: str) -> CustomerState:
        """See `SynchronisesCustomers.read_customer`."""
        kind, row_id = _parts_of(customer_id)
        paths = _reads(kind, row_id, market)
        answers = await asyncio.gather(*(self._api.get(path, correlation_id, **query) for path, query in paths))
        return _state(kind, answers, market)

    async def change(self, market: Market, state: CustomerState, changes: Fields, correlation_id: str) -> CustomerState:
        """See `SynchronisesCustomers.change_customer`. A change set leaves no halves."""
        kind, row_id = _parts_of(state.id)
        columns = await self._columns(kind, changes, market, correlation_id)
        if changes.get("blocked") is False and state.details.get("inactive"):
            columns |= ACTIVE
        # A record whose addresses or contacts change is written, too: its ETag guards the whole of it.
        columns = columns or _unchanged(kind, state)
        record = Part("PATCH", state.id, columns, {"If-Match": state.etag})
        parts = [record, *_members(kind, row_id, changes, state.details, market)]
        try:
            return await self._written(kind, row_id, parts, market, correlation_id)
        except NotFound as error:
            raise Conflict(SERVICE, f"change {state.id}", "a part of it is gone: read it again") from error

    async def create(self, market: Market, fields: Fields, number: str | None, correlation_id: str) -> CustomerState:
        """See `SynchronisesCustomers.create_customer_of`. The id is ours: a repeated request creates nothing."""
        kind = customer_fields.kind_of(fields, _options(market))
        row_id = str(uuid.uuid4())
        columns = await self._columns(kind, fields, market, correlation_id)
        columns |= {**number_columns(kind, number, _options(market)), **template_of(fields, market)}
        filled = {name: value for name, value in columns.items() if value is not None}
        record = Part("PATCH", f"{kind}s({row_id})", filled, {"If-None-Match": "*"})
        parts = [record, *_members(kind, row_id, fields, {}, market)]
        return await self._written(kind, row_id, parts, market, correlation_id)

    async def _columns(self, kind: Kind, fields: Fields, market: Market, correlation_id: str) -> Columns:
        columns = _checked(customer_fields.columns_of(kind, fields, market))
        if "customer_group" not in fields:
            return columns
        group = fields["customer_group"]
        name = market.customers.sync.price_group_of(str(group)) if group else None
        found = await self._lookups.price_list(name, correlation_id) if name else None
        return {**columns, f"{PRICE_LIST}@odata.bind": f"/pricelevels({found})" if found else None}

    async def _written(
        self, kind: Kind, row_id: str, parts: Sequence[Part], market: Market, correlation_id: str
    ) -> CustomerState:
        """Write all parts or none and read the customer, in one request."""
        paths = _reads(kind, row_id, market)
        reads = [Part("GET", f"{path}?{_query(query)}") for path, query in paths]
        answers = await self._api.batch([parts, *reads], correlation_id)
        return _state(kind, [answer.json() for answer in answers[-len(reads) :]], market)


def _parts_of(customer_id: str) -> tuple[Kind, str]:
    found = _ID.fullmatch(customer_id)
    if found is None:
        text = f"{customer_id!r} is neither accounts(…) nor contacts(…): correct the id map"
        raise NotFound(SERVICE, "read customer", text)
    return ("account" if found[1] == "account" else "contact"), found[2]


def _reads(kind: Kind, row_id: str, market: Market) -> list[tuple[str, dict[str, str]]]:
    """List what must be read of a customer: the record, its addresses, its contacts."""
    options = _options(market)
    number = "accountnumber" if kind == "account" else options.contact_number
    record = {"select": ",".join(customer_fields.columns_to_read(kind, number, market))}
    if market.customers.sync.groups:
        record["expand"] = f"{PRICE_LIST}($select=name)"
    reads = [(f"{kind}s({row_id})", record)]
    if options.more_addresses:
        of_record = {"filter": f"_parentid_value eq {row_id}", "select": ",".join((*PLACE_COLUMNS, "modifiedon"))}
        reads.append(("customeraddresses", of_record))
    if kind == "account":
        people = {
            "filter": f"_parentcustomerid_value eq {row_id} and statecode eq 0",
            "select": ",".join((*PERSON_COLUMNS, "modifiedon")),
        }
        reads.append(("contacts", people))
    return reads


def _state(kind: Kind, answers: Sequence[Row], market: Market) -> CustomerState:
    row, *others = answers
    options = _options(market)
    listed = [answer["value"] for answer in others]
    builtin = {row.get(f"address{number}_addressid") for number in (1, 2, 3)}
    addresses = [
        one for one in (listed.pop(0) if options.more_addresses else []) if one["customeraddressid"] not in builtin
    ]
    persons = listed.pop(0) if kind == "account" else []
    number = row.get("accountnumber" if kind == "account" else options.contact_number or "")
    row_id = row[f"{kind}id"]
    return CustomerState(
        id=f"{kind}s({row_id})",
        number=number or row_id,
        fields=customer_fields.fields_of(kind, row, addresses, persons, market),
        kind=kind,
        etag=row[ETAG],
        modified_at=max(datetime.fromisoformat(one["modifiedon"]) for one in (row, *addresses, *persons)),
        details={
            "inactive": row["statecode"] == customer_fields.INACTIVE,
            "addresses": [_detail("customeraddress", one, _place(options)) for one in addresses],
            "contacts": [_detail("contact", one, customer_fields.person_of) for one in persons],
        },
    )


def _place(options: DataverseOptions) -> Callable[[Row], JsonValue]:
    return lambda row: place_of(row, "", options.countries)


def _detail(table: str, row: Row, read: Callable[[Row], Any]) -> JsonValue:
    return {"id": row[f"{table}id"], "etag": row[ETAG], "value": read(row)}


def _unchanged(kind: Kind, state: CustomerState) -> Columns:
    name, column = ("name", "name") if kind == "account" else ("last_name", "lastname")
    return {column: state.fields.get(name)}


def _members(kind: Kind, row_id: str, fields: Fields, details: Mapping[str, JsonValue], market: Market) -> list[Part]:
    """Return the parts that write addresses and contacts."""
    record, parts = f"/{kind}s({row_id})", []
    if "addresses" in fields and _options(market).more_addresses:
        rows = _checked(customer_fields.more_addresses(fields["addresses"], market))
        edits = address_edits(_list(fields["addresses"]), _there(details.get("addresses")))
        parts += [_part("customeraddresses", edit, rows, {f"parentid_{kind}@odata.bind": record}) for edit in edits]
    if "contacts" in fields and kind == "account":
        rows = _checked(customer_fields.contacts(fields["contacts"], market))
        people = contact_edits(_list(fields["contacts"]), _there(details.get("contacts")))
        parts += [_part("contacts", edit, rows, {"parentcustomerid_account@odata.bind": record}) for edit in people]
    return parts


def _part(entity_set: str, edit: MemberEdit, rows: Sequence[Columns], parent: Mapping[str, str]) -> Part:
    if edit.member is None:
        filled = {name: value for name, value in rows[edit.wanted or 0].items() if value is not None}
        return Part("POST", entity_set, {**filled, **parent})
    path, match = f"{entity_set}({edit.member.id})", {"If-Match": edit.member.etag}
    return Part("DELETE", path, None, match) if edit.wanted is None else Part("PATCH", path, rows[edit.wanted], match)


def _there(details: JsonValue) -> list[Member]:
    found = [one for one in _list(details) if isinstance(one, dict)]
    return [Member(str(one["id"]), str(one["etag"]), one["value"]) for one in found]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _checked[Spelled](value: Spelled | MissingReference) -> Spelled:
    """Pass on what was spelled. Shaped fields always can be."""
    if isinstance(value, MissingReference):
        raise Permanent(SERVICE, "write customer", f"{value.text}; {value.hint}", code=value.kind)
    return value


def _query(options: Mapping[str, str]) -> str:
    return "&".join(f"${name}={quote(value, safe="(),$='")}" for name, value in options.items())


def _options(market: Market) -> DataverseOptions:
    return market.dataverse or DataverseOptions()
