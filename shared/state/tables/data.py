"""A text of any length in the properties of one row.

A string property holds 64 KiB and a row 1 MiB, both counted in UTF-16. The text must be ASCII (see `codec`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import Permanent

_CHARACTERS_PER_PROPERTY = 32_000
# 450,000 ASCII characters are 900 KB of UTF-16: below the 1 MiB of a row with room for its other properties.
_LONGEST = 450_000


def split(text: str, service: str, action: str) -> dict[str, str | int]:
    """Properties that hold the text. Raises Permanent when it does not fit into one row."""
    if len(text) > _LONGEST:
        raise Permanent(
            service,
            action,
            f"the record has {len(text):,} characters of JSON, a row holds {_LONGEST:,}: store less of it",
        )
    parts = [text[start : start + _CHARACTERS_PER_PROPERTY] for start in range(0, len(text), _CHARACTERS_PER_PROPERTY)]
    return {"DataParts": len(parts), **{f"Data{index}": part for index, part in enumerate(parts)}}


def join(fields: Mapping[str, Any]) -> str:
    """Read what `split` made; parts left over from an earlier, longer text are not read."""
    return "".join(fields[f"Data{index}"] for index in range(fields["DataParts"]))
