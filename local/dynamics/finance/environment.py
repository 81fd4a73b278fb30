"""Puts the Finance simulator together: definitions, companies, rules, limits, harness."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.routing import Route

from local.dynamics.finance.addresses import LOCATIONS, LocationRules, PartyAddresses
from local.dynamics.finance.company import Companies, Settings
from local.dynamics.finance.customers import CustomerRules, price_groups
from local.dynamics.finance.events import EventBook
from local.dynamics.finance.masters import SIDE_TABLE_OF, EntityRulesOfFinance, SetUpRules
from local.dynamics.finance.messages import MESSAGES, error_body, fault_body
from local.dynamics.finance.on_hand import ON_HAND, OnHandRules
from local.dynamics.finance.order_lines import LineRules
from local.dynamics.finance.orders import HEADERS, LINES, HeaderRules
from local.dynamics.finance.seed import Seeder, seed_companies, seed_ledgers, seed_set_up, side_tables
from local.dynamics.finance.service import Addressing, FinanceService, visible_rows
from local.dynamics.odata.app import ODataApp, Pace
from local.dynamics.odata.control import ControlledApp
from local.dynamics.odata.definitions import Definitions, load_definitions
from local.dynamics.odata.endpoints import ControlEndpoints, rows_of
from local.dynamics.odata.filter import FilterRules
from local.dynamics.odata.limits import Limiter, LimitExceededError, Limits
from local.dynamics.odata.product import Product
from local.dynamics.odata.rules import EntityRules, utc_now
from local.dynamics.odata.store import Store
from local.dynamics.tokens import TokenVerifier

AUDIENCE = "https://demo.operations.dynamics.com"
DATA = Path(__file__).parent.parent / "data"
ROOT = re.compile(r"/data/")
PAGE_LIMIT = 10_000
BATCH_LIMIT = 1_000
# Finance limits resources, not users: how busy the environment is, /__limits and /__faults say.
LIMITS = Limits(in_flight=1_000, queue=1_000, requests=1_000_000)


def make_rules(
    definitions: Definitions, companies: Companies, clock: Callable[[], datetime], events: EventBook
) -> dict[str, EntityRules]:
    """Return the rules of every entity set."""
    sets = definitions.entity_sets
    rules: dict[str, EntityRules] = {
        name: EntityRulesOfFinance(companies, entity_set, clock) for name, entity_set in sets.items()
    }
    headers = HeaderRules(companies, sets[HEADERS], clock)
    own: dict[str, EntityRules] = {HEADERS: headers, LINES: LineRules(headers, sets[LINES])}
    own |= {name: SetUpRules(companies, sets[name], clock) for name in SIDE_TABLE_OF}
    own[ON_HAND] = OnHandRules(companies, sets[ON_HAND], clock)
    own[LOCATIONS] = LocationRules(companies, sets[LOCATIONS], clock)
    addresses = PartyAddresses(companies, sets[LOCATIONS], clock)
    own["CustomersV3"] = CustomerRules(companies, sets["CustomersV3"], clock, addresses, events)
    return rules | own


class BusyLimiter(Limiter):
    """Says how long to wait."""

    def __init__(self, companies: Companies) -> None:
        super().__init__(LIMITS)
        self._companies = companies

    @asynccontextmanager
    async def slot(self, name: str) -> AsyncIterator[None]:
        """See `Limiter.slot`."""
        try:
            async with super().slot(name):
                yield
        except LimitExceededError as error:
            seconds = self._companies.settings.retry_after_seconds
            raise LimitExceededError(headers={"Retry-After": str(seconds)}) from error


@dataclass(frozen=True)
class Environment:
    """One simulated environment; tests may reach into its parts."""

    app: ControlledApp
    companies: Companies
    limiter: Limiter
    seeder: Seeder
    definitions: Definitions
    events: EventBook


class FinanceEndpoints(ControlEndpoints):
    """The /__ endpoints that seed, show and set."""

    def __init__(self, companies: Companies, limiter: Limiter, pace: Pace, seeder: Seeder, events: EventBook) -> None:
        self._events = events
        self._companies = companies
        self._limiter = limiter
        self._pace = pace
        self._seeder = seeder

    def routes(self) -> list[Route]:
        """See `ControlEndpoints.routes`; and one for who follows customers."""
        endpoint = self._guard(lambda request, body: self._events.control(request.method, body))
        return [*super().routes(), Route("/__events", endpoint, methods=["GET", "POST", "DELETE"])]

    def limits(self, body: Any) -> Any:
        """See `ControlEndpoints.limits`."""
        if body is not None:
            self._limiter.limits = Limits.model_validate(self._limiter.limits.model_dump() | body)
        return self._limiter.limits.model_dump()

    def change(self, body: Any) -> Any:
        """See `ControlEndpoints.change`."""
        if body is not None:
            settings = Settings.model_validate(self._companies.settings.model_dump() | body)
            self._companies.settings = settings
            self._pace.latency_seconds = settings.latency_ms / 1000
        return self._companies.settings.model_dump(mode="json")

    def seed(self, request: HttpRequest, body: Any) -> Any:
        """See `ControlEndpoints.seed`."""
        company = request.query_params.get("company", self._companies.settings.default_company)
        rows = rows_of(body)
        return {"value": self._seeder.seed(request.path_params["entity_set"], rows, company)}

    def state(self, request: HttpRequest) -> Any:
        """See `ControlEndpoints.state`."""
        return {"value": self._seeder.rows(request.path_params["entity_set"])}


def make_service(definitions: Definitions, companies: Companies, rules: dict[str, EntityRules]) -> FinanceService:
    """Return the OData service with what Finance supports of it."""
    product = Product(
        definitions=definitions,
        store=companies.store,
        messages=MESSAGES,
        rules=rules,
        filter_rules=FilterRules(functions=False, membership=False, ignore_case=True, wildcards=True, typed_enums=True),
        page_limit=PAGE_LIMIT,
        batch_limit=BATCH_LIMIT,
        scope=Addressing(companies, definitions),
        error_body=error_body,
        multipart_batch=True,
        visible=visible_rows(companies),
    )
    return FinanceService(product, companies)


def create_environment(
    token_key: str, issuer: str | None = None, clock: Callable[[], datetime] = utc_now
) -> Environment:
    """Return a fresh environment with the demo companies in it."""
    definitions = load_definitions(DATA / "finance.json")
    source = json.loads((DATA / "finance_seed.json").read_text(encoding="utf-8"), parse_float=Decimal)
    companies = Companies(Store(), side_tables(source) | price_groups())
    events = EventBook(companies.store, clock)
    rules = make_rules(definitions, companies, clock, events)
    seeder = Seeder(companies, definitions, rules)
    seed_companies(seeder, source)
    seed_set_up(seeder, companies, SIDE_TABLE_OF)
    seed_ledgers(seeder, companies)
    limiter, pace = BusyLimiter(companies), Pace()
    service = make_service(definitions, companies, rules)
    odata = ODataApp(service, ROOT, TokenVerifier(token_key, AUDIENCE, issuer), limiter, pace)
    endpoints = FinanceEndpoints(companies, limiter, pace, seeder, events)
    app = ControlledApp(odata.starlette(), fault_body, list(endpoints.routes()))
    return Environment(app, companies, limiter, seeder, definitions, events)
