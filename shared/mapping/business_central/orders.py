"""The canonical order → one Business Central sales order with its lines, ready for a deep insert."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from shared.mapping.business_central.addresses import address_texts, recipient_texts
from shared.mapping.business_central.amounts import line_price
from shared.mapping.business_central.fields import LINE_LIMITS, ORDER_LIMITS, REFERENCE_LIMIT
from shared.mapping.business_central.purchase_orders import purchase_order_lines
from shared.mapping.delivery import delivered_where, ships_to_several
from shared.mapping.fitting import Texts, fit
from shared.mapping.price_mode import prices_include_tax
from shared.mapping.references import order_reference
from shared.mapping.service_lines import line_tax_code, no_service_target, service_target, several_addresses
from shared.market_options.business_central import DEFAULTS
from shared.markets import LineTarget, Market
from shared.model.back_end import Cut, ItemRecord, LineAmounts, MissingReference, OrderDraft, References
from shared.model.money import Money
from shared.model.order import Order, OrderLine

LINE_TYPES = {"item": "Item", "charge": "Charge", "account": "Account"}


def draft_order(order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
    """Map an order; returns the first thing that is missing instead when something is."""
    header = _header(order, market)
    if isinstance(header, MissingReference):
        return header
    fields, cuts = header
    include_tax = prices_include_tax(order)
    lines: list[dict[str, Any]] = []
    for line in order.lines:
        mapped = _line(line, order, references, market, include_tax=include_tax)
        if isinstance(mapped, MissingReference):
            return mapped
        lines.append(mapped[0])
        cuts += mapped[1]
    comment = purchase_order_lines(order, market)
    if isinstance(comment, MissingReference):
        return comment
    cuts += comment[1]
    reference = order_reference(order.number, order.id, market.order.reference_prefix, REFERENCE_LIMIT)
    payload = {
        "externalDocumentNumber": reference,
        "orderDate": order.placed_at.astimezone(UTC).date().isoformat(),
        "currencyCode": order.currency,
        "pricesIncludeTax": include_tax,
        **fields,
        "salesOrderLines": [*lines, *comment[0]],
    }
    amounts = tuple(LineAmounts(line.label, line.net, line.gross) for line in order.lines)
    return OrderDraft(reference, payload, order.totals, amounts, cuts)


def _header(order: Order, market: Market) -> tuple[dict[str, Any], tuple[Cut, ...]] | MissingReference:
    if ships_to_several(order):
        return replace(several_addresses(order, "Business Central"), facts=delivered_where(order))
    fitted = fit(_header_texts(order), ORDER_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    wanted = order.custom.get(market.order.requested_delivery_field or "")
    if isinstance(wanted, str) and wanted:
        fields["requestedDeliveryDate"] = wanted[:10]
    return fields, cuts


def _header_texts(order: Order) -> Texts:
    billing = order.billing_address
    shipping = order.shipping_addresses[0].address if order.shipping_addresses else billing
    texts: dict[str, str | None] = {"email": order.customer.email}
    if billing is not None:
        texts |= {**address_texts(billing, "sellTo"), "phoneNumber": billing.phone or billing.mobile}
    if shipping is not None:
        texts |= {**recipient_texts(shipping), **address_texts(shipping, "shipTo")}
    return texts


def _line(
    line: OrderLine, order: Order, references: References, market: Market, *, include_tax: bool
) -> tuple[dict[str, Any], tuple[Cut, ...]] | MissingReference:
    """Map one line. Field order matters: Business Central validates in the order in which fields arrive."""
    target = _target(line, references, market)
    if isinstance(target, MissingReference):
        return target
    code = line_tax_code(line, order, market)
    if isinstance(code, MissingReference):
        return code
    fitted = fit({"description": line.name}, LINE_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    texts, cuts = fitted
    options = market.business_central or DEFAULTS
    price = line_price(line, include_tax=include_tax, decimals=options.unit_price_decimals)
    fields = {**target, **texts, "quantity": price.quantity, "unitPrice": float(price.unit_price)}
    if price.discount:
        fields["discountAmount"] = float(price.discount)
    return {**fields, "taxCode": code}, cuts


def _target(line: OrderLine, references: References, market: Market) -> dict[str, Any] | MissingReference:
    if line.kind in {"item", "gift"}:
        return _item_target(references.items[line.sku or ""], references.location_id)
    target = service_target(line, market)
    if target is None:
        return no_service_target(line, market)
    return {"lineType": LINE_TYPES[target.as_], "lineObjectNumber": target.number}


def _item_target(item: ItemRecord, location_id: str | None) -> dict[str, Any]:
    fields = {"lineType": "Item", "lineObjectNumber": item.number}
    optional = {"itemVariantId": item.variant_id, "locationId": location_id}
    return fields | {name: value for name, value in optional.items() if value}


def rounding_line(target: LineTarget, gap: Money) -> dict[str, Any]:
    """Build the line that closes a gap of a few minor units; a negative gap is taken away."""
    return {
        "lineType": LINE_TYPES[target.as_],
        "lineObjectNumber": target.number,
        "description": "Rounding",
        "quantity": 1 if gap.amount > 0 else -1,
        "unitPrice": float(abs(gap.amount)),
        "taxCode": target.tax_code,
    }
