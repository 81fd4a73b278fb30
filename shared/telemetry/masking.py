"""Personal data out of what is kept: values are replaced, the shape stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.model.personal import MASK, PERSONAL, is_personal

__all__ = ["MASK", "PERSONAL", "mask_personal_data"]


def mask_personal_data(value: Mapping[str, Any]) -> dict[str, Any]:
    """Mask every personal field of a tree, however deep."""
    return {name: _masked(item, personal=is_personal(name)) for name, item in value.items()}


def _masked(item: Any, *, personal: bool) -> Any:
    if isinstance(item, Mapping):
        return {name: _masked(part, personal=personal or is_personal(name)) for name, part in item.items()}
    if isinstance(item, list | tuple):
        return [_masked(part, personal=personal) for part in item]
    return MASK if personal and item else item
