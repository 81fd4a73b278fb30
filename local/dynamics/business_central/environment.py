"""Puts the Business Central simulator together: definitions, companies, rules, limits, harness."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.requests import Request as HttpRequest

from local.dynamics.business_central.companion import ROOT as COMPANION_ROOT
from local.dynamics.business_central.companion import Companion, install
from local.dynamics.business_central.companion_endpoints import CompanionEndpoints
from local.dynamics.business_central.company import Companies, Profile
from local.dynamics.business_central.contacts import CONTACTS, INFORMATION, ContactInformationRules, ContactRules
from local.dynamics.business_central.document_lines import LineRules
from local.dynamics.business_central.masters import CompanyRules, CustomerRules, ItemRules, ItemVariantRules
from local.dynamics.business_central.messages import MESSAGES, error_body, fault_body
from local.dynamics.business_central.posting import CustomerPaymentRules, JournalRules, PostingDocumentRules
from local.dynamics.business_central.seed import Seeder, seed_companies
from local.dynamics.business_central.subscriptions import HandshakeGate, SubscriptionRules
from local.dynamics.business_central.totals import KINDS
from local.dynamics.business_central.webhooks import SCOPE, SUBSCRIPTIONS, Sender, Timing, Webhooks, send_over_http
from local.dynamics.odata.app import ODataApp, Pace
from local.dynamics.odata.control import ControlledApp
from local.dynamics.odata.definitions import Definitions, load_definitions
from local.dynamics.odata.endpoints import ControlEndpoints, rows_of
from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.filter import FilterRules
from local.dynamics.odata.limits import Limiter, Limits
from local.dynamics.odata.paths import Segment
from local.dynamics.odata.product import Product, Request
from local.dynamics.odata.rules import EntityRules, utc_now
from local.dynamics.odata.service import ODataService
from local.dynamics.odata.store import Store
from local.dynamics.tokens import TokenVerifier

AUDIENCE = "https://api.businesscentral.dynamics.com"
DATA = Path(__file__).parent.parent / "data"
PAGE_LIMIT = 20_000
BATCH_LIMIT = 100
# The tenant id in the path is optional.
ROOT = re.compile(r"/v2\.0/(?:[^/]+/)?[^/]+/api/v2\.0/")


def make_rules(definitions: Definitions, companies: Companies, clock: Callable[[], datetime]) -> dict[str, EntityRules]:
    """Return the rules of every entity set."""
    special = {
        "items": ItemRules,
        "itemVariants": ItemVariantRules,
        "journals": JournalRules,
        "customerPaymentJournals": JournalRules,
        "customerPayments": CustomerPaymentRules,
    }
    sets = definitions.entity_sets
    rules: dict[str, EntityRules] = {
        name: special.get(name, CompanyRules)(companies, entity_set, clock) for name, entity_set in sets.items()
    }
    rules |= make_contact_rules(definitions, companies, clock)
    is_company = companies.profiles.__contains__
    rules[SUBSCRIPTIONS] = SubscriptionRules(sets[SUBSCRIPTIONS], companies.store, clock, is_company)
    for kind in KINDS:
        documents = PostingDocumentRules(companies, kind, sets[kind.headers], clock)
        documents.rules = rules
        rules[kind.headers] = documents
        rules[kind.lines] = LineRules(documents, sets[kind.lines])
    return rules


def make_contact_rules(
    definitions: Definitions, companies: Companies, clock: Callable[[], datetime]
) -> dict[str, EntityRules]:
    """Return the rules of customers and their contacts: a new customer gets one."""
    sets = definitions.entity_sets
    contacts = ContactRules(companies, sets[CONTACTS], clock)
    customers = CustomerRules(companies, sets["customers"], clock)
    customers.created = contacts.stand_for
    information = ContactInformationRules(sets[INFORMATION], companies.store, MESSAGES, clock)
    return {"customers": customers, CONTACTS: contacts, INFORMATION: information}


class CompanyScope:
    """Finds the company that a request is about."""

    def __init__(self, companies: Companies) -> None:
        self._companies = companies

    def __call__(self, segments: list[Segment], request: Request) -> tuple[str, list[Segment]]:
        """Return the company's id and the rest of the path; companies themselves have no company."""
        if segments and segments[0].name == "companies":
            if len(segments) == 1:
                return "", segments
            return self._known(",".join(segments[0].key or ())), segments[1:]
        if segments and segments[0].name == SUBSCRIPTIONS:
            return SCOPE, segments
        company = request.query.get("company")
        if company is None:
            raise ServiceError(400, "BadRequest", "A company must be specified, in the path or as ?company=.")
        return self._known(company), segments

    def _known(self, text: str) -> str:
        profile = self._companies.by_name(text) or self._companies.by_name(text.lower())
        if profile is None:
            raise ServiceError(404, "Internal_CompanyNotFound", f"Cannot find company '{text}'.")
        return profile.id


