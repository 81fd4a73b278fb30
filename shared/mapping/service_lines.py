"""Lines that are no goods, as every back-end sees them: shipping and custom lines, by the market's rules."""

from __future__ import annotations

from shared.mapping.tax import tax_code
from shared.markets import LineTarget, Market
from shared.model.back_end import MissingReference
from shared.model.order import Order, OrderLine


def service_target(line: OrderLine, market: Market) -> LineTarget | None:
    """Return what the market says a shipping or custom line becomes; None for goods, and where it says nothing."""
    if line.kind == "shipping":
        return market.shipping.target(line.reference)
    return market.custom_lines.target(line.reference) if line.kind == "custom" else None


def line_tax_code(line: OrderLine, order: Order, market: Market) -> str | MissingReference:
    """Return the tax code of a line: that of its service target, else by the market's tax rules."""
    target = service_target(line, market)
    if target is not None and target.tax_code:
        return target.tax_code
    return tax_code(line, order, market)


def no_service_target(line: OrderLine, market: Market) -> MissingReference:
    """Ask what a shipping or custom line becomes."""
    section = "shipping.methods" if line.kind == "shipping" else "custom_lines.slugs"
    return MissingReference(
        kind=f"{line.kind}_line",
        key=line.reference or "-",
        text=f"nothing says what {line.label} becomes in the back-end",
        hint=f"add {line.reference} to {section} of market {market.name}, or a default",
        facts={"line": line.label, "gross": str(line.gross)},
    )


def several_addresses(order: Order, service: str) -> MissingReference:
    """Ask what to do with an order that ships to more than one address."""
    keys = ", ".join(ship_to.key or "-" for ship_to in order.shipping_addresses)
    return MissingReference(
        kind="shipping_address",
        key="several",
        text=f"the order ships to {len(order.shipping_addresses)} addresses ({keys}), {service} takes one",
        hint="split the order in commercetools, or enter it by hand and resolve this item with --note",
    )
