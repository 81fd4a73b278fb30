"""The connector's own client against the stand-in, and things for it to read."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from shared.commercetools.catalogue import Catalogue
from shared.commercetools.client import CommercetoolsClient
from shared.markets import Project

from .stand_in import CLIENT_ID, CLIENT_SECRET, Document, StandIn, order_document


@asynccontextmanager
async def connected(mock: StandIn) -> AsyncIterator[Catalogue]:
    """The project `demo`, through the client that the connector uses."""
    project = Project(api_url=mock.url, auth_url=mock.url, client_id=CLIENT_ID, client_secret=SecretStr(CLIENT_SECRET))
    async with httpx.AsyncClient(timeout=30) as http:
        yield Catalogue(CommercetoolsClient("demo", project, http))


def unique(prefix: str = "SKU") -> str:
    return f"{prefix}-{uuid.uuid4()}"


def created(mock: StandIn, path: str, draft: Document) -> Document:
    answer = mock.api.post(f"/demo/{path}", json=draft)
    assert answer.status_code == 201, answer.text
    document: Document = answer.json()
    return document


def refusal(mock: StandIn, path: str, draft: Document) -> str:
    """The error code that a draft is refused with."""
    answer = mock.api.post(f"/demo/{path}", json=draft)
    assert answer.status_code == 400, answer.text
    code: str = answer.json()["errors"][0]["code"]
    return code


def product_type(mock: StandIn, *attributes: Document) -> str:
    key = unique("type")
    created(mock, "product-types", {"key": key, "name": key, "description": "", "attributes": list(attributes)})
    return key


def attribute(name: str, kind: str = "text", **changed: Any) -> Document:
    text: Document = {"label": {"en": name}, "isRequired": False, "attributeConstraint": "None", "isSearchable": False}
    return {"name": name, "type": {"name": kind}, **text, **changed}


def product(mock: StandIn, skus: Iterable[str], type_key: str = "", **changed: Any) -> Document:
    """Make a product whose variants have these SKUs."""
    master, *others = ({"sku": sku} for sku in skus)
    draft = {
        "productType": {"typeId": "product-type", "key": type_key or product_type(mock)},
        "name": {"en": "Example item"},
        "slug": {"en": unique("slug")},
        "masterVariant": master,
        "variants": others,
        "publish": True,
    }
    return created(mock, "products", {**draft, **changed})


def stocked(mock: StandIn, sku: str, quantity: int, **changed: Any) -> Document:
    return created(mock, "inventory", {"sku": sku, "quantityOnStock": quantity, **changed})


def cart(mock: StandIn, lines: Iterable[tuple[str, int]], mode: str) -> str:
    """Seed a cart as a shopper has filled it."""
    template = order_document()["lineItems"][0]
    items = [
        {**template, "id": str(uuid.uuid4()), "variant": {"id": 1, "sku": sku}, "quantity": quantity}
        for sku, quantity in lines
    ]
    document = {**order_document(), "lineItems": items, "inventoryMode": mode, "cartState": "Active", "version": 1}
    del document["orderNumber"]
    mock.seed("cart", document)
    return str(document["id"])


def ordered(mock: StandIn, cart_id: str) -> httpx.Response:
    """Let a shopper turn a cart into an order."""
    return mock.api.post("/demo/orders", json={"cart": {"typeId": "cart", "id": cart_id}, "version": 1})
