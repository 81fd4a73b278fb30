"""Resource paths: segments with their key predicates."""

from dataclasses import dataclass
from urllib.parse import unquote

from local.dynamics.odata.query import split_top_level


@dataclass(frozen=True)
class Segment:
    """One part of a path: a name, and the key values in parentheses when there are any."""

    name: str
    key: tuple[str, ...] | None = None


def _key_value(text: str) -> str:
    _, separator, value = text.partition("=") if not text.startswith("'") else ("", "", "")
    literal = value if separator else text
    return literal[1:-1].replace("''", "'") if literal.startswith("'") else literal.lower()


def parse_path(path: str) -> list[Segment]:
    """Return the segments of a path that is relative to the service root."""
    segments = []
    for part in split_top_level(unquote(path), "/"):
        name, parenthesis, rest = part.partition("(")
        key = tuple(_key_value(item) for item in split_top_level(rest.removesuffix(")"), ",")) if parenthesis else None
        segments.append(Segment(name, key))
    return segments
