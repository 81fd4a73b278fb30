"""The canonical order → one sales order header and its lines, ready to be posted one after the other or in a batch."""

from __future__ import annotations

from typing import Any

from shared.mapping.delivery import other_address, unassigned_address
from shared.mapping.finance.addresses import delivery_texts
from shared.mapping.finance.amounts import line_price
from shared.mapping.finance.fields import (
    LINE_LIMITS,
    NUMBER_LIMIT,
    ORDER_LIMITS,
    OWN_ADDRESS,
    REFERENCE_LIMIT,
    REQUISITION,
    YES,
    date_only,
    no_yes,
)
from shared.mapping.fitting import Texts, fit
from shared.mapping.price_mode import prices_include_tax
from shared.mapping.references import order_reference
from shared.mapping.service_lines import line_tax_code, no_service_target, service_target
from shared.market_options.finance import FinanceOptions
from shared.markets import LineTarget, Market
from shared.model.back_end import Cut, ItemRecord, LineAmounts, MissingReference, OrderDraft, References
from shared.model.money import Money
from shared.model.order import Order, OrderLine

# Header and lines are two entities: the draft's payload holds both under the names of their parts.
HEADER, LINES = "header", "lines"
ROUNDING_DESCRIPTION = "Rounding"


def draft_order(order: Order, references: References, market: Market) -> OrderDraft | MissingReference:
    """Map an order; returns the first thing that is missing instead when something is."""
    header = _header(order, market)
    if isinstance(header, MissingReference):
        return header
    fields, cuts = header
    include_tax = prices_include_tax(order)
    lines: list[dict[str, Any]] = []
    for number, line in enumerate(order.lines, start=1):
        mapped = _line(number, line, order, references, market, include_tax=include_tax)
        if isinstance(mapped, MissingReference):
            return mapped
        lines.append(mapped[0])
        cuts += mapped[1]
    reference = order_reference(order.number, order.id, market.order.reference_prefix, REFERENCE_LIMIT)
    payload = {
        "dataAreaId": market.company.lower(),
        "CustomersOrderReference": reference,
        "CurrencyCode": order.currency,
        "ArePricesIncludingSalesTax": no_yes(include_tax),
        **_own_number(order, market),
        **fields,
    }
    amounts = tuple(LineAmounts(line.label, line.net, line.gross) for line in order.lines)
    return OrderDraft(reference, {HEADER: payload, LINES: lines}, order.totals, amounts, cuts)


def _own_number(order: Order, market: Market) -> dict[str, str]:
    options = _options(market)
    if not options.batch or options.batch_link != "own_number":
        return {}
    return {"SalesOrderNumber": order_reference(order.number, order.id, market.order.reference_prefix, NUMBER_LIMIT)}


