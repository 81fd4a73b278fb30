"""Making texts fit the back-end's fields: cut only where the market map allows it, and say so."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from shared.model.back_end import Cut, MissingReference

type Texts = Mapping[str, str | None]


def fit(
    texts: Texts, limits: Mapping[str, int], cut_allowed: Set[str]
) -> tuple[dict[str, Any], tuple[Cut, ...]] | MissingReference:
    """Leave out what is empty, shorten what may be shortened. Returns fields and cuts, or the first value too long."""
    fields: dict[str, Any] = {}
    cuts: list[Cut] = []
    for name, value in texts.items():
        text = (value or "").strip()
        limit = limits[name]
        if len(text) > limit:
            if name not in cut_allowed:
                return _too_long(name, text, limit)
            cuts.append(Cut(name, text, limit))
        if text:
            fields[name] = text[:limit].rstrip()
    return fields, tuple(cuts)


def _too_long(name: str, text: str, limit: int) -> MissingReference:
    return MissingReference(
        kind="value_too_long",
        key=name,
        text=f"{name} has {len(text)} characters, the back-end takes {limit}",
        hint=f"shorten it in commercetools, or list {name} under order.cut in the market map to cut it",
        facts={name: text, "limit": limit},
    )
