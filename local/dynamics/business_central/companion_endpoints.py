"""The /__ endpoints of the companion extension: stock, shipments, receipts, rows as given, installed or not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.routing import Route

from local.dynamics.business_central.companion import Companion, seed_rows
from local.dynamics.business_central.companion_orders import Shipment
from local.dynamics.business_central.companion_returns import Receipt, receive
from local.dynamics.business_central.companion_rules import company_of
from local.dynamics.business_central.companion_stock import StockChange
from local.dynamics.business_central.company import Companies, Profile
from local.dynamics.odata.endpoints import ControlEndpoints, rows_of


@dataclass
class CompanionEndpoints:
    """`/__stock`, `/__shipments`, `/__returns`, `/__companion[/{entity_set}]`; ?company= as in /__seed."""

    companion: Companion
    companies: Companies
    guard: Callable[[Callable[[HttpRequest, Any], Any]], Any] = field(default=ControlEndpoints._guard)  # noqa: SLF001

    def routes(self) -> list[Route]:
        """Return the routes."""
        posts = {
            "/__stock": self.stock,
            "/__shipments": self.shipments,
            "/__returns": self.returns,
        }
        rows = Route("/__companion/{entity_set}", self.guard(self.rows), methods=["GET", "POST"])
        switch = Route("/__companion", self.guard(self.switch), methods=["GET", "POST"])
        return [*(Route(path, self.guard(act), methods=["POST"]) for path, act in posts.items()), switch, rows]

    def switch(self, _request: HttpRequest, body: Any) -> Any:
        """Install or remove the extension with `{"installed": true|false}`, and say which it is."""
        if body is not None:
            if set(body) != {"installed"} or type(body["installed"]) is not bool:
                raise ValueError(f'expected {{"installed": true|false}}, not {body}')
            self.companion.is_installed = body["installed"]
        return {"installed": self.companion.is_installed}

    def stock(self, request: HttpRequest, body: Any) -> Any:
        """Set or change stock; one entry or a list."""
        company = self._company(request).id
        changes = [StockChange.model_validate(row) for row in rows_of(body)]
        with self.companies.store.transaction():
            return {"value": self.companion.stock.change_all(company, changes)}

    def shipments(self, request: HttpRequest, body: Any) -> Any:
        """Post a shipment, or undo one with `{"undo": number}`."""
        company, orders = self._company(request).id, self.companion.orders
        with self.companies.store.transaction():
            if isinstance(body, dict) and "undo" in body:
                return {"value": orders.undo_shipment(company, body["undo"])}
            return orders.ship_as_told(company, Shipment.model_validate(body))

    def returns(self, request: HttpRequest, body: Any) -> Any:
        """Receive lines of a return order."""
        told = Receipt.model_validate(body)
        with self.companies.store.transaction():
            company = self._company(request).id
            return {"value": receive(self.companies, self.companion.rules, self.companion.stock, company, told)}

    def rows(self, request: HttpRequest, body: Any) -> Any:
        """List all rows of an entity set, each with its company's id, or store rows as given."""
        name = request.path_params["entity_set"]
        if request.method == "POST":
            return {"value": seed_rows(self.companion, self._company(request).id, name, rows_of(body))}
        for company in self.companies.profiles:
            self.companion.refresh(company, name)
        tables = self.companies.store.tables.items()
        found = [
            (scope, table) for (scope, entity_set), table in tables if entity_set == name and scope != company_of(scope)
        ]
        return {
            "value": [{"companyId": company_of(scope)} | row for scope, table in found for row in table.rows.values()]
        }

    def _company(self, request: HttpRequest) -> Profile:
        named = request.query_params.get("company")
        profile = self.companies.by_name(named) if named else next(iter(self.companies.profiles.values()))
        if profile is None:
            raise ValueError(f"there is no company {named}")
        return profile
