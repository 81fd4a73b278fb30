"""The canonical order → one sales order with its lines. Customer, currency and price list are bound when it is sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from shared.mapping.dataverse.addresses import party_texts
from shared.mapping.dataverse.amounts import LinePrice, exact_price, line_price
from shared.mapping.dataverse.fields import (
    LINE_LIMITS,
    ORDER_LIMITS,
    ORDER_NUMBER_LIMIT,
    PURCHASE_ORDER_LIMIT,
    SHIP_TO_LIMITS,
)
from shared.mapping.delivery import other_address, unassigned_address
from shared.mapping.fitting import Texts, fit
from shared.mapping.purchase_orders import not_carried
from shared.mapping.service_lines import no_service_target, service_target
from shared.market_options.dataverse import DataverseOptions
from shared.markets import LineTarget, Market
from shared.model.back_end import Cut, ItemRecord, LineAmounts, MissingReference, OrderDraft, References
from shared.model.money import Money
from shared.model.order import Order, OrderLine

type Fields = dict[str, Any]
type Fitted = tuple[Fields, tuple[Cut, ...]]
# Noon: the column holds a moment, and the day must be the same in every time zone of Europe and America.
NOON = "T12:00:00Z"
FREIGHT = "freight"


def service_key(number: str) -> str:
    """Return the key of a service product (shipping, custom line, rounding) among the resolved items."""
    return f"service:{number}"


def draft_order(order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
    """Map an order; returns the first thing that is missing instead when something is."""
    options = market.dataverse or DataverseOptions()
    if options.price_lists and order.currency not in options.price_lists:
        return _no_price_list(order.currency, market)
    header = _header(order, market, options)
    if isinstance(header, MissingReference):
        return header
    fields, cuts = header
    freight = [line for line in order.lines if _is_header_freight(line, options)]
    rows: list[Fields] = []
    kept = [line for line in order.lines if not _is_header_freight(line, options)]
    for line in kept:
        mapped = _line(line, order, references, market, options)
        if isinstance(mapped, MissingReference):
            return mapped
        rows.append({"lineitemnumber": len(rows) + 1, **mapped[0]})
        cuts += mapped[1]
    amounts = tuple(LineAmounts(line.label, line.net, line.gross) for line in kept)
    total = sum((line.net.amount for line in freight), Decimal(0))
    if total:
        fields["freightamount"] = float(total)
        amount = Money(total, order.currency)
        amounts += (LineAmounts(FREIGHT, amount, amount),)
    payload = {**fields, options.lines_property: rows}
    return OrderDraft(order.id, payload, order.totals, amounts, cuts)


def _header(order: Order, market: Market, options: DataverseOptions) -> Fitted | MissingReference:
    if unassigned := unassigned_address(order):
        return unassigned
    number = order.number or order.id
    texts: dict[str, str | None] = {
        "name": market.order.reference_prefix + number,
        "emailaddress": order.customer.email,
    }
    billing = order.billing_address
    shipping = order.shipping_addresses[0].address if order.shipping_addresses else billing
    texts |= party_texts(billing, "billto_") if billing else {}
    texts |= party_texts(shipping, "shipto_") if shipping else {}
    limits = dict(ORDER_LIMITS)
    if options.order_number:
        texts[options.order_number], limits[options.order_number] = number, ORDER_NUMBER_LIMIT
    if options.purchase_order_number:
        texts[options.purchase_order_number] = order.purchase_order_number
        limits[options.purchase_order_number] = PURCHASE_ORDER_LIMIT
    fitted = fit(texts, limits, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    cuts += () if options.purchase_order_number else not_carried(order)
    wanted = _wanted_day(order, market)
    return {**fields, **({"requestdeliveryby": wanted + NOON} if wanted else {})}, cuts


def _wanted_day(order: Order, market: Market) -> str | None:
    """Return the wanted date; what is no date is left out."""
    wanted = order.custom.get(market.order.requested_delivery_field or "")
    try:
        return date.fromisoformat(str(wanted)[:10]).isoformat() if wanted else None
    except ValueError:
        return None


def _is_header_freight(line: OrderLine, options: DataverseOptions) -> bool:
    """Freight of the header carries no tax and is never negative."""
    return (
        line.kind == "shipping" and options.untaxed_freight == "header" and not line.tax.amount and line.net.amount >= 0
    )


def _line(
    line: OrderLine, order: Order, references: References, market: Market, options: DataverseOptions
) -> Fitted | MissingReference:
    target = _target(line, references, market, options)
    if isinstance(target, MissingReference):
        return target
    described = {} if target.get("isproductoverridden") else {"description": line.name}
    texts: Texts = {**described, **_other_address(line, order)}
    fitted = fit(texts, LINE_LIMITS | SHIP_TO_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    price = line_price(line, options.unit_price_decimals)
    return {**target, **fields, **_price_fields(price, line.tax.amount)}, cuts


def _price_fields(price: LinePrice, tax: Decimal) -> Fields:
    """Without the override Dataverse would take the price from its own price list."""
    fields: Fields = {
        "quantity": price.quantity,
        "ispriceoverridden": True,
        "priceperunit": float(price.unit_price),
        "tax": float(tax),
    }
    return fields | ({"manualdiscountamount": float(price.discount)} if price.discount else {})


def _other_address(line: OrderLine, order: Order) -> Texts:
    """Spell the line's own address when the order ships to several."""
    address = other_address(line, order)
    return party_texts(address, "shipto_") if address else {}


