"""Prices with or without tax: back-ends have one mode for an order, commercetools one for each line."""

from __future__ import annotations

from decimal import Decimal

from shared.model.order import Order


def prices_include_tax(order: Order) -> bool:
    """Choose the header's price mode: that of the greater part of the taxed amount, so that fewest prices convert."""
    included = sum((abs(line.gross.amount) for line in order.lines if line.price_includes_tax), Decimal(0))
    excluded = sum((abs(line.gross.amount) for line in order.lines if not line.price_includes_tax), Decimal(0))
    return included >= excluded
