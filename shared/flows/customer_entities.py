"""The two resources of commercetools that are customers of the back-end: Customer and BusinessUnit."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.commercetools.client import CommercetoolsClient, Document
from shared.commercetools.customers import (
    create_business_unit,
    create_customer,
    find_business_unit,
    find_customers,
    read_business_unit,
    read_customer,
    read_customers,
    update_business_unit,
    update_customer,
)
from shared.flows.customer_shop import Action, ShopEntity
from shared.mapping.commercetools.business_units import business_unit_actions, business_unit_fields
from shared.mapping.commercetools.customer_actions import customer_actions
from shared.mapping.commercetools.customer_documents import associate_ids
from shared.mapping.commercetools.customer_drafts import business_unit_draft, business_unit_key, customer_draft
from shared.mapping.commercetools.customer_fields import customer_fields
from shared.mapping.commercetools.customers import customer_from_document
from shared.mapping.parties import business_unit_party, customer_party
from shared.markets import Market
from shared.model.back_end import MissingReference, Party
from shared.model.customer_fields import CustomerState, Fields

ASSOCIATES = "associateCustomers"  # where `read` puts the Customers behind a unit's associates
PASSWORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Customers:
    """Implements `ShopEntity`."""

    name: str = "customer"
    path: str = "customers"

    async def read(self, client: CommercetoolsClient, entity_id: str, correlation_id: str) -> Document | None:
        """See `ShopEntity.read`."""
        return await read_customer(client, entity_id, correlation_id)

    async def update(
        self, client: CommercetoolsClient, document: Document, actions: Sequence[Action], correlation_id: str
    ) -> Document:
        """See `ShopEntity.update`."""
        return await update_customer(client, document, lambda _: actions, correlation_id)

    def fields(self, document: Document, market: Market) -> Fields:
        """See `ShopEntity.fields`."""
        return customer_fields(document, market.customers.sync, market.custom_fields.customer)

    def party(self, document: Document, project: str) -> Party:
        """See `ShopEntity.party`."""
        return customer_party(customer_from_document(document, project))

    def places(self, document: Document) -> tuple[Sequence[str], str | None]:
        """See `ShopEntity.places`."""
        return _stores(document), _country(document)

    def actions(
        self, document: Document, before: Fields, after: Fields, market: Market
    ) -> Sequence[Action] | MissingReference:
        """See `ShopEntity.actions`."""
        return customer_actions(document, before, after, market.customers.sync, market.custom_fields.customer)

    def mark(self, document: Document, number: str) -> Sequence[Action]:
        """See `ShopEntity.mark`: the external id, so that the pair survives the loss of every table."""
        if document.get("externalId") or document.get("customerNumber") == number:
            return []
        return [{"action": "setExternalId", "externalId": number}]

    async def find(
        self, client: CommercetoolsClient, state: CustomerState, market: Market, correlation_id: str
    ) -> tuple[str, list[Document]]:
        """See `ShopEntity.find`."""
        rules, trace = market.customers, correlation_id
        for name in ("external_id", "customer_number"):
            found = await find_customers(client, trace, **_one(name, state.number), stores=market.stores)
            if found:
                return "number", found
        email, vat_id = _text(state, "email"), _text(state, "vat_id")
        if email and rules.match_email:
            found = await find_customers(client, trace, email=email, stores=market.stores)
            if found:
                return "e-mail", found
        if vat_id and rules.match_vat_id:
            return "tax id", await find_customers(client, trace, vat_id=vat_id, stores=market.stores)
        return "", []

    async def create(
        self, client: CommercetoolsClient, state: CustomerState, market: Market, correlation_id: str
    ) -> Document | MissingReference:
        """See `ShopEntity.create`."""
        draft = customer_draft(
            state.fields,
            market.customers.sync,
            market.custom_fields.customer,
            external_id=state.number,
            password=secrets.token_urlsafe(PASSWORD_BYTES),
            stores=market.stores,
        )
        if isinstance(draft, MissingReference):
            return draft
        document = await create_customer(client, draft, correlation_id)
        return await self.read(client, document["id"], correlation_id) or document


@dataclass(frozen=True, slots=True)
class BusinessUnits:
    """Implements `ShopEntity`. A unit is known by its key, which is the account number."""

    name: str = "business-unit"
    path: str = "business-units"

    async def read(self, client: CommercetoolsClient, entity_id: str, correlation_id: str) -> Document | None:
        """See `ShopEntity.read`. The Customers who are its associates come with it."""
        document = await read_business_unit(client, entity_id, correlation_id)
        if document is None:
            return None
        return {**document, ASSOCIATES: await read_customers(client, associate_ids(document), correlation_id)}

    async def update(
        self, client: CommercetoolsClient, document: Document, actions: Sequence[Action], correlation_id: str
    ) -> Document:
        """See `ShopEntity.update`."""
        updated = await update_business_unit(client, document, lambda _: actions, correlation_id)
        return {**updated, ASSOCIATES: document.get(ASSOCIATES, [])}

    def fields(self, document: Document, market: Market) -> Fields:
        """See `ShopEntity.fields`."""
        associates = document.get(ASSOCIATES, ())
        return business_unit_fields(document, associates, market.customers.sync, market.custom_fields.customer)

    def party(self, document: Document, project: str) -> Party:
        """See `ShopEntity.party`."""
        del project
        return business_unit_party(document)

    def places(self, document: Document) -> tuple[Sequence[str], str | None]:
        """See `ShopEntity.places`."""
        return _stores(document), _country(document)

    def actions(
        self, document: Document, before: Fields, after: Fields, market: Market
    ) -> Sequence[Action] | MissingReference:
        """See `ShopEntity.actions`."""
        return business_unit_actions(document, before, after, market.customers.sync, market.custom_fields.customer)

    def mark(self, document: Document, number: str) -> Sequence[Action]:
        """See `ShopEntity.mark`: a key cannot be set later, so there is no place for the number."""
        del document, number
        return []

    async def find(
        self, client: CommercetoolsClient, state: CustomerState, market: Market, correlation_id: str
    ) -> tuple[str, list[Document]]:
        """See `ShopEntity.find`."""
        del market
        found = await find_business_unit(client, business_unit_key(state.number), correlation_id)
        return "number", [found] if found else []

    async def create(
        self, client: CommercetoolsClient, state: CustomerState, market: Market, correlation_id: str
    ) -> Document | MissingReference:
        """See `ShopEntity.create`."""
        rules, custom = market.customers.sync, market.custom_fields.customer
        draft = business_unit_draft(state.fields, rules, custom, number=state.number, stores=market.stores)
        if isinstance(draft, MissingReference):
            return draft
        document = await create_business_unit(client, draft, correlation_id)
        return await self.read(client, document["id"], correlation_id) or document


ENTITIES: Mapping[str, ShopEntity] = {entity.name: entity for entity in (Customers(), BusinessUnits())}


def _one(name: str, value: str) -> dict[str, str]:
    return {name: value}


def _text(state: CustomerState, name: str) -> str:
    value = state.fields.get(name)
    return value if isinstance(value, str) else ""


def _stores(document: Document) -> Sequence[str]:
    return [store["key"] for store in document.get("stores") or () if store.get("key")]


def _country(document: Document) -> str | None:
    """Return the country of the default billing address, else of the shipping one, else of any."""
    addresses = document.get("addresses") or []
    wanted = (document.get("defaultBillingAddressId"), document.get("defaultShippingAddressId"))
    by_id = {address.get("id"): address.get("country") for address in addresses}
    marked = [by_id[address_id] for address_id in wanted if address_id in by_id]
    return next(iter([*marked, *by_id.values()]), None)
