"""Route templates of HTTP triggers: literals, `{id}`, `{id?}`, `{id:int}`, `{id:int?}`, `{*rest}`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from urllib.parse import unquote

from local.host.errors import HostError
from local.host.functions import HttpTrigger

_PARAMETER = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>\w+)(?::(?P<constraint>[\w:()]+?))?(?P<optional>\?)?\}")
_CONSTRAINTS = {
    "int": r"-?\d{1,10}",
    "long": r"-?\d{1,19}",
    "bool": r"(?i:true|false)",
    "alpha": r"[A-Za-z]+",
    "guid": r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
}


@dataclass(frozen=True)
class Route:
    """A compiled template; `rank` orders more particular templates before more general ones."""

    trigger: HttpTrigger
    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the route parameters, or None where the request is another function's."""
        if self.trigger.methods and method not in self.trigger.methods:
            return None
        found = self.pattern.fullmatch(path)
        return {name: unquote(value) for name, value in found.groupdict().items() if value} if found else None


class RouteTable:
    """All routes of an app."""

    def __init__(self, prefix: str, triggers: Iterable[HttpTrigger]) -> None:
        routes = [compile_route(prefix, trigger) for trigger in triggers]
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, path: str) -> tuple[HttpTrigger, dict[str, str]] | None:
        """Return the function that a request is for, and its route parameters."""
        for route in self._routes:
            parameters = route.match(method, path)
            if parameters is not None:
                return route.trigger, parameters
        return None


def compile_route(prefix: str, trigger: HttpTrigger) -> Route:
    """Compile a function's template below the prefix."""
    pattern = "".join(f"/{re.escape(segment)}" for segment in prefix.split("/") if segment)
    rank: list[int] = []
    for segment in (part for part in trigger.route.split("/") if part):
        text, weight = _segment(trigger, segment)
        pattern += text
        rank.append(weight)
    return Route(trigger, re.compile(pattern + "/?", re.IGNORECASE), tuple(rank))


def _segment(trigger: HttpTrigger, segment: str) -> tuple[str, int]:
    whole = _PARAMETER.fullmatch(segment)
    if whole:
        return _whole_segment(trigger, whole)
    pieces = reduce(lambda text, match: text.replace(match[0], "\0", 1), _PARAMETER.finditer(segment), segment)
    if "{" in pieces or "}" in pieces:
        raise HostError(
            f"function {trigger.function}: route {trigger.route!r} has a segment {segment!r} that is no template; "
            "write {name}, {name:int} or {name?}."
        )
    inner = [f"(?P<{match['name']}>{_constraint(trigger, match)})" for match in _PARAMETER.finditer(segment)]
    literals = [re.escape(piece) for piece in pieces.split("\0")]
    text = literals[0] + "".join(part + literal for part, literal in zip(inner, literals[1:], strict=True))
    return f"/{text}", 1 if inner else 0


def _whole_segment(trigger: HttpTrigger, match: re.Match[str]) -> tuple[str, int]:
    if match["rest"]:
        return f"(?:/(?P<{match['name']}>.*))?", 4
    text = f"/(?P<{match['name']}>{_constraint(trigger, match)})"
    weight = 2 if match["constraint"] else 3
    return (f"(?:{text})?" if match["optional"] else text), weight


def _constraint(trigger: HttpTrigger, match: re.Match[str]) -> str:
    name = match["constraint"]
    if name is None:
        return "[^/]+"
    if name not in _CONSTRAINTS:
        known = ", ".join(_CONSTRAINTS)
        raise HostError(
            f"function {trigger.function}: route {trigger.route!r}: constraint {name!r} is not among {known}."
        )
    return _CONSTRAINTS[name]
