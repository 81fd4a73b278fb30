"""Sample documents and small ones made by hand."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "data" / "commercetools"

type Json = dict[str, Any]


def sample(name: str) -> Json:
    """Read a sample document."""
    document: Json = json.loads((DATA / name).read_text(encoding="utf-8"))
    return document


ORDERS_AND_CARTS = sorted(path.name for path in DATA.glob("*.json") if "lineItems" in sample(path.name))


def euro(cents: int) -> Json:
    """Money as commercetools writes it."""
    return {"type": "centPrecision", "currencyCode": "EUR", "centAmount": cents, "fractionDigits": 2}


def taxed(net: int, gross: int) -> Json:
    """A taxed price."""
    return {"totalNet": euro(net), "totalGross": euro(gross), "totalTax": euro(gross - net), "taxPortions": []}


def rate(amount: float, *, included: bool = True) -> Json:
    """A tax rate."""
    return {"name": "rate", "amount": amount, "includedInPrice": included, "country": "DE", "subRates": []}


def line(number: int, unit: int, quantity: int = 1, **fields: Any) -> Json:
    """A line item at its list price, unless `totalPrice` says otherwise."""
    return {
        "id": f"line-{number}",
        "productId": f"product-{number}",
        "name": {"en": f"Line {number}", "de": f"Zeile {number}"},
        "variant": {"id": 1, "sku": f"SKU-{number}"},
        "price": {"value": euro(unit)},
        "quantity": quantity,
        "totalPrice": euro(unit * quantity),
        "discountedPricePerQuantity": [],
        **fields,
    }


def custom_line(number: int, unit: int, quantity: int = 1, **fields: Any) -> Json:
    """A custom line item."""
    return {
        "id": f"custom-{number}",
        "name": {"en": f"Custom {number}"},
        "slug": f"slug-{number}",
        "money": euro(unit),
        "quantity": quantity,
        "totalPrice": euro(unit * quantity),
        **fields,
    }


def order(total: int, *lines: Json, **fields: Any) -> Json:
    """An order of some lines; its total price is given, not computed."""
    return {
        "id": "order-1",
        "version": 1,
        "createdAt": "2026-11-20T08:15:30.123Z",
        "totalPrice": euro(total),
        "lineItems": [row for row in lines if "price" in row],
        "customLineItems": [row for row in lines if "money" in row],
        **fields,
    }
