"""Customers of Finance as fields: one row of CustomersV3, and addresses of its party where the market keeps them.

A change goes out with the ETag that was read. Addresses beside the default ones are rows of their own, written after
the customer: new ones first, so that none is missing in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import JsonValue

from shared.dynamics.finance_records import customer_record, entity_path, in_company, same_text
from shared.dynamics.odata import ODataClient, Row, any_of, literal
from shared.errors import Conflict, NotFound, OutcomeUnknown, Permanent, Throttled, Transient
from shared.mapping.customer_templates import template_of
from shared.mapping.finance.customer_addresses import BILLING, SHIPPING, address_of
from shared.mapping.finance.customer_fields import (
    ACCOUNT,
    LOCATION_IDS,
    PARTY_NUMBER,
    PARTY_TYPE,
    columns,
    fields_of,
    kind_of,
    location_values,
    row_values,
)
from shared.mapping.finance.fields import YES
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.back_end import CustomerRecord, MissingReference
from shared.model.customer_fields import CustomerState, Fields, canonical

CUSTOMERS = "CustomersV3"
LOCATIONS = "PartyLocationPostalAddressesV2"
ETAG = "@odata.etag"
MAX_PARTIES = 50  # of one filter: keeps it well below URL limits
_DEFAULTS = ("IsPrimary", "IsRoleDelivery")
_DESCRIPTION = 60  # characters of an address's name


class FinanceCustomers:
    """Customers over one client; see `SynchronisesCustomers`."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api

    async def find(self, market: Market, terms: Mapping[str, str], correlation_id: str) -> list[CustomerRecord]:
        """Find customers by exact values of fields."""
        condition = " and ".join(f"{field} eq {literal(text)}" for field, text in terms.items())
        rows = self._api.rows(CUSTOMERS, correlation_id, filter=in_company(market.company, condition))
        return [
            customer_record(row)
            async for row in rows
            if all(same_text(row[field], text) for field, text in terms.items())
        ]

    async def read(self, market: Market, account: str, correlation_id: str) -> CustomerState:
        """Read one customer. Raises NotFound."""
        row = await self._row(market, account, correlation_id)
        locations = await self.locations(market, [row], correlation_id)
        return _state(row, fields_of(row, locations.get(row[PARTY_NUMBER], ()), market))

    async def change(self, market: Market, state: CustomerState, changes: Fields, correlation_id: str) -> CustomerState:
        """Write these fields. Raises Conflict when the customer is not as it was read any more."""
        values = _values(row_values(changes, state.kind, market))
        if_match = _options(market).if_match
        if not (values and if_match):
            await self._check_unchanged(market, state, correlation_id)
        if values:
            etag = state.etag if if_match else None
            await self._api.call("PATCH", self._path(market, state.id), correlation_id, json=values, if_match=etag)
        if "addresses" in changes:
            await self._replace_locations(market, state, changes["addresses"], correlation_id)
        return await self.read(market, state.id, correlation_id)

    async def create(self, market: Market, fields: Fields, correlation_id: str) -> CustomerState:
        """Create a customer; Finance numbers it.

        Raises Permanent when the market names no customer group, and OutcomeUnknown when the customer is there but not
        all of its addresses are: look it up before creating it again.
        """
        options = _options(market)
        if options.customer_group is None:
            text = f"set finance.customer_group of market {market.name}: Finance wants one of every customer"
            raise Permanent(self._api.service, f"POST {CUSTOMERS}", text, code="NoCustomerGroup")
        kind = kind_of(fields)
        spelled = _values(row_values(fields, kind, market))
        values = {name: value for name, value in spelled.items() if value not in ("", None)}
        body = {
            "dataAreaId": market.company.lower(),
            PARTY_TYPE: kind,
            "CustomerGroupId": options.customer_group,
            **values,
            **_descriptions(values, fields),
            **({"SalesTaxGroup": options.sales_tax_group} if options.sales_tax_group else {}),
            **template_of(fields, market),
        }
        row = await self._api.call("POST", CUSTOMERS, correlation_id, json=body)
        locations = _by_spelling(fields.get("addresses"), market)
        try:
            for address in sorted(locations):
                await self._add_location(row, locations[address], correlation_id)
        except (Throttled, Transient) as error:
            text = f"customer {row[ACCOUNT]} was created, but not all of its addresses: {error.message}"
            raise OutcomeUnknown(error.service, error.action, text, status=error.status, code=error.code) from error
        return _state(row, fields_of(row, locations.values(), market))

    async def locations(
        self, market: Market, customers: Sequence[Row], correlation_id: str
    ) -> Mapping[str, Sequence[Row]]:
        """Read the addresses beside the default ones, by party; none where the market does not keep them.

        Finance lists those that are valid now, the primary and the delivery address among them.
        """
        found: dict[str, list[Row]] = {}
        if not _options(market).more_addresses:
            return found
        own = {row.get(name) for row in customers for name in LOCATION_IDS}
        parties = sorted({row[PARTY_NUMBER] for row in customers if row.get(PARTY_NUMBER)})
        for start in range(0, len(parties), MAX_PARTIES):
            condition = any_of(PARTY_NUMBER, parties[start : start + MAX_PARTIES])
            async for row in self._api.rows(LOCATIONS, correlation_id, filter=condition):
                if row["LocationId"] not in own and not any(row.get(flag) == YES for flag in _DEFAULTS):
                    found.setdefault(row[PARTY_NUMBER], []).append(row)
        return found

    async def _replace_locations(
        self, market: Market, state: CustomerState, wanted: JsonValue, correlation_id: str
    ) -> None:
        """Add the addresses that are new and remove those that are gone."""
        row = await self._row(market, state.id, correlation_id)
        locations = (await self.locations(market, [row], correlation_id)).get(row[PARTY_NUMBER], ())
        known = [(canonical(address_of(location, "", market)), location) for location in locations]
        before = {address for address, _ in known if address}
        if before != _spellings(state.fields.get("addresses")):
            raise self._changed(market, state)
        after = _by_spelling(wanted, market)
        for address in sorted(after.keys() - before):
            await self._add_location(row, after[address], correlation_id)
        for address, location in known:
            if address and address not in after:
                await self._remove_location(market, state, location, correlation_id)

    async def _add_location(self, customer: Row, values: Mapping[str, Any], correlation_id: str) -> None:
        await self._api.call("POST", LOCATIONS, correlation_id, json=_new_location(customer, values))

    async def _remove_location(self, market: Market, state: CustomerState, location: Row, correlation_id: str) -> None:
        etag = location[ETAG] if _options(market).if_match else None
        try:
            await self._api.call("DELETE", _location_path(location), correlation_id, if_match=etag)
        except NotFound as error:
            raise self._changed(market, state) from error  # somebody else removed it

    async def _check_unchanged(self, market: Market, state: CustomerState, correlation_id: str) -> None:
        row = await self._row(market, state.id, correlation_id)
        if row[ETAG] != state.etag:
            raise self._changed(market, state)

    def _changed(self, market: Market, state: CustomerState) -> Conflict:
        text = f"customer {state.number} of company {market.company} was changed since it was read: read it again"
        return Conflict(self._api.service, f"change customer {state.id}", text, code="Changed")

    async def _row(self, market: Market, account: str, correlation_id: str) -> Row:
        return await self._api.get(self._path(market, account), correlation_id, select=",".join(columns(market)))

    def _path(self, market: Market, account: str) -> str:
        return entity_path(CUSTOMERS, market.company, CustomerAccount=account)


