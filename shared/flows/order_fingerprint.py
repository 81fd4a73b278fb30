"""What of an order, once exported, must not change unnoticed."""

from __future__ import annotations

import hashlib
import json

from shared.model.address import Address
from shared.model.order import Order


def fingerprint(order: Order) -> str:
    """Hash what was exported: lines, addresses, purchase order number, totals. States and versions are not in it."""
    content = {
        "lines": [
            [line.kind, line.sku, line.reference, line.quantity, str(line.net), str(line.gross)] for line in order.lines
        ],
        "bill": _address(order.billing_address),
        "ship": [_address(ship_to.address) for ship_to in order.shipping_addresses],
        "purchase_order_number": order.purchase_order_number,
        "totals": [str(order.totals.net), str(order.totals.gross)],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _address(address: Address | None) -> dict[str, object]:
    return address.model_dump(exclude={"id"}, exclude_none=True) if address else {}
