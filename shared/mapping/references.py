"""External document references: short, stable, and unique for each order number."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[A-Z0-9][A-Z0-9._/#-]*")
_HASH_LENGTH = 8


def order_reference(order_number: str | None, order_id: str, prefix: str, limit: int) -> str:
    """Derive the reference of an order, in upper case because Business Central's Code fields are.

    A number that upper-casing or cutting would make ambiguous gets a hash of the whole number; an order without a
    number uses its id. Equal numbers always give equal references, different ones different references.
    """
    number = order_number or order_id
    plain = prefix + number
    if order_number is None:
        plain = prefix + order_id.upper().replace("-", "")
    if len(plain) <= limit and _PLAIN.fullmatch(plain):
        return plain
    digest = hashlib.sha256(number.encode()).hexdigest()[:_HASH_LENGTH].upper()
    stem = re.sub(r"[^A-Z0-9._/#-]", "-", plain.upper())[: limit - _HASH_LENGTH - 1]
    return f"{stem}-{digest}"