def _options(market: Market) -> FinanceOptions:
    return market.finance or FinanceOptions()


def _state(row: Row, fields: Fields) -> CustomerState:
    account = row[ACCOUNT]
    return CustomerState(account, account, fields, kind=row[PARTY_TYPE], etag=row[ETAG])


def _values[Values](values: Values | MissingReference) -> Values:
    """Return what was shaped before; what cannot be written was never shaped."""
    if isinstance(values, MissingReference):
        raise Permanent("Finance", "write customer", f"{values.text}; {values.hint}", code=values.kind)
    return values


def _descriptions(values: Mapping[str, Any], fields: Fields) -> dict[str, str]:
    """Name the addresses of a new customer: deliveries go out under that name."""
    name = fields.get("company") or f"{fields.get('first_name') or ''} {fields.get('last_name') or ''}"
    prefixes = (prefix for prefix in (BILLING, SHIPPING) if f"{prefix}CountryRegionId" in values)
    return {f"{prefix}Description": str(name).strip()[:_DESCRIPTION] for prefix in prefixes}


def _spellings(addresses: JsonValue) -> set[str]:
    return {canonical(address) for address in addresses} if isinstance(addresses, list) else set()


def _by_spelling(addresses: JsonValue, market: Market) -> dict[str, Mapping[str, Any]]:
    """Return the values of each address once, none of empty ones."""
    spelled = ((address_of(values, "", market), values) for values in _values(location_values(addresses, market)))
    return {canonical(address): values for address, values in spelled if address}


def _new_location(customer: Row, values: Mapping[str, Any]) -> dict[str, Any]:
    person = f"{customer.get('PersonFirstName') or ''} {customer.get('PersonLastName') or ''}"
    name = (customer.get("OrganizationName") or person).strip()[:_DESCRIPTION]
    given = {field: value for field, value in values.items() if value}
    return {PARTY_NUMBER: customer[PARTY_NUMBER], "Description": name, "Roles": "Business", **given}


def _location_path(location: Row) -> str:
    texts = ",".join(f"{name}={quote(literal(location[name]), safe="'")}" for name in (PARTY_NUMBER, "LocationId"))
    return f"{LOCATIONS}({texts},ValidFrom={quote(location['ValidFrom'], safe=':')})"