def _target(
    line: OrderLine, references: References, market: Market, options: DataverseOptions
) -> Fields | MissingReference:
    if line.kind in {"item", "gift"}:
        return product_fields(references.items[line.sku or ""])
    target = service_target(line, market)
    if target is None:
        return no_service_target(line, market)
    if target.as_ == "item":
        return _service_product(target.number, references, market)
    return write_in_fields(line.name, options) or _no_write_in(line, target, market)


def product_fields(item: ItemRecord) -> Fields:
    """Bind an existing product and its unit."""
    unit = item.details.get("unit")
    fields = {"isproductoverridden": False, "productid@odata.bind": f"/products({item.id})"}
    return fields | ({"uomid@odata.bind": f"/uoms({unit})"} if unit else {})


def _service_product(number: str, references: References, market: Market) -> Fields | MissingReference:
    item = references.items.get(service_key(number))
    if item is None:  # nothing was resolved: an offline preview shows the number
        quoted = number.replace("'", "''")
        return {"isproductoverridden": False, "productid@odata.bind": f"/products(productnumber='{quoted}')"}
    problem = item.details.get("problem")
    if problem is None:
        return product_fields(item)
    return MissingReference(
        kind="service_product",
        key=number,
        text=f"product {number}, which market {market.name} names for shipping or custom lines, {problem}",
        hint="create or activate it in Dataverse, or correct the market map; then resolve with --note",
    )


def write_in_fields(text: str, options: DataverseOptions) -> Fields | None:
    """Describe a write-in product; None where the market does not allow them."""
    limit = LINE_LIMITS["productdescription"]
    return {"isproductoverridden": True, "productdescription": text[:limit]} if options.write_in else None


def _no_write_in(line: OrderLine, target: LineTarget, market: Market) -> MissingReference:
    return MissingReference(
        kind=f"{line.kind}_line",
        key=line.reference or "-",
        text=f"{line.label} is to become {target.as_} {target.number}, Dataverse has products only",
        hint=f"in market {market.name} say as: item and a product number, or allow dataverse.write_in",
        facts={"line": line.label, "gross": str(line.gross)},
    )


def _no_price_list(currency: str, market: Market) -> MissingReference:
    return MissingReference(
        kind="price_list",
        key=currency,
        text=f"market {market.name} names no price list for orders in {currency}",
        hint=f"add {currency} to dataverse.price_lists of market {market.name}",
    )


def rounding_line(target: Fields, gap: Money, decimals: int) -> Fields:
    """Build the line that closes a gap of a few minor units, up or down."""
    return {**target, **_price_fields(exact_price(gap, decimals), Decimal(0))}
