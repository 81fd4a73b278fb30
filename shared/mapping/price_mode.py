"""Prices with or without tax: back-ends have one mode for an order, commercetools one for each line."""

from __future__ import annotations

from decimal import Decimal

from shared.model.order import Order


def prices_include_tax(order: Order) -> bool:
    """Choose the header's price mode: that of the greater part of the taxed amount, so that fewest prices convert."""
    sizes = [(line.price_includes_tax, abs(line.gross.amount)) for line in order.lines]
    return sum([size if included else -size for included, size in sizes], Decimal(0)) >= 0
