"""The companion extension beside the standard API: its service and its switch.

Below `…/api/ctd365/commerce/v1.0/`; what it serves is defined in `business_central_companion.json`, which a test
compares with the AL source. Switched off, its paths are as unknown as in an environment without the extension.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from local.dynamics.business_central.companion_orders import (
    HEADERS,
    CompanionOrderRules,
    OrderViewRules,
)
from local.dynamics.business_central.companion_orders import LINES as SHIPMENT_LINES
from local.dynamics.business_central.companion_returns import (
    LINES,
    ORDERS,
    ReturnLineRules,
    ReturnOrderRules,
)
from local.dynamics.business_central.companion_rules import CompanionRules, companion_scope, exact
from local.dynamics.business_central.companion_stock import StockBook, StockChange
from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.document_lines import LineRules
from local.dynamics.business_central.totals import ORDERS as SALES_ORDERS
from local.dynamics.odata.definitions import Definitions, EntitySet, Row, load_definitions
from local.dynamics.odata.paths import Segment
from local.dynamics.odata.product import Product, Request, Response
from local.dynamics.odata.query import Query
from local.dynamics.odata.rules import EntityRules
from local.dynamics.odata.service import ODataService

DATA = Path(__file__).parent.parent / "data" / "business_central_companion.json"
MARK = "/api/ctd365/"
ROOT = re.compile(r"/v2\.0/(?:[^/]+/)?[^/]+/api/ctd365/commerce/v1\.0(?:/|$)")
AVAILABILITIES, PRICES, VIEW = "itemAvailabilities", "priceListLines", "salesOrders"
PRICE_DEFAULTS = {"status": "Active", "amountType": "Price", "allowLineDiscount": True, "allowInvoiceDiscount": True}


class CompanionService(ODataService):
    """Serves the entity sets of the extension; derived ones are brought up to date first."""

    def __init__(
        self, product: Product, stock: StockBook, refresh: Mapping[str, Callable[[str], None]], companies: Iterable[str]
    ) -> None:
        super().__init__(product)
        self._stock = stock
        self._refresh = refresh
        self._companies = tuple(companies)

    def handle(self, request: Request) -> Response:
        """Answer one request; the root is the service document."""
        if not request.path.strip("/") and request.method == "GET":
            return Response(200, self._document(request))
        for name, refresh in self._refresh.items():
            if name in request.path:
                for company in self._companies:
                    refresh(company)
        return super().handle(request)

    def _document(self, request: Request) -> dict[str, Any]:
        names = self.product.definitions.entity_sets
        value = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
        return {"@odata.context": f"{request.root}/$metadata", "value": value}

    def _render(self, scope: str, entity_set: EntitySet, row: Row, query: Query) -> dict[str, Any]:
        stamped = row | {"readStamp": self._stock.read_stamp} if entity_set.name == AVAILABILITIES else row
        return super()._render(scope, entity_set, stamped, query)


@dataclass
class Companion:
    """The extension in one environment; tests may switch it off."""

    service: ODataService
    definitions: Definitions
    stock: StockBook
    rules: Mapping[str, CompanionRules]
    orders: CompanionOrderRules
    derived: Mapping[str, Callable[[str], None]]  # what brings a derived entity set of a company up to date
    is_installed: bool = True

    def refresh(self, company: str, entity_set: str) -> None:
        """Bring the entity set up to date, if it is derived."""
        if entity_set in self.derived:
            self.derived[entity_set](company)

    def gate(self, standard: ASGIApp, own: ASGIApp) -> ASGIApp:
        """Return an app that sends the extension's paths to its service while it is installed."""

        async def app(scope: Scope, receive_: Receive, send: Send) -> None:
            is_own = self.is_installed and MARK in scope.get("path", "")
            await (own if is_own else standard)(scope, receive_, send)

        return app


def install(
    companies: Companies,
    rules: dict[str, EntityRules],
    clock: Callable[[], datetime],
    standard: Product,
    find_company: Callable[[list[Segment], Request], tuple[str, list[Segment]]],
) -> Companion:
    """Put the extension beside the standard API; from here on order posting keeps what the extension shows."""
    definitions, source = load_definitions(DATA), json.loads(DATA.read_text(encoding="utf-8"))["seed"]
    sets = definitions.entity_sets
    stock = StockBook(companies, sets[AVAILABILITIES])
    own: dict[str, CompanionRules] = {name: CompanionRules(companies, part, clock) for name, part in sets.items()}
    view = OrderViewRules(companies, sets[VIEW], clock)
    own |= {VIEW: view, ORDERS: ReturnOrderRules(companies, sets[ORDERS], clock)}
    own[LINES] = ReturnLineRules(companies, sets[LINES], clock, source["returnReasons"])
    orders = CompanionOrderRules(companies, SALES_ORDERS, rules[SALES_ORDERS.headers].entity_set, clock)
    orders.rules, orders.stock = rules, stock
    orders.shipments = {name: own[name] for name in (HEADERS, SHIPMENT_LINES)}
    rules[SALES_ORDERS.headers] = view.orders = orders
    rules[SALES_ORDERS.lines] = LineRules(orders, rules[SALES_ORDERS.lines].entity_set)
    product = Product(
        definitions=definitions,
        store=companies.store,
        messages=standard.messages,
        rules=own,
        filter_rules=standard.filter_rules,
        page_limit=standard.page_limit,
        batch_limit=standard.batch_limit,
        scope=lambda segments, request: _scope(find_company, segments, request),
        error_body=standard.error_body,
    )
    derived = {AVAILABILITIES: stock.refresh, VIEW: view.refresh}
    service = CompanionService(product, stock, derived, companies.profiles)
    companion = Companion(service, definitions, stock, own, orders, derived)
    for company in companies.profiles:
        _seed(companion, companies, company, source)
    return companion


def _scope(
    find_company: Callable[[list[Segment], Request], tuple[str, list[Segment]]],
    segments: list[Segment],
    request: Request,
) -> tuple[str, list[Segment]]:
    company, rest = find_company(segments, request)
    return (companion_scope(company) if company else ""), rest


def _seed(companion: Companion, companies: Companies, company: str, source: Mapping[str, Any]) -> None:
    changes = [StockChange.model_validate(row) for row in source["stock"]]
    items = {change.itemNumber: companies.find(company, "items", "number", change.itemNumber) for change in changes}
    companion.stock.change_all(company, changes)
    for item in items.values():
        if item is not None:  # its total was there already: the rows above only say where it is
            companies.store.put(company, "items", (item["id"],), item)
    seed_rows(companion, company, PRICES, source[PRICES])


def seed_rows(companion: Companion, company: str, name: str, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Store rows as given; one with the id of a row that is there changes it. ValueError for what is not defined."""
    entity_set = companion.definitions.get(name)
    if entity_set is None or name in (AVAILABILITIES, VIEW):
        raise ValueError(
            f"rows of {name} cannot be given; availability follows from /__stock, orders from the standard API"
        )
    rules, scope = companion.rules[name], companion_scope(company)
    table = rules.store.table(scope, name)
    stored = []
    for given in rows:
        start = table.rows.get((given.get("id"),)) or _new(entity_set, len(table.rows) + 1)
        stored.append(rules.save(scope, start | exact(entity_set, given)))
    return stored


def _new(entity_set: EntitySet, position: int) -> Row:
    row = entity_set.defaults() | {"id": str(uuid.uuid4())}
    return row | ({"lineNumber": position * 10_000} | PRICE_DEFAULTS if entity_set.name == PRICES else {})
