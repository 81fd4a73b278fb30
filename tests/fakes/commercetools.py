"""A commercetools project in memory, behind httpx's mock transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from shared.commercetools.client import CommercetoolsClient
from shared.markets import Project
from tests.fakes import commercetools_catalogue as catalogue
from tests.fakes import commercetools_customers as customers
from tests.published.commercetools import problems_of

type Json = dict[str, Any]

PROJECT = Project(
    api_url="https://api.example.com",
    auth_url="https://auth.example.com",
    client_id="connector",
    client_secret=SecretStr("not-for-logs"),
)


class FakeCommercetools:
    """Documents by path, with versions and the actions that the connector sends to orders, customers and the catalogue.

    `refused` maps an action to the error code it is answered with; `changed_by_others` makes so many updates meet a
    version that somebody else has raised meanwhile; `failures` are answered first, in order. `poisoned` maps an SKU to
    the words with which every update of what sells it is refused. `before_update` is what others do in that moment.
    """

    def __init__(self) -> None:
        self.documents: dict[str, Json] = {}
        self.pages: list[list[Json]] = []
        self.requests: list[httpx.Request] = []
        self.failures: list[httpx.Response] = []
        self.refused: dict[str, str] = {}
        self.changed_by_others = 0
        self.poisoned: dict[str, str] = {}
        self.before_update: Callable[[], None] = lambda: None
        self._created = 0
        self._paths_by_sku: dict[tuple[str, str], list[str]] = {}
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.client = CommercetoolsClient("shop", PROJECT, self.http)

    def put(self, kind: str, document: Mapping[str, Any]) -> None:
        path = f"{kind}/{document['id']}"
        if "sku" in document and path not in self.documents:
            self._paths_by_sku.setdefault((kind, document["sku"]), []).append(path)
        self.documents[path] = json.loads(json.dumps(document))

    @property
    def api_requests(self) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path != "/oauth/token"]

    @property
    def updates(self) -> list[list[Json]]:
        """The actions of every update that arrived."""
        bodies = [json.loads(request.content) for request in self.api_requests if request.method == "POST"]
        return [body["actions"] for body in bodies if "actions" in body]

    @property
    def drafts(self) -> list[Json]:
        """What was to be created, in every request that arrived."""
        bodies = [json.loads(request.content) for request in self.api_requests if request.method == "POST"]
        return [body for body in bodies if "actions" not in body]

    def all_of(self, kind: str) -> list[Json]:
        """The documents of one kind, such as customers."""
        return [document for path, document in self.documents.items() if path.startswith(f"{kind}/")]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 172_800})
        assert list(problems_of(_recorded(request))) == []  # valid against the published OpenAPI, in every test
        if self.failures:
            return self.failures.pop(0)
        path = request.url.path.removeprefix("/shop/")
        if path == "orders" and catalogue.OPEN_ORDERS not in request.url.params.get_list("where"):
            return httpx.Response(200, json={"results": self.pages.pop(0) if self.pages else []})
        if path in customers.KINDS:
            return self._create(path, request) if request.method == "POST" else self._query(path, request)
        if path in (*catalogue.KINDS, catalogue.PROJECTIONS, "orders"):
            return self._create(path, request) if request.method == "POST" else self._page(path, request)
        document = self.documents.get(path)
        if document is None:
            return _error(404, "ResourceNotFound", f"{path} was not found")
        if request.method == "DELETE":
            return self._delete(path, document, request)
        return self._update(path, document, request) if request.method == "POST" else _answer_with(document, request)

    def place(self, order: Json, *, reserve: bool = True) -> None:
        """Let a shopper place an order, which takes its stock. Raises `OutOfStock` when there is too little of it."""
        catalogue.take_stock(order, self.all_of("inventory"), reserve=reserve)
        self.put("orders", order)

    def _page(self, path: str, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        if path == catalogue.PROJECTIONS:
            staged = params.get("staged") == "true"
            shown = (catalogue.projection_of(one, staged=staged) for one in self.all_of("products"))
            documents = [one for one in shown if one is not None]
        elif params.get_list("where")[0].startswith("sku in :v"):
            paths = {one for sku in params.get_list("var.v") for one in self._paths_by_sku.get((path, sku), ())}
            documents = [self.documents[one] for one in paths if one in self.documents]
        else:
            documents = self.all_of(path)
        return httpx.Response(200, json={"results": catalogue.page_of(documents, params)})

    def _query(self, kind: str, request: httpx.Request) -> httpx.Response:
        found = customers.matching(self.all_of(kind), request.url.params["where"])
        limit, expand = int(request.url.params["limit"]), request.url.params.get_list("expand")
        return httpx.Response(200, json={"results": [customers.shown(one, expand) for one in found[:limit]]})

    def _create(self, kind: str, request: httpx.Request) -> httpx.Response:
        draft = json.loads(request.content)
        self._created = max(self._created, len(self.documents)) + 1
        try:
            if kind in catalogue.KINDS:
                document = catalogue.new_document(kind, draft, self._created, self.documents)
            else:
                document = customers.new_document(kind, draft, self._created, self.all_of(kind))
        except customers.Refused as refused:
            return _error(400, refused.code, str(refused))
        self.put(kind, document)
        visible = customers.shown(document, request.url.params.get_list("expand"))
        return httpx.Response(201, json={"customer": visible} if kind == "customers" else visible)

    def _delete(self, path: str, document: Json, request: httpx.Request) -> httpx.Response:
        if int(request.url.params["version"]) != document["version"]:
            return _error(409, "ConcurrentModification", f"the version is {document['version']}")
        return httpx.Response(200, json=self.documents.pop(path))

    def _update(self, path: str, document: Json, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.before_update()
        if self.changed_by_others:
            self.changed_by_others -= 1
            document["version"] += 1
        if body["version"] != document["version"]:
            return _error(409, "ConcurrentModification", f"the version is {document['version']}")
        bad = next((sku for sku in self.poisoned if sku in json.dumps(document)), None) if self.poisoned else None
        if bad is not None:
            return _error(400, "InvalidOperation", self.poisoned[bad])
        refused = next((action["action"] for action in body["actions"] if action["action"] in self.refused), None)
        if refused is not None:
            return _error(400, self.refused[refused], f"{refused} is refused")
        changed = json.loads(json.dumps(document))
        try:
            self._apply(path.partition("/")[0], changed, body["actions"])
        except customers.Refused as error:
            return _error(400, error.code, str(error))
        document.clear()
        document.update(changed, version=changed["version"] + 1)
        return _answer_with(document, request)

    def _apply(self, kind: str, document: Json, actions: list[Json]) -> None:
        for action in actions:
            if kind in customers.KINDS:
                customers.apply_action(kind, document, action, self.all_of(kind))
            elif kind in catalogue.KINDS:
                catalogue.apply_action(kind, document, action, self.documents)
            else:
                _apply(document, action)


def _answer_with(document: Json, request: httpx.Request) -> httpx.Response:
    is_party = any(f"/{kind}/" in request.url.path for kind in customers.KINDS)
    visible = customers.shown(document, request.url.params.get_list("expand")) if is_party else document
    return httpx.Response(200, json=visible)


def _recorded(request: httpx.Request) -> Json:
    body = json.loads(request.content) if request.content else None
    return {"method": request.method, "path": request.url.path, "query": request.url.query.decode(), "body": body}


def _apply(document: Json, action: Json) -> None:
    match action["action"]:
        case "updateSyncInfo":
            mark = {name: action[name] for name in ("channel", "externalId", "syncedAt")}
            document.setdefault("syncInfo", []).append(mark)
        case "setCustomType":
            document["custom"] = {"type": action["type"], "fields": action["fields"]}
        case "setCustomField":
            document["custom"]["fields"][action["name"]] = action["value"]
        case unknown:
            raise AssertionError(f"the fake does not know the action {unknown}")


def _error(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"statusCode": status, "message": message, "errors": [{"code": code}]})
