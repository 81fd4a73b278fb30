"""What a product hands to the core, what a request is, and what its path addresses."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from local.dynamics.odata.definitions import Definitions, EntitySet, Navigation, Row
from local.dynamics.odata.errors import Messages, ServiceError
from local.dynamics.odata.filter import FilterRules
from local.dynamics.odata.paths import Segment, parse_path
from local.dynamics.odata.rules import EntityRules
from local.dynamics.odata.store import Store


@dataclass(frozen=True)
class Request:
    """One request, alone or as a part of a batch; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    root: str = ""


@dataclass(frozen=True)
class Response:
    """The answer; body None means no content."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """What a path addresses: a set (perhaps below a parent row), a row, an action or a count."""

    scope: str
    entity_set: EntitySet
    row: Row | None = None
    link: tuple[str, Any] | None = None
    action: str | None = None
    count: bool = False
    single: bool = False


def json_number(value: object) -> int | float:
    """Return a decimal as JSON writes it; used as json.dumps default."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is no JSON value")
    return int(value) if value == value.to_integral_value() else float(value)


def parse_json(data: bytes | str, messages: Messages) -> Any:
    """Return the JSON value with exact decimals or raise the product's error."""
    try:
        return json.loads(data, parse_float=Decimal)
    except ValueError as error:
        raise messages.error("bad_json", reason=error) from error


@dataclass(frozen=True)
class Product:
    """What makes the core into one product."""

    definitions: Definitions
    store: Store
    messages: Messages
    rules: Mapping[str, EntityRules]
    filter_rules: FilterRules
    page_limit: int
    batch_limit: int
    scope: Callable[[list[Segment], Request], tuple[str, list[Segment]]]
    error_body: Callable[[ServiceError], Any]
    multipart_batch: bool = False
    # Which rows of a set a listing may show; None shows all of the scope.
    visible: Callable[[Request, EntitySet], Callable[[Row], bool]] | None = None


class Resolver:
    """Finds what a path addresses."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self._messages = product.messages

    def entity_set(self, name: str) -> EntitySet:
        """Return the entity set or raise the product's error."""
        found = self.product.definitions.get(name)
        if found is None:
            raise self._messages.error("unknown_resource", name=name)
        return found

    def target(self, request: Request) -> Target:
        """Return what the request addresses or raise the product's error."""
        scope, segments = self.product.scope(parse_path(request.path), request)
        if not segments:
            raise self._messages.error("unknown_resource", name=request.path)
        target = self._keyed(Target(scope, self.entity_set(segments[0].name)), segments[0])
        for segment in segments[1:]:
            target = self._step(target, segment)
        return target

    def _keyed(self, target: Target, segment: Segment) -> Target:
        if segment.key is None:
            return target
        row = self.product.store.table(target.scope, target.entity_set.name).rows.get(segment.key)
        if row is None or (target.link is not None and row[target.link[0]] != target.link[1]):
            raise self._messages.error("not_found", type=target.entity_set.entity_name, key=",".join(segment.key))
        return replace(target, row=row, single=True)

    def _step(self, target: Target, segment: Segment) -> Target:
        if segment.name == "$count":
            return replace(target, count=True)
        name = segment.name.removeprefix(f"{self.product.definitions.namespace}.")
        if target.row is not None and name in target.entity_set.actions:
            return replace(target, action=name)
        navigation = target.entity_set.navigation.get(segment.name)
        if navigation is None or target.row is None:
            raise self._messages.error("unknown_resource", name=segment.name)
        child = self.entity_set(navigation.entity_set)
        link = (navigation.child_field, target.row[navigation.parent_field])
        below = Target(target.scope, child, link=link)
        if navigation.many:
            return self._keyed(below, segment)
        rows = self.children(target.scope, navigation, target.row)
        if not rows:
            raise self._messages.error("not_found", type=child.entity_name, key=str(link[1]))
        return replace(below, row=rows[0], single=True)

    def children(self, scope: str, navigation: Navigation, row: Row) -> list[Row]:
        """Return the rows below a row."""
        table = self.product.store.table(scope, navigation.entity_set)
        return table.find(navigation.child_field, row[navigation.parent_field])
