"""The OData service: checks what a request asks for and lets the rules do the work."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from local.dynamics.odata.definitions import EntitySet, Navigation, Row
from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.product import Product, Request, Resolver, Response, Target, parse_json
from local.dynamics.odata.query import Page, Query, QueryParser, select_rows
from local.dynamics.odata.store import ETAG
from local.dynamics.odata.validate import Validator

_MAX_PAGE_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)")


class ODataService:
    """Serves the entity sets of one product."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self._messages = product.messages
        self._resolver = Resolver(product)
        self._validator = Validator(product.messages)
        self._parser = QueryParser(self._resolver.entity_set, product.filter_rules, product.messages)

    def handle(self, request: Request) -> Response:
        """Answer one request; every error becomes the product's error body."""
        try:
            with self.product.store.transaction():
                return self._dispatch(request)
        except ServiceError as error:
            return Response(error.status, self.product.error_body(error))

    def _dispatch(self, request: Request) -> Response:
        target = self._resolver.target(request)
        if target.action is not None:
            return self._act(request, target)
        handler = {
            ("GET", False): self._list,
            ("GET", True): self._read,
            ("POST", False): self._insert,
            ("PATCH", True): self._modify,
            ("DELETE", True): self._delete,
        }.get((request.method, target.single))
        if handler is None:
            raise self._messages.error("method_not_allowed", method=request.method, name=target.entity_set.name)
        return handler(request, target)

    # -- reading
    def _list(self, request: Request, target: Target) -> Response:
        query = self._parser.parse(target.entity_set, request.query)
        self.product.rules[target.entity_set.name].check_listing(query, str(target.link[1]) if target.link else None)
        rows = self._candidates(target, query)
        if self.product.visible is not None:
            rows = list(filter(self.product.visible(request, target.entity_set), rows))
        page = select_rows(target.entity_set, query, rows, self._page_size(request))
        if target.count:
            return Response(200, page.total)
        body: dict[str, Any] = {"@odata.context": f"{request.root}/$metadata#{target.entity_set.name}"}
        if query.count:
            body["@odata.count"] = page.total
        body["value"] = [self._render(target.scope, target.entity_set, row, query) for row in page.rows]
        if page.token is not None:
            body["@odata.nextLink"] = self._next_link(request, query, page)
        return Response(200, body)

    def _candidates(self, target: Target, query: Query) -> list[Row]:
        table = self.product.store.table(target.scope, target.entity_set.name)
        if target.link is not None:
            return table.find(*target.link)
        for name, value in query.filter.equalities.items() if query.filter else ():
            return table.find(name, value)
        return list(table.rows.values())

    def _page_size(self, request: Request) -> int:
        match = _MAX_PAGE_SIZE.search(request.headers.get("prefer", ""))
        size = int(match[1]) if match else self.product.page_limit
        if size > self.product.page_limit:
            raise self._messages.error("page_too_large", size=size, limit=self.product.page_limit)
        return max(size, 1)

    def _next_link(self, request: Request, query: Query, page: Page) -> str:
        options = {name: value for name, value in request.query.items() if name not in ("$skip", "$skiptoken")}
        if query.top is not None:
            options["$top"] = str(query.top - len(page.rows))
        options["$skiptoken"] = page.token or ""
        return f"{request.root}/{request.path}?{urlencode(options)}"

    def _read(self, request: Request, target: Target) -> Response:
        return self._entity(200, request, target, target.row or {})

    def _entity(self, status: int, request: Request, target: Target, row: Row) -> Response:
        query = self._parser.parse(target.entity_set, request.query)
        body = {"@odata.context": f"{request.root}/$metadata#{target.entity_set.name}/$entity"}
        body |= self._render(target.scope, target.entity_set, row, query)
        return Response(status, body, {"ETag": row[ETAG]})

    def _render(self, scope: str, entity_set: EntitySet, row: Row, query: Query) -> dict[str, Any]:
        names = query.select or tuple(entity_set.fields)
        result = {ETAG: row[ETAG]} | {name: row[name] for name in names if name in entity_set.fields}
        for name, nested in (query.expand or {}).items():
            navigation = entity_set.navigation[name]
            child = self._resolver.entity_set(navigation.entity_set)
            rows = self._resolver.children(scope, navigation, row)
            page = select_rows(child, nested, rows, self.product.page_limit)
            rendered = [self._render(scope, child, item, nested) for item in page.rows]
            result[name] = rendered if navigation.many else (rendered[0] if rendered else None)
        return result

    # -- writing
    def _insert(self, request: Request, target: Target) -> Response:
        if not target.entity_set.insertable:
            raise self._messages.error("method_not_allowed", method="POST", name=target.entity_set.name)
        row = self._insert_deep(target.scope, target.entity_set, self._body(request), target.link)
        return self._entity(201, request, target, row)

    def _insert_deep(
        self, scope: str, entity_set: EntitySet, body: Mapping[str, Any], link: tuple[str, Any] | None
    ) -> Row:
        nested = {name: value for name, value in body.items() if name in entity_set.navigation}
        own = {name: value for name, value in body.items() if name not in nested}
        values = dict([link] if link else []) | self._validator.body(entity_set, own)
        rules = self.product.rules[entity_set.name]
        row = rules.insert(scope, values)
        for name, children in nested.items():
            self._insert_children(scope, entity_set.navigation[name], row, children)
        return rules.inserted_deep(scope, row)

    def _insert_children(self, scope: str, navigation: Navigation, row: Row, children: Any) -> None:
        child = self._resolver.entity_set(navigation.entity_set)
        if not isinstance(children, list) or not all(isinstance(item, dict) for item in children):
            raise self._messages.error("bad_json", reason=f"{navigation.name} must be a list of objects")
        for item in children:
            self.product.rules[child.name].check_nested(item)
            self._insert_deep(scope, child, item, (navigation.child_field, row[navigation.parent_field]))

    def _modify(self, request: Request, target: Target) -> Response:
        row = self._writable(request, target, allowed=target.entity_set.modifiable)
        body = self._body(request)
        for name in body:
            if name in target.entity_set.navigation:
                raise self._messages.error("deep_patch", property=name, type=target.entity_set.type_name)
        values = self._validator.body(target.entity_set, body)
        return self._entity(
            200, request, target, self.product.rules[target.entity_set.name].modify(target.scope, row, values)
        )

    def _delete(self, request: Request, target: Target) -> Response:
        row = self._writable(request, target, allowed=target.entity_set.deletable)
        self.product.rules[target.entity_set.name].delete(target.scope, row)
        return Response(204)

    def _writable(self, request: Request, target: Target, *, allowed: bool) -> Row:
        row = target.row or {}
        if not allowed:
            raise self._messages.error("method_not_allowed", method=request.method, name=target.entity_set.name)
        expected = request.headers.get("if-match")
        if expected is None:
            raise self._messages.error("if_match_missing")
        if expected not in ("*", row[ETAG]):
            raise self._messages.error("etag_stale")
        return row

    def _act(self, request: Request, target: Target) -> Response:
        if request.method != "POST":
            raise self._messages.error("method_not_allowed", method=request.method, name=str(target.action))
        self.product.rules[target.entity_set.name].act(target.scope, target.row or {}, str(target.action))
        return Response(204)

    def _body(self, request: Request) -> Mapping[str, Any]:
        body = parse_json(request.body, self._messages) if isinstance(request.body, bytes) else request.body
        if not isinstance(body, dict):
            raise self._messages.error("bad_json", reason="the body must be one JSON object")
        return body
