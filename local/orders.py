"""Whole commercetools orders for the demo and the tests, with money worked out as commercetools does it.

The amounts follow the published rules (net = gross / (1 + rate) rounded half even per line, totals are sums); the
published mock has no price engine, so whole documents are seeded.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

type Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a shop order; `cents` is the unit price with tax, `discount` is taken off the whole line."""

    sku: str
    name: str
    quantity: int
    cents: int
    rate: str = "0.19"
    discount: int = 0


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who orders; without an id a guest."""

    email: str
    first_name: str = "Example"
    last_name: str = "Customer"
    id: str | None = None


SHIPPING_CENTS = 499
DEMO_LINES = (
    Line("TSHIRT-BLK-M", "T-Shirt schwarz, M", 3, 1999, discount=1000),
    Line("BOOK-001", "Handbuch", 1, 2495, rate="0.07"),
    Line("COFFEE-500", "Kaffee 500 g", 2, 895, rate="0.07"),
)


def order_document(
    number: str | None, shopper: Shopper, lines: tuple[Line, ...] = DEMO_LINES, *, store: str | None = None
) -> Document:
    """Build an order as commercetools would return it: EUR, Germany, prices with tax."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    items = [_line_item(index, line, now) for index, line in enumerate(lines)]
    shipping = _shipping()
    amounts = [item["taxedPrice"] for item in items] + [shipping["taxedPrice"]]
    gross = sum(amount["totalGross"]["centAmount"] for amount in amounts)
    net = sum(amount["totalNet"]["centAmount"] for amount in amounts)
    document = {
        "id": str(uuid.uuid4()),
        "version": 1,
        "createdAt": now,
        "lastModifiedAt": now,
        "customerEmail": shopper.email,
        "country": "DE",
        "locale": "de-DE",
        "lineItems": items,
        "customLineItems": [],
        "totalPrice": _money(gross),
        "taxedPrice": _taxed(net, gross, _portions(amounts)),
        "taxMode": "Platform",
        "taxRoundingMode": "HalfEven",
        "taxCalculationMode": "LineItemLevel",
        "priceRoundingMode": "HalfEven",
        "inventoryMode": "None",
        "shippingMode": "Single",
        "shippingInfo": shipping,
        "shipping": [],
        "shippingAddress": _address(shopper),
        "billingAddress": _address(shopper),
        "itemShippingAddresses": [],
        "origin": "Customer",
        "orderState": "Open",
        "paymentState": "Paid",
        "syncInfo": [],
        "returnInfo": [],
        "discountCodes": [],
        "directDiscounts": [],
        "refusedGifts": [],
    }
    optional = {
        "orderNumber": number,
        "customerId": shopper.id,
        "store": {"typeId": "store", "key": store} if store else None,
    }
    return document | {name: value for name, value in optional.items() if value is not None}


