"""Reading and changing the customers of one Business Central environment, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from shared.dynamics.odata import ODataClient, Row, literal
from shared.errors import OutcomeUnknown, Permanent, ServiceError
from shared.mapping.business_central.contacts import PERSON, contact_edits, contact_of
from shared.mapping.business_central.customer_fields import COMPANY, fields_of, kind_of, payload_of
from shared.mapping.business_central.fields import CONTACT_LIMITS
from shared.mapping.customer_templates import template_of
from shared.markets import Market
from shared.model.customer_fields import CustomerState, Fields, is_empty

ETAG = "@odata.etag"
INFORMATION = "contactsInformation"
NO_ID = "00000000-0000-0000-0000-000000000000"


class CustomerChanger:
    """Reads and changes customers; codes of payment terms are remembered for the life of the process."""

    def __init__(self, api: ODataClient) -> None:
        self._api = api
        self._terms: dict[str, dict[str, str]] = {}  # by company: id → code

    async def read(self, market: Market, customer_id: str, correlation_id: str) -> CustomerState:
        """See `SynchronisesCustomers.read_customer`."""
        row = await self._api.get(_path(market, customer_id), correlation_id, expand=INFORMATION)
        company = _company_contact(row["type"], row.get(INFORMATION, ()))
        persons = await self._persons(market, company, correlation_id) if company else []
        return await self._state(row, company, persons, market, correlation_id)

    async def change(self, market: Market, state: CustomerState, changes: Fields, correlation_id: str) -> CustomerState:
        """See `SynchronisesCustomers.change_customer`. The card goes first: its ETag decides who was faster.

        What is returned are the answers of these writes: what somebody else writes right behind them is news.
        """
        payload = await self._payload(market, changes, correlation_id)
        row: Row | None = None
        if payload:
            path = _path(market, state.id)
            row = await self._api.call("PATCH", path, correlation_id, json=payload, if_match=state.etag)
        company, persons = _contacts_of(state)
        if "contacts" in changes and company:
            persons = await self._write_contacts(market, company, persons, changes["contacts"], correlation_id)
        if row is not None:
            return await self._state(row, company, persons, market, correlation_id)
        return replace(state, fields={**state.fields, **_shown(company, persons)}, details=_details(company, persons))

    async def create(self, market: Market, fields: Fields, correlation_id: str) -> CustomerState:
        """Create a customer. It is numbered by Business Central's own series: others are refused by default.

        Where Business Central makes no contact for a customer, there is nothing that persons could belong to: none
        are written, and the customer has no `contacts`. Raises OutcomeUnknown for what fails once it is there.
        """
        given = {name: value for name, value in fields.items() if not is_empty(value)}
        own = await self._payload(market, given, correlation_id)
        payload = {"type": kind_of(given), **own, **template_of(given, market)}
        path = f"companies({market.company})/customers"
        row = await self._api.call("POST", path, correlation_id, json=payload)
        try:
            return await self._created(market, row, given, correlation_id)
        except ServiceError as error:
            text = f"customer {row['number']} is there, but not all of it: {error}"
            raise OutcomeUnknown(self._api.service, "create customer", text, status=error.status) from error

    async def _created(self, market: Market, row: Row, given: Fields, correlation_id: str) -> CustomerState:
        path = f"{_path(market, row['id'])}/{INFORMATION}"
        company, persons = None, list[Row]()
        if row["type"] == COMPANY:
            information = [one async for one in self._api.rows(path, correlation_id)]
            company = _company_contact(row["type"], information)
        if company and "contacts" in given:
            persons = await self._write_contacts(market, company, [], given["contacts"], correlation_id)
        return await self._state(row, company, persons, market, correlation_id)

    async def _state(
        self, row: Row, company: str | None, persons: list[Row], market: Market, correlation_id: str
    ) -> CustomerState:
        terms = await self._terms_code(market, row.get("paymentTermsId"), correlation_id)
        return CustomerState(
            id=row["id"],
            number=row["number"],
            fields={**fields_of(row, terms, market), **_shown(company, persons)},
            kind=row["type"],
            etag=row[ETAG],
            modified_at=instant(row.get("lastModifiedDateTime")),
            details=_details(company, persons),
        )

    async def _persons(self, market: Market, company: str, correlation_id: str) -> list[Row]:
        path = f"companies({market.company})/contacts"
        condition = f"companyNumber eq {literal(company)}"
        rows = self._api.rows(path, correlation_id, filter=condition, orderby="number")
        return [_kept(row) async for row in rows if row["type"] == PERSON]

    async def _write_contacts(
        self, market: Market, company: str, persons: list[Row], wanted: JsonValue, correlation_id: str
    ) -> list[Row]:
        """Change and add persons; returns all that are there then."""
        path = f"companies({market.company})/contacts"
        after = {person["id"]: person for person in persons}
        for edit in contact_edits(wanted, persons):
            if edit.row is None:
                body = {"type": PERSON, "companyNumber": company, **edit.body}
                row = await self._api.call("POST", path, correlation_id, json=body)
            else:
                one = f"{path}({edit.row['id']})"
                body = dict(edit.body)
                row = await self._api.call("PATCH", one, correlation_id, json=body, if_match=edit.row[ETAG])
            after[row["id"]] = _kept(row)
        return list(after.values())

    async def _payload(self, market: Market, changes: Fields, correlation_id: str) -> dict[str, Any]:
        payload = payload_of(changes, market)
        if "payment_terms" in changes:
            code = changes["payment_terms"]
            payload["paymentTermsId"] = await self._terms_id(market, str(code), correlation_id) if code else NO_ID
        return payload

    async def _terms_code(self, market: Market, terms_id: str | None, correlation_id: str) -> str | None:
        if terms_id in (None, "", NO_ID):
            return None
        if terms_id not in self._terms.get(market.company, {}):
            await self._load_terms(market, correlation_id)
        return self._terms[market.company].get(terms_id)

    async def _terms_id(self, market: Market, code: str, correlation_id: str) -> str:
        if code not in self._terms.get(market.company, {}).values():
            await self._load_terms(market, correlation_id)
        for terms_id, known in self._terms[market.company].items():
            if known == code:
                return terms_id
        text = f"company {market.company} has no payment terms {code}: create them, or correct the customer"
        raise Permanent(self._api.service, "find payment terms", text, code="NoPaymentTerms")

    async def _load_terms(self, market: Market, correlation_id: str) -> None:
        path = f"companies({market.company})/paymentTerms"
        rows = self._api.rows(path, correlation_id, select="id,code")
        self._terms[market.company] = {row["id"]: row["code"] async for row in rows}


def instant(text: str | None) -> datetime | None:
    """Read a timestamp; Business Central's empty one is None."""
    moment = datetime.fromisoformat(text) if text else None
    return moment if moment and moment.year > 1 else None


def _company_contact(kind: str, information: Iterable[Row]) -> str | None:
    """Return the number of the contact that stands for a company; it may have none."""
    own = (one["contactNumber"] for one in information if one["contactType"] == COMPANY)
    return next(own, None) if kind == COMPANY else None


def _kept(person: Row) -> Row:
    return {name: person[name] for name in ("id", ETAG, *CONTACT_LIMITS)}


def _shown(company: str | None, persons: list[Row]) -> Fields:
    return {"contacts": [contact_of(person) for person in persons]} if company else {}


def _details(company: str | None, persons: list[Row]) -> Mapping[str, JsonValue]:
    return {"company_contact": company, "persons": list[JsonValue](persons)}


def _contacts_of(state: CustomerState) -> tuple[str | None, list[Row]]:
    company, persons = state.details.get("company_contact"), state.details.get("persons")
    known = persons if isinstance(persons, list) else []
    return str(company) if company else None, [dict(row) for row in known if isinstance(row, dict)]


def _path(market: Market, customer_id: str) -> str:
    return f"companies({market.company})/customers({customer_id})"
