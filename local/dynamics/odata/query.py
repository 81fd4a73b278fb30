"""System query options: parsing, ordering, paging with a keyset token, $select and $expand."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from typing import Any

from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.errors import Messages
from local.dynamics.odata.filter import Filter, FilterCompiler, FilterRules, comparable

OPTIONS = frozenset(
    {"$filter", "$orderby", "$top", "$skip", "$select", "$expand", "$count", "$skiptoken", "$schemaversion"}
)


@dataclass(frozen=True)
class Ordering:
    """One column of $orderby."""

    field: str
    kind: str
    descending: bool


@dataclass(frozen=True)
class Query:
    """The parsed query options of one request or of one $expand item."""

    filter: Filter | None = None
    order_by: tuple[Ordering, ...] = ()
    top: int | None = None
    skip: int = 0
    select: tuple[str, ...] = ()
    expand: Mapping[str, "Query"] | None = None
    count: bool = False
    token: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Page:
    """One page of rows; the token is None on the last page."""

    rows: Sequence[Row]
    total: int
    token: str | None


@total_ordering
class _Backwards:
    """Reverses the order of a value inside a sort key."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backwards) and self.value == other.value

    def __lt__(self, other: "_Backwards") -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]  # a sort key is never hashed


def split_top_level(text: str, separator: str) -> list[str]:
    """Split at separators that stand outside parentheses and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == separator and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


class QueryParser:
    """Parses the query options of one product."""

    def __init__(self, sets: Callable[[str], EntitySet], rules: FilterRules, messages: Messages) -> None:
        self._sets = sets
        self._rules = rules
        self._messages = messages

    def parse(self, entity_set: EntitySet, options: Mapping[str, str]) -> Query:
        """Return the parsed options; an unknown one that starts with $ is refused."""
        for name in options:
            if name.startswith("$") and name not in OPTIONS:
                raise self._messages.error("unknown_option", option=name)
        filter_text = options.get("$filter")
        compiler = FilterCompiler(entity_set, self._rules, self._messages)
        return Query(
            filter=compiler.compile(filter_text) if filter_text else None,
            order_by=self._order_by(entity_set, options.get("$orderby", "")),
            top=self._number(options, "$top"),
            skip=self._number(options, "$skip") or 0,
            select=self._select(entity_set, options.get("$select", "")),
            expand=self._expand(entity_set, options.get("$expand", "")),
            count=options.get("$count") == "true",
            token=self._token(options.get("$skiptoken")),
        )

    def _number(self, options: Mapping[str, str], name: str) -> int | None:
        text = options.get(name)
        if text is None:
            return None
        if not text.isdecimal():
            raise self._messages.error("bad_option", option=name, value=text)
        return int(text)

    def _known(self, entity_set: EntitySet, name: str) -> str:
        if name not in entity_set.fields:
            raise self._messages.error("unknown_query_property", property=name, type=entity_set.type_name)
        return name

    def _order_by(self, entity_set: EntitySet, text: str) -> tuple[Ordering, ...]:
        result = []
        for part in split_top_level(text, ","):
            name, _, direction = part.partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                raise self._messages.error("bad_option", option="$orderby", value=part)
            kind = entity_set.fields[self._known(entity_set, name)].type
            result.append(Ordering(name, kind, direction.strip() == "desc"))
        return tuple(result)

    def _select(self, entity_set: EntitySet, text: str) -> tuple[str, ...]:
        if text.strip() == "*":
            return ()
        names = split_top_level(text, ",")
        return tuple(name if name in entity_set.navigation else self._known(entity_set, name) for name in names)

    def _expand(self, entity_set: EntitySet, text: str) -> Mapping[str, Query]:
        result = {}
        for part in split_top_level(text, ","):
            name, _, nested = part.partition("(")
            navigation = entity_set.navigation.get(name)
            if navigation is None:
                raise self._messages.error("unknown_query_property", property=name, type=entity_set.type_name)
            options = dict(item.split("=", 1) for item in split_top_level(nested.removesuffix(")"), ";"))
            result[name] = self.parse(self._sets(navigation.entity_set), options)
        return result

    def _token(self, text: str | None) -> tuple[Any, ...] | None:
        if text is None:
            return None
        try:
            return tuple(json.loads(base64.urlsafe_b64decode(text), parse_float=Decimal))
        except (binascii.Error, ValueError, TypeError) as error:
            raise self._messages.error("bad_option", option="$skiptoken", value=text) from error


def select_rows(entity_set: EntitySet, query: Query, rows: Sequence[Row], page_size: int) -> Page:
    """Return the page that the query asks for."""
    orderings = (*query.order_by, *(Ordering(name, "", descending=False) for name in entity_set.key))
    matching = [row for row in rows if query.filter is None or query.filter.matches(row)]
    ordered = sorted(matching, key=lambda row: _sort_key([row[part.field] for part in orderings], orderings))
    if query.token is not None:
        after = _sort_key(query.token, orderings)
        ordered = [row for row in ordered if _sort_key([row[part.field] for part in orderings], orderings) > after]
    wanted = ordered[query.skip :][: query.top]
    page = wanted[:page_size]
    return Page(page, len(matching), _next_token(page[-1], orderings) if len(wanted) > len(page) else None)


def _sort_key(values: Sequence[Any], orderings: Sequence[Ordering]) -> tuple[Any, ...]:
    # null sorts before every value
    keys = [(value is not None, comparable(part.kind, value)) for value, part in zip(values, orderings, strict=True)]
    return tuple(_Backwards(value) if part.descending else value for value, part in zip(keys, orderings, strict=True))


def _next_token(row: Row, orderings: Sequence[Ordering]) -> str:
    values = [row[part.field] for part in orderings]
    text = json.dumps([float(value) if isinstance(value, Decimal) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode()
