"""The Web API's own behaviour: keys, upsert, conditional requests, Prefer, change tracking, unbound operations."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from local.dynamics.dataverse.catalogue import Catalogue, Table
from local.dynamics.dataverse.changes import Changes
from local.dynamics.dataverse.joins import MARK, joined_in, widened, with_paths, with_values, without_paths
from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.dataverse.rules import TableRules
from local.dynamics.dataverse.tracking import DELTA, PAGE, Tracking
from local.dynamics.dataverse.values import Values
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.paths import Segment, parse_path
from local.dynamics.odata.product import Product, Request, Resolver, Response, Target
from local.dynamics.odata.query import Page, Query
from local.dynamics.odata.service import ODataService
from local.dynamics.odata.store import ETAG
from local.dynamics.odata.validate import is_guid

type Operation = Callable[[Request, Mapping[str, Any]], Response]
SCOPE = "organization"
SECRETS = frozenset({"authvalue"})


class DataverseResolver(Resolver):
    """Finds rows by primary or alternate key."""

    def __init__(self, product: Product, catalogue: Catalogue) -> None:
        super().__init__(product)
        self._catalogue = catalogue

    def _keyed(self, target: Target, segment: Segment) -> Target:
        if segment.key is None:
            return target
        row = self.find(self._catalogue.tables[target.entity_set.name], segment)
        if row is None:
            raise self.missing(self._catalogue.tables[target.entity_set.name], segment)
        if target.link is not None and row[target.link[0]] != target.link[1]:
            raise MESSAGES.error("not_found", type=target.entity_set.entity_name, key=",".join(segment.key))
        return replace(target, row=row, single=True)

    def find(self, table: Table, segment: Segment) -> Row | None:
        """Return the row of a key predicate, None when there is none; a key that is none is refused."""
        wanted = self.predicate(table, segment)
        rows = self.product.store.table(SCOPE, table.entity_set.name)
        if set(wanted) == {table.id_column}:
            return rows.rows.get((wanted[table.id_column],))
        (first, value), *rest = wanted.items()
        matching = (row for row in rows.find(first, value) if all(row[name] == text for name, text in rest))
        return next(matching, None)

    def predicate(self, table: Table, segment: Segment) -> dict[str, str]:
        """Return column and value of each part of the key."""
        key = segment.key or ()
        names = segment.names or ((table.id_column,) if len(key) == 1 else ())
        is_primary = names == (table.id_column,)
        valid = is_guid(key[0]) if is_primary else len(names) == len(key) and table.key_of(names) is not None
        if not valid:
            raise MESSAGES.error("bad_key", type=table.name)
        return dict(zip(names, key, strict=True))

    def missing(self, table: Table, segment: Segment) -> Exception:
        """Return the error for a key that no row has."""
        wanted = self.predicate(table, segment)
        if set(wanted) == {table.id_column}:
            return MESSAGES.error("not_found", type=table.name, key=wanted[table.id_column])
        return MESSAGES.error("key_not_found", type=table.name)

    def bound_id(self, path: str, target: str, name: str) -> str:
        """Return the id of the row that a bind names; it must be of the right table."""
        segments = parse_path(path)
        if len(segments) != 1 or segments[0].name != target or segments[0].key is None:
            raise MESSAGES.error("bad_bind", property=name, value=path, target=target)
        table = self._catalogue.tables[target]
        row = self.find(table, segments[0])
        if row is None:
            raise self.missing(table, segments[0])
        return str(row[table.id_column])


class DataverseService(ODataService):
    """Serves the tables of one organisation."""

    def __init__(
        self, product: Product, catalogue: Catalogue, changes: Changes, operations: Mapping[tuple[str, str], Operation]
    ) -> None:
        super().__init__(product)
        self._catalogue = catalogue
        self._tracking = Tracking(changes)
        self._operations = operations
        self._keys = DataverseResolver(product, catalogue)
        self._resolver = self._keys
        self._values = Values(self._keys.bound_id)

    def _dispatch(self, request: Request) -> Response:
        operation = self._operations.get((request.method, request.path.partition("(")[0].partition("/")[0]))
        if operation is not None:
            return operation(request, self._body(request) if request.body else {})
        segments = parse_path(request.path)
        if request.method == "PATCH" and len(segments) == 1 and segments[0].key is not None:
            return self._upsert(request, segments[0])
        return super()._dispatch(request)

    # -- reading
    def _list(self, request: Request, target: Target) -> Response:
        if "$skip" in request.query:
            raise MESSAGES.error("unknown_option", option="$skip")
        table = self._catalogue.tables[target.entity_set.name]
        if DELTA in request.query:
            self._tracking.check(request, table)
            return self._delta(request, target)
        if not self._tracking.wanted(request):
            if joined := joined_in(request):
                target = replace(target, entity_set=widened(self._catalogue, target.entity_set, joined))
                request = without_paths(request)
            return super()._list(request, target)
        self._tracking.check(request, table)
        return self._tracking.linked(request, super()._list(request, target))

    def _candidates(self, target: Target, query: Query) -> list[Row]:
        rows = super()._candidates(target, query)
        if not any(MARK in name for name in target.entity_set.fields):
            return rows
        return with_values(self._catalogue, self.product.store, target.scope, target.entity_set, rows)

    def _next_link(self, request: Request, query: Query, page: Page) -> str:
        return super()._next_link(with_paths(request), query, page)

    def _delta(self, request: Request, target: Target) -> Response:
        page = self._tracking.page(request, target.entity_set.name, self._page_size(request))
        plain = {name: value for name, value in request.query.items() if name not in (DELTA, PAGE)}
        query = self._parser.parse(target.entity_set, plain)
        rows = self.product.store.table(SCOPE, target.entity_set.name).rows
        context = f"{request.root}/$metadata#{target.entity_set.name}"
        value = [self._render(SCOPE, target.entity_set, rows[(row_id,)], query) for row_id in page.written]
        deleted = f"{context}/$deletedEntity"
        value += [{"@odata.context": deleted, "id": row_id, "reason": "deleted"} for row_id in page.gone]
        return Response(200, {"@odata.context": f"{context}/$delta", **page.link, "value": value})

    def _render(self, scope: str, entity_set: EntitySet, row: Row, query: Query) -> dict[str, Any]:
        """The primary key is always part of an answer, a secret never."""
        if query.select:
            query = replace(query, select=tuple(dict.fromkeys((*query.select, *entity_set.key))))
        rendered = super()._render(scope, entity_set, row, query)
        return {name: value for name, value in rendered.items() if name not in SECRETS}

    def _page_size(self, request: Request) -> int:
        preferred = dict(item.strip().partition("=")[::2] for item in request.headers.get("prefer", "").split(","))
        size = preferred.get("odata.maxpagesize", "")
        return max(min(int(size), self.product.page_limit), 1) if size.isdecimal() else self.product.page_limit

    # -- writing
    def _insert(self, request: Request, target: Target) -> Response:
        body = self._body(request)
        values = dict([target.link]) if target.link else {}
        row = self._create(self._catalogue.tables[target.entity_set.name], body, values)
        return self._written(request, target, row, created=True)

    def _create(self, table: Table, body: Mapping[str, Any], given: Row) -> Row:
        nested = {name: value for name, value in body.items() if name in table.entity_set.navigation}
        own = {name: value for name, value in body.items() if name not in nested}
        rules = self._rules(table)
        row = rules.insert(SCOPE, given | self._values.of(table, own, creating=True))
        for name, children in nested.items():
            navigation = table.entity_set.navigation[name]
            child = self._catalogue.tables[navigation.entity_set]
            if not navigation.many or not isinstance(children, list):
                raise MESSAGES.error("bad_json", reason=f"{name} must be bound, or be a list of new rows")
            for item in children:
                self._create(child, item, {navigation.child_field: row[navigation.parent_field]})
        return rules.inserted_deep(SCOPE, row)

    def _upsert(self, request: Request, segment: Segment) -> Response:
        target = Target(SCOPE, self._keys.entity_set(segment.name))
        table = self._catalogue.tables[target.entity_set.name]
        row = self._keys.find(table, segment)
        body = self._body(request)
        if row is None:
            if "if-match" in request.headers:
                raise self._keys.missing(table, segment)
            # The body wins over the key, even where it says something else.
            created = self._create(table, body, dict(self._keys.predicate(table, segment)))
            return self._written(request, target, created, created=True)
        if request.headers.get("if-none-match") == "*":
            raise MESSAGES.error("exists")
        self._check_version(request, row)
        for name in body:
            if name in table.entity_set.navigation:
                raise MESSAGES.error("deep_patch", property=name, type=table.name)
        changed = self._rules(table).modify(SCOPE, row, self._values.of(table, body, creating=False))
        return self._written(request, target, changed, created=False)

    def _written(self, request: Request, target: Target, row: Row, *, created: bool) -> Response:
        headers = {"OData-EntityId": f"{request.root}/{target.entity_set.name}({target.entity_set.key_of(row)[0]})"}
        if "return=representation" not in request.headers.get("prefer", ""):
            return Response(204, None, headers)
        answer = self._entity(201 if created else 200, request, target, row)
        return replace(answer, headers={**answer.headers, **headers, "Preference-Applied": "return=representation"})

    def _delete(self, request: Request, target: Target) -> Response:
        row = target.row or {}
        self._check_version(request, row)
        self._rules(self._catalogue.tables[target.entity_set.name]).delete(SCOPE, row)
        return Response(204)

    def _check_version(self, request: Request, row: Row) -> None:
        if request.headers.get("if-match", "*") not in ("*", row[ETAG]):
            raise MESSAGES.error("etag_stale")

    def _rules(self, table: Table) -> TableRules:
        rules = self.product.rules[table.entity_set.name]
        assert isinstance(rules, TableRules)
        return rules
