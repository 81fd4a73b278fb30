"""commercetools documents: the shipped samples, and a small order whose sums are easy to see.

2 shirts at 100.00 SEK and freight of 50.00 SEK, 25 % included: gross 250.00, net 200.00, tax 50.00.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data" / "commercetools"

type Json = dict[str, Any]


def sample(name: str) -> Json:
    document: Json = json.loads((DATA / name).read_text(encoding="utf-8"))
    return document


def krona(cents: int) -> Json:
    return {"type": "centPrecision", "currencyCode": "SEK", "centAmount": cents, "fractionDigits": 2}


def taxed(net: int, gross: int) -> Json:
    return {"totalNet": krona(net), "totalGross": krona(gross), "totalTax": krona(gross - net), "taxPortions": []}


RATE = {"name": "25%", "amount": 0.25, "includedInPrice": True, "country": "SE", "subRates": []}
ADDRESS = {
    "firstName": "Example",
    "lastName": "Customer",
    "streetName": "Example Street",
    "streetNumber": "1",
    "postalCode": "11122",
    "city": "Example Town",
    "country": "SE",
    "email": "customer@example.com",
}


def line_document(sku: str | None = "SHIRT", *, quantity: int = 2, unit: int = 10_000) -> Json:
    amount = quantity * unit
    return {
        "id": f"line-{sku}",
        "name": {"en": f"Name of {sku}"},
        "variant": {"id": 1, "sku": sku},
        "price": {"value": krona(unit)},
        "quantity": quantity,
        "totalPrice": krona(amount),
        "discountedPricePerQuantity": [],
        "taxRate": RATE,
        "taxedPrice": taxed(amount * 4 // 5, amount),
    }


def order_document(**changes: Any) -> Json:
    document = {
        "id": "order-1",
        "version": 1,
        "createdAt": "2026-11-20T23:30:00.000Z",
        "lastModifiedAt": "2026-11-20T23:30:00.000Z",
        "orderNumber": "SE-1001",
        "customerId": "customer-1",
        "customerEmail": "customer@example.com",
        "store": {"typeId": "store", "key": "se-b2c"},
        "country": "SE",
        "totalPrice": krona(25_000),
        "taxedPrice": taxed(20_000, 25_000),
        "lineItems": [line_document()],
        "customLineItems": [],
        "shippingMode": "Single",
        "shippingInfo": {
            "shippingMethodName": "Parcel",
            "price": krona(5_000),
            "taxRate": RATE,
            "taxedPrice": taxed(4_000, 5_000),
        },
        "billingAddress": ADDRESS,
        "shippingAddress": ADDRESS,
    }
    changed = {**document, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def customer_document(**changes: Any) -> Json:
    document = {
        "id": "customer-1",
        "version": 1,
        "email": "customer@example.com",
        "firstName": "Example",
        "lastName": "Customer",
        "addresses": [],
    }
    return {**document, **changes}
