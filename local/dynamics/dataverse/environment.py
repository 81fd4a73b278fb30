"""Puts the Dataverse simulator together: catalogue, rules, limits, harness."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.routing import Route

from local.dynamics.dataverse.catalogue import Catalogue, load_catalogue
from local.dynamics.dataverse.changes import Changes
from local.dynamics.dataverse.customers import AccountRules, AddressRules, ContactRules, CustomerRules
from local.dynamics.dataverse.limits import DataverseLimiter, DataverseLimits
from local.dynamics.dataverse.messages import MESSAGES, error_body, fault_body
from local.dynamics.dataverse.metadata import Metadata
from local.dynamics.dataverse.operations import Operations
from local.dynamics.dataverse.orders import OrderLineRules, SalesOrderRules
from local.dynamics.dataverse.rules import NamedRules, ProductRules, Settings, TableRules
from local.dynamics.dataverse.seed import Seeder, price_all, seed_organisation
from local.dynamics.dataverse.service import SCOPE, DataverseService
from local.dynamics.dataverse.webhooks import EndpointRules, Sender, StepRules, Telling, Webhooks, post
from local.dynamics.odata.app import ODataApp, Pace
from local.dynamics.odata.control import ControlledApp
from local.dynamics.odata.endpoints import ControlEndpoints, rows_of
from local.dynamics.odata.filter import FilterRules
from local.dynamics.odata.product import Product
from local.dynamics.odata.rules import utc_now
from local.dynamics.odata.store import Store
from local.dynamics.tokens import TokenVerifier

AUDIENCE = "https://example.crm4.dynamics.com"
DATA = Path(__file__).parent.parent / "data"
PAGE_LIMIT = 5000
BATCH_LIMIT = 1000
ROOT = re.compile(r"/api/data/v9\.\d/")
TRACKED_BY_SET_UP = ("accounts", "contacts", "products", "productpricelevels")
SPECIAL: Mapping[str, type[TableRules]] = {
    "accounts": AccountRules,
    "contacts": ContactRules,
    "customeraddresses": AddressRules,
    "serviceendpoints": EndpointRules,
    "sdkmessageprocessingsteps": StepRules,
    "pricelevels": NamedRules,
    "products": ProductRules,
    "uoms": NamedRules,
    "uomschedules": NamedRules,
}


def make_rules(
    catalogue: Catalogue, store: Store, changes: Changes, settings: Settings, clock: Callable[[], datetime]
) -> dict[str, TableRules]:
    """Return the rules of every table."""
    tables = catalogue.tables
    rules: dict[str, TableRules] = {
        name: SPECIAL.get(name, TableRules)(table, store, changes, settings, clock) for name, table in tables.items()
    }
    orders = SalesOrderRules(tables["salesorders"], store, changes, settings, clock)
    lines = OrderLineRules(tables["salesorderdetails"], store, changes, settings, clock)
    lines.orders = orders
    _link_customers(rules)
    return rules | {"salesorders": orders, "salesorderdetails": lines}


def _link_customers(rules: Mapping[str, TableRules]) -> None:
    accounts, contacts, addresses = rules["accounts"], rules["contacts"], rules["customeraddresses"]
    assert isinstance(addresses, AddressRules)
    for customers in (accounts, contacts):
        assert isinstance(customers, CustomerRules)
        customers.addresses = addresses
    assert isinstance(accounts, AccountRules)
    assert isinstance(contacts, ContactRules)
    accounts.contacts = contacts


@dataclass(frozen=True)
class Environment:
    """One simulated organisation; tests may reach into its parts."""

    app: ControlledApp
    catalogue: Catalogue
    store: Store
    limiter: DataverseLimiter
    pace: Pace
    seeder: Seeder
    settings: Settings
    rules: Mapping[str, TableRules]
    webhooks: Webhooks


class DataverseEndpoints(ControlEndpoints):
    """The /__ endpoints that only Dataverse has."""

    def __init__(
        self, settings: Settings, limiter: DataverseLimiter, pace: Pace, seeder: Seeder, webhooks: Webhooks
    ) -> None:
        self._webhooks = webhooks
        self._settings = settings
        self._limiter = limiter
        self._pace = pace
        self._seeder = seeder

    def limits(self, body: Any) -> Any:
        """See `ControlEndpoints.limits`."""
        if body is not None:
            wanted = {name: float(value) if isinstance(value, Decimal) else value for name, value in body.items()}
            self._limiter.in_force = DataverseLimits.model_validate(self._limiter.in_force.model_dump() | wanted)
        return self._limiter.in_force.model_dump()

    def change(self, body: Any) -> Any:
        """See `ControlEndpoints.change`."""
        known: Mapping[str, Callable[[Any], Any]] = {
            "pricing_decimals": int,
            "price_list_required": bool,
            "tax_shift": lambda value: Decimal(str(value)),
            "age_days": float,
            "webhook_retry_seconds": float,
            "webhook_limit_bytes": int,
        }
        for name, value in (body or {}).items():
            if name == "latency_ms":
                self._pace.latency_seconds = float(value) / 1000
            elif name in known:
                setattr(self._settings, name, known[name](value))
            else:
                raise ValueError(f"unknown setting {name}")
        shown = {name: getattr(self._settings, name) for name in known}
        return {**shown, "tax_shift": str(shown["tax_shift"]), "latency_ms": self._pace.latency_seconds * 1000}

    def seed(self, request: HttpRequest, body: Any) -> Any:
        """See `ControlEndpoints.seed`."""
        name = request.path_params["entity_set"]
        rows = self._seeder.seed(name, rows_of(body))
        if name == "products" and request.query_params.get("priced") == "true":
            price_all(self._seeder, [row["productnumber"] for row in rows])
        self._webhooks.dispatch()
        return {"value": rows}

    def routes(self) -> list[Route]:
        """See `ControlEndpoints.routes`."""
        told = self._guard(lambda _request, _body: {"value": [sent.shown() for sent in self._webhooks.deliveries]})
        return [*super().routes(), Route("/__deliveries", told)]

    def state(self, request: HttpRequest) -> Any:
        """See `ControlEndpoints.state`."""
        return {"value": self._seeder.rows(request.path_params["entity_set"])}


def create_environment(
    token_key: str,
    issuer: str | None = None,
    limits: DataverseLimits | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    audience: str = AUDIENCE,
    customised: bool = True,
    sender: Sender = post,
) -> Environment:
    """Return a fresh organisation with demo rows; `customised` says whether the set-up has been run there."""
    catalogue = load_catalogue(DATA / "dataverse.json", DATA / "dataverse_events.json")
    store, settings = Store(), Settings()

    def aged() -> datetime:
        return clock() + timedelta(days=settings.age_days)

    changes = Changes(store, aged)
    rules = make_rules(catalogue, store, changes, settings, aged)
    seeder = Seeder(catalogue, store, rules)
    source = json.loads((DATA / "dataverse_seed.json").read_text(encoding="utf-8"), parse_float=Decimal)
    seed_organisation(seeder, source, customised=customised)
    for name in TRACKED_BY_SET_UP:
        catalogue.tables[name].tracked = customised
    changes.take()  # nobody was told of the demo rows
    orders = rules["salesorders"]
    assert isinstance(orders, SalesOrderRules)
    operations = Operations(store, orders).table() | Metadata(catalogue, store).table()
    product = Product(
        definitions=catalogue.definitions,
        store=store,
        messages=MESSAGES,
        rules=rules,
        filter_rules=FilterRules(ignore_case=True),
        page_limit=PAGE_LIMIT,
        batch_limit=BATCH_LIMIT,
        scope=lambda segments, _request: (SCOPE, segments),
        error_body=error_body,
        multipart_batch=True,
    )
    service = DataverseService(product, catalogue, changes, operations)
    limiter, pace = DataverseLimiter(limits), Pace()
    odata = ODataApp(service, ROOT, TokenVerifier(token_key, audience, issuer), limiter, pace)
    webhooks = Webhooks(catalogue, store, changes, settings, aged, sender)
    endpoints = DataverseEndpoints(settings, limiter, pace, seeder, webhooks)
    app = ControlledApp(Telling(odata.starlette(), webhooks), fault_body, list(endpoints.routes()))
    return Environment(app, catalogue, store, limiter, pace, seeder, settings, rules, webhooks)
