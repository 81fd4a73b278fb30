"""Resource paths: segments with their key predicates."""

from dataclasses import dataclass
from urllib.parse import unquote

from local.dynamics.odata.query import split_top_level


@dataclass(frozen=True)
class Segment:
    """One part of a path: a name, and the key values in parentheses when there are any."""

    name: str
    key: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()  # as many as key has values when the path names them


def _key_part(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=") if not text.startswith("'") else ("", "", "")
    literal = value if separator else text
    value = literal[1:-1].replace("''", "'") if literal.startswith("'") else literal.lower()
    return (name.strip() if separator else ""), value


def parse_path(path: str) -> list[Segment]:
    """Return the segments of a path that is relative to the service root."""
    segments = []
    for part in split_top_level(unquote(path), "/"):
        name, parenthesis, rest = part.partition("(")
        parts = [_key_part(item) for item in split_top_level(rest.removesuffix(")"), ",")]
        key = tuple(value for _, value in parts) if parenthesis else None
        segments.append(Segment(name, key, tuple(part for part, _ in parts if part)))
    return segments