def _header(order: Order, market: Market) -> tuple[dict[str, Any], tuple[Cut, ...]] | MissingReference:
    if unassigned := unassigned_address(order):
        return unassigned
    texts = _header_texts(order, market)
    if isinstance(texts, MissingReference):
        return texts
    fitted = fit(texts, ORDER_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    fields, cuts = fitted
    return fields | _set_up(order, market), cuts


def _header_texts(order: Order, market: Market) -> Texts | MissingReference:
    address = order.shipping_addresses[0].address if order.shipping_addresses else order.billing_address
    delivery = delivery_texts(address, market) if address else {}
    if isinstance(delivery, MissingReference):
        return delivery
    return {
        REQUISITION: order.purchase_order_number,
        "Email": order.customer.email,
        **delivery,
    }


def _set_up(order: Order, market: Market) -> dict[str, Any]:
    """Return what the market map says about the header. Automatic charges would change the totals."""
    options = _options(market)
    shipping = next((line for line in order.lines if line.kind == "shipping"), None)
    carrier = market.shipping.carriers.get(shipping.reference or "") if shipping else None
    wanted = order.custom.get(market.order.requested_delivery_field or "")
    fields: dict[str, Any] = {
        OWN_ADDRESS: YES if order.shipping_addresses or order.billing_address else None,
        "SkipCreateAutoCharges": YES,
        "DefaultShippingWarehouseId": market.location,
        "DefaultShippingSiteId": None if market.location else options.site,
        "SalesTaxGroupCode": options.sales_tax_group,
        "DeliveryModeCode": carrier.agent if carrier else None,
        "SalesOrderOriginCode": options.sales_origin,
        "SalesOrderPoolId": options.sales_pool,
        "RequestedReceiptDate": date_only(wanted[:10]) if isinstance(wanted, str) and wanted else None,
    }
    return {name: value for name, value in fields.items() if value}


def _line(
    number: int, line: OrderLine, order: Order, references: References, market: Market, *, include_tax: bool
) -> tuple[dict[str, Any], tuple[Cut, ...]] | MissingReference:
    """Map one line; `CustomersLineNumber` is how a later attempt recognises it."""
    target = _target(line, references, market)
    if isinstance(target, MissingReference):
        return target
    code = line_tax_code(line, order, market)
    if isinstance(code, MissingReference):
        return code
    delivery = _own_delivery(line, order, market)
    if isinstance(delivery, MissingReference):
        return delivery
    fitted = fit({"LineDescription": line.name, **delivery}, LINE_LIMITS, market.order.cut)
    if isinstance(fitted, MissingReference):
        return fitted
    texts, cuts = fitted
    own = {OWN_ADDRESS: YES} if delivery else {}
    price = line_price(line, include_tax=include_tax)
    amounts = _amounts(price.quantity, float(price.price), float(price.discount), price.price_quantity)
    head = {"dataAreaId": market.company.lower(), "CustomersLineNumber": number}
    return {**head, **target, **texts, **own, **amounts, **_tax_groups(code)}, cuts


def _own_delivery(line: OrderLine, order: Order, market: Market) -> Texts | MissingReference:
    """Spell where the line goes when that is not where the order goes."""
    address = other_address(line, order)
    return delivery_texts(address, market) if address else {}


def _amounts(quantity: int, price: float, discount: float = 0, price_quantity: int = 1) -> dict[str, Any]:
    """Spell quantity and price. Discounts are said even when there is none: else a trade agreement may give one."""
    return {
        "OrderedSalesQuantity": quantity,
        "SalesPrice": price,
        "SalesPriceQuantity": price_quantity,
        "LineDiscountAmount": discount,
        "LineDiscountPercentage": 0,
        "SkipCreateAutoCharges": YES,
    }


def _tax_groups(code: str) -> dict[str, str]:
    group, separator, item_group = code.rpartition("/")
    return {"SalesTaxItemGroupCode": item_group} | ({"SalesTaxGroupCode": group} if separator else {})


def _target(line: OrderLine, references: References, market: Market) -> dict[str, Any] | MissingReference:
    if line.kind in {"item", "gift"}:
        return _item(references.items[line.sku or ""])
    target = service_target(line, market)
    if target is None:
        return no_service_target(line, market)
    if target.as_ != "item":
        return _not_an_item(line.label, target, market)
    return {"ItemNumber": target.number}


def _item(item: ItemRecord) -> dict[str, Any]:
    return {"ItemNumber": item.number, **item.details}


def _not_an_item(label: str, target: LineTarget, market: Market) -> MissingReference:
    """Ask for an item: Finance has no data entity for charges of order lines, and its order lines know no accounts."""
    return MissingReference(
        kind="line_target",
        key=target.number,
        text=f"{label} is to become {target.as_} {target.number}, but lines of Finance are items",
        hint=f"make it {{as: item, number: …}} in market {market.name}, with a service item in Finance",
    )


def rounding_line(target: LineTarget, gap: Money, number: int, market: Market) -> dict[str, Any]:
    """Build the line that closes a gap of a few minor units; a negative gap is taken away."""
    return {
        "dataAreaId": market.company.lower(),
        "CustomersLineNumber": number,
        "ItemNumber": target.number,
        "LineDescription": ROUNDING_DESCRIPTION,
        **_amounts(1 if gap.amount > 0 else -1, float(abs(gap.amount))),
        **(_tax_groups(target.tax_code) if target.tax_code else {}),
    }


def _options(market: Market) -> FinanceOptions:
    return market.finance or FinanceOptions()