def customer_document(shopper: Shopper, external_id: str | None = None) -> Document:
    """Build the customer of a shopper who has an account."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    address = {"id": "home", **_address(shopper)}
    document = {
        "id": shopper.id,
        "version": 1,
        "createdAt": now,
        "lastModifiedAt": now,
        "email": shopper.email,
        "firstName": shopper.first_name,
        "lastName": shopper.last_name,
        "addresses": [address],
        "defaultBillingAddressId": "home",
        "shippingAddressIds": [],
        "billingAddressIds": ["home"],
        "isEmailVerified": True,
        "stores": [],
        "authenticationMode": "Password",
        "customerGroupAssignments": [],
    }
    return document | ({"externalId": external_id} if external_id else {})


def _line_item(index: int, line: Line, now: str) -> Document:
    total = line.cents * line.quantity - line.discount
    net = _net(total, line.rate)
    return {
        "id": str(uuid.uuid4()),
        "productId": str(uuid.uuid5(uuid.NAMESPACE_URL, line.sku)),
        "productType": {"typeId": "product-type", "id": str(uuid.uuid5(uuid.NAMESPACE_URL, "goods"))},
        "name": {"de-DE": line.name, "en": line.name},
        "variant": {"id": index + 1, "sku": line.sku, "prices": [], "images": [], "attributes": [], "assets": []},
        "price": {"id": str(uuid.uuid4()), "value": _money(line.cents)},
        "quantity": line.quantity,
        "discountedPricePerQuantity": _discounted(line),
        "taxRate": _tax_rate(line.rate),
        "perMethodTaxRate": [],
        "addedAt": now,
        "lastModifiedAt": now,
        "state": [{"quantity": line.quantity, "state": {"typeId": "state", "id": str(uuid.uuid4())}}],
        "priceMode": "Platform",
        "lineItemMode": "Standard",
        "totalPrice": _money(total),
        "taxedPrice": _taxed(net, total, [_portion(line.rate, total - net)]),
        "taxedPricePortions": [],
    }


def _discounted(line: Line) -> list[Document]:
    """Spread a line discount over its first unit: commercetools allows another price per quantity."""
    if not line.discount:
        return []
    discounted = {
        "value": _money(line.cents - line.discount),
        "includedDiscounts": [
            {
                "discount": {"typeId": "cart-discount", "id": str(uuid.uuid4())},
                "discountedAmount": _money(line.discount),
            }
        ],
    }
    rest = {"quantity": line.quantity - 1, "discountedPrice": {"value": _money(line.cents), "includedDiscounts": []}}
    return [{"quantity": 1, "discountedPrice": discounted}] + ([rest] if line.quantity > 1 else [])


def _shipping() -> Document:
    net = _net(SHIPPING_CENTS, "0.19")
    return {
        "shippingMethodName": "Standard",
        "price": _money(SHIPPING_CENTS),
        "shippingRate": {"price": _money(SHIPPING_CENTS), "tiers": []},
        "taxRate": _tax_rate("0.19"),
        "taxedPrice": _taxed(net, SHIPPING_CENTS, [_portion("0.19", SHIPPING_CENTS - net)]),
        "taxCategory": {"typeId": "tax-category", "id": str(uuid.uuid5(uuid.NAMESPACE_URL, "standard"))},
        "deliveries": [],
        "shippingMethodState": "MatchesCart",
    }


def _net(gross: int, rate: str) -> int:
    return int((Decimal(gross) / (1 + Decimal(rate))).quantize(Decimal(1), ROUND_HALF_EVEN))


def _money(cents: int) -> Document:
    return {"type": "centPrecision", "currencyCode": "EUR", "centAmount": cents, "fractionDigits": 2}


def _tax_rate(rate: str) -> Document:
    name = f"{Decimal(rate):.0%}"
    return {
        "name": name,
        "amount": float(rate),
        "includedInPrice": True,
        "country": "DE",
        "id": f"de-{name}",
        "subRates": [],
    }


def _portion(rate: str, tax: int) -> Document:
    return {"name": f"{Decimal(rate):.0%}", "rate": float(rate), "amount": _money(tax)}


def _taxed(net: int, gross: int, portions: list[Document]) -> Document:
    return {
        "totalNet": _money(net),
        "totalGross": _money(gross),
        "totalTax": _money(gross - net),
        "taxPortions": portions,
    }


def _portions(amounts: list[Document]) -> list[Document]:
    """Add up the tax of all lines, rate by rate."""
    by_rate: dict[float, Document] = {}
    for portion in (portion for amount in amounts for portion in amount["taxPortions"]):
        known = by_rate.get(portion["rate"])
        cents = portion["amount"]["centAmount"] + (known["amount"]["centAmount"] if known else 0)
        by_rate[portion["rate"]] = {**portion, "amount": _money(cents)}
    return list(by_rate.values())


def _address(shopper: Shopper) -> Document:
    return {
        "firstName": shopper.first_name,
        "lastName": shopper.last_name,
        "streetName": "Musterstrasse",
        "streetNumber": "12",
        "postalCode": "10115",
        "city": "Berlin",
        "country": "DE",
        "email": shopper.email,
    }
