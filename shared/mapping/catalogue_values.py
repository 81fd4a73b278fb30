"""Numbers and versions of catalogue records, as more than one back-end needs them. Pure."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

_VERSION_LENGTH = 32


def exact(value: object) -> Decimal:
    """Return a number as its shortest text says it, without zeros that say nothing; nothing is 0."""
    number = Decimal(str(value or 0)).normalize()
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


def version_of(*parts: object) -> str:
    """Return what tells one state of a record from another: SHA-256 of the parts that are kept."""
    return sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:_VERSION_LENGTH]