@dataclass(frozen=True)
class Environment:
    """One simulated environment; tests may reach into its parts."""

    app: ControlledApp
    companies: Companies
    store: Store
    limiter: Limiter
    pace: Pace
    seeder: Seeder
    definitions: Definitions
    rules: Mapping[str, EntityRules]
    webhooks: Webhooks
    companion: Companion


class BusinessCentralEndpoints(ControlEndpoints):
    """The /__ endpoints that only Business Central has."""

    def __init__(self, companies: Companies, limiter: Limiter, pace: Pace, seeder: Seeder, timing: Timing) -> None:
        self._companies = companies
        self._limiter = limiter
        self._pace = pace
        self._seeder = seeder
        self._timing = timing

    def limits(self, body: Any) -> Any:
        """See `ControlEndpoints.limits`."""
        if body is not None:
            self._limiter.limits = Limits.model_validate(self._limiter.limits.model_dump() | body)
        return self._limiter.limits.model_dump()

    def change(self, body: Any) -> Any:
        """See `ControlEndpoints.change`."""
        settings = self._companies.settings
        known: Mapping[str, Callable[[Any], None]] = {
            "vat_rounding_shift": lambda value: setattr(settings, "vat_rounding_shift", Decimal(str(value))),
            "latency_ms": lambda value: setattr(self._pace, "latency_seconds", float(value) / 1000),
            "notification_delay_ms": lambda value: setattr(self._timing, "delay_seconds", float(value) / 1000),
            "notification_retry_ms": lambda value: setattr(self._timing, "retry_seconds", float(value) / 1000),
        }
        unknown = set(body or ()) - known.keys()
        if unknown:
            raise ValueError(f"unknown settings {sorted(unknown)}")
        for name, value in (body or {}).items():
            known[name](value)
        return {
            "vat_rounding_shift": str(settings.vat_rounding_shift),
            "latency_ms": self._pace.latency_seconds * 1000,
            "notification_delay_ms": (self._timing.delay_seconds or 0) * 1000,
            "notification_retry_ms": self._timing.retry_seconds * 1000,
        }

    def seed(self, request: HttpRequest, body: Any) -> Any:
        """See `ControlEndpoints.seed`."""
        name = request.path_params["entity_set"]
        company = request.query_params.get("company")
        profile = self._companies.by_name(company) if company else next(iter(self._companies.profiles.values()))
        if profile is None:
            raise ValueError(f"there is no company {company}")
        rows = rows_of(body)
        return {"value": self._seeder.seed(profile.id, name, rows)}

    def state(self, request: HttpRequest) -> Any:
        """See `ControlEndpoints.state`."""
        return {"value": self._seeder.rows(request.path_params["entity_set"])}


def make_service(definitions: Definitions, companies: Companies, rules: Mapping[str, EntityRules]) -> ODataService:
    """Return the OData service with Business Central's limits."""
    product = Product(
        definitions=definitions,
        store=companies.store,
        messages=MESSAGES,
        rules=rules,
        filter_rules=FilterRules(or_across_fields=False, lambdas_ignored=True),
        page_limit=PAGE_LIMIT,
        batch_limit=BATCH_LIMIT,
        scope=CompanyScope(companies),
        error_body=error_body,
    )
    return ODataService(product)


def create_environment(
    token_key: str,
    issuer: str | None = None,
    limits: Limits | None = None,
    clock: Callable[[], datetime] = utc_now,
    sender: Sender = send_over_http,
) -> Environment:
    """Return a fresh environment with the demo companies in it."""
    definitions = load_definitions(DATA / "business_central.json")
    text = (DATA / "business_central_seed.json").read_text(encoding="utf-8")
    source: Mapping[str, Any] = json.loads(text, parse_float=Decimal)
    profiles = [Profile(**part["profile"]) for part in source["companies"]]
    companies = Companies(Store(), {profile.id: profile for profile in profiles})
    rules = make_rules(definitions, companies, clock)
    seeder = Seeder(companies, definitions, rules)
    seed_companies(seeder, source)
    webhooks = Webhooks(companies.store, clock, sender)
    companies.changed = webhooks.note
    limiter, pace = Limiter(limits), Pace()
    service = make_service(definitions, companies, rules)
    companion = install(companies, rules, clock, service.product, CompanyScope(companies))
    verifier = TokenVerifier(token_key, AUDIENCE, issuer)
    standard = ODataApp(service, ROOT, verifier, limiter, pace).starlette()
    extension = ODataApp(companion.service, COMPANION_ROOT, verifier, limiter, pace).starlette()
    endpoints = BusinessCentralEndpoints(companies, limiter, pace, seeder, webhooks.timing)
    routes = [*endpoints.routes(), *CompanionEndpoints(companion, companies).routes()]
    app = ControlledApp(HandshakeGate(companion.gate(standard, extension), webhooks), fault_body, list(routes))
    return Environment(app, companies, companies.store, limiter, pace, seeder, definitions, rules, webhooks, companion)
