"""The composition root: settings → dependencies. What costs time to import is imported on first use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from shared.commercetools.client import CommercetoolsClient
from shared.dynamics.auth import MsalTokenProvider, TokenProvider
from shared.dynamics.business_central import BusinessCentral
from shared.dynamics.connector import Connector
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.finance import Finance
from shared.dynamics.limiter.limiter import SharedLimiter
from shared.dynamics.limiter.wiring import limiter_of
from shared.flows.catalogue_runs import CatalogueRuns
from shared.flows.customer_entities import ENTITIES
from shared.flows.customer_loading import CustomerLoader
from shared.flows.customer_writing import Stores
from shared.flows.customers import CustomersFlow
from shared.flows.erasure import Eraser
from shared.flows.order_loading import OrderLoader
from shared.flows.orders import OrdersFlow
from shared.http import TIMEOUT, ObservedClient
from shared.markets import BackEnd, MarketMap, load_market_map
from shared.messaging.lazy import LazySender
from shared.messaging.sender import Sender
from shared.pipeline.backoff import Backoff
from shared.pipeline.failures import FailureMemory
from shared.pipeline.jobs import Jobs
from shared.pipeline.process import Road
from shared.pipeline.retention import Retention
from shared.settings import ROOT, Settings, SettingsError, read_settings
from shared.state.protocols import State
from shared.telemetry.masking import mask_personal_data
from shared.telemetry.seam import LogTelemetry, Telemetry

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.servicebus.aio import ServiceBusClient

type ConnectorFactory = Callable[[BackEnd, TokenProvider, httpx.AsyncClient], Connector]
# One line for each type of back-end: everything else knows only the protocol.
CONNECTORS: Mapping[str, ConnectorFactory] = {
    "business_central": BusinessCentral,
    "dataverse": Dataverse,
    "finance": Finance,
}


@dataclass(frozen=True, slots=True)
class App:
    """Everything that a trigger or a command may need."""

    settings: Settings
    markets: MarketMap
    road: Road
    projects: Mapping[str, CommercetoolsClient]
    connectors: Mapping[str, Connector]
    orders: OrdersFlow
    customers: CustomersFlow
    catalogue: CatalogueRuns
    jobs: Jobs
    http: httpx.AsyncClient
    limiters: Sequence[SharedLimiter] = ()

    async def close(self) -> None:
        """Release every connection, and what is held of the back-ends' limits."""
        for limiter in self.limiters:
            await limiter.close()
        await self.road.sender.close()
        await self.road.state.close()
        await self.http.aclose()
        self.road.telemetry.close()


def build_app(environment: Mapping[str, str]) -> App:
    """Wire everything for an environment."""
    settings = read_settings(environment)
    # httpx logs whole URLs at INFO; ours carry e-mail addresses in $filter
    logging.getLogger("httpx").setLevel(logging.WARNING)
    markets = load_market_map(ROOT / settings.market_map, environment)
    return _assemble(settings, markets, _state(settings), _sender(settings), _telemetry(settings))


def _telemetry(settings: Settings) -> Telemetry:
    if settings.application_insights is None:
        return LogTelemetry()
    from shared.telemetry.azure_monitor import attach

    connection = settings.application_insights.get_secret_value()
    return attach(connection, settings.telemetry_exporter, settings.managed_identity_client_id)


def _assemble(settings: Settings, markets: MarketMap, state: State, sender: Sender, telemetry: Telemetry) -> App:
    http = ObservedClient(telemetry.call, timeout=TIMEOUT, follow_redirects=False)
    projects = {key: CommercetoolsClient(key, project, http) for key, project in markets.projects.items()}
    limiters = {name: _limiter(end, settings, state) for name, end in markets.back_ends.items()}
    connectors = {name: make_connector(name, end, limiters[name], http) for name, end in markets.back_ends.items()}
    road = _road(settings, state, sender, telemetry)
    return make_app(settings, markets, road, projects, connectors, http, tuple(limiters.values()))


def make_app(
    settings: Settings,
    markets: MarketMap,
    road: Road,
    projects: Mapping[str, CommercetoolsClient],
    connectors: Mapping[str, Connector],
    http: httpx.AsyncClient,
    limiters: Sequence[SharedLimiter] = (),
) -> App:
    """Put the flows on what they need."""
    state = road.state
    loader = OrderLoader(markets, projects, connectors, state.id_map, state.snapshots)
    return App(
        settings=settings,
        markets=markets,
        road=road,
        projects=projects,
        connectors=connectors,
        orders=OrdersFlow(loader, projects, connectors, state.id_map, state.snapshots, state.idempotency),
        customers=_customers(markets, projects, connectors, state),
        catalogue=CatalogueRuns(road, markets, projects, connectors),
        jobs=_jobs(settings, markets, road, projects, connectors),
        http=http,
        limiters=limiters,
    )


def _jobs(
    settings: Settings,
    markets: MarketMap,
    road: Road,
    projects: Mapping[str, CommercetoolsClient],
    connectors: Mapping[str, Connector],
) -> Jobs:
    kept = Retention(
        idempotency=timedelta(days=settings.idempotency_retention_days),
        audit=timedelta(days=settings.audit_retention_days),
        review=timedelta(days=settings.review_retention_days),
        rows=settings.retention_rows,
    )
    overlap = timedelta(seconds=settings.sweep_overlap_seconds)
    return Jobs(road, markets, projects, connectors, overlap, kept)


def _customers(
    markets: MarketMap,
    projects: Mapping[str, CommercetoolsClient],
    connectors: Mapping[str, Connector],
    state: State,
) -> CustomersFlow:
    loader = CustomerLoader(markets, projects, connectors, state.id_map, state.snapshots, ENTITIES)
    stores = Stores(state.id_map, state.snapshots, state.idempotency)
    return CustomersFlow(loader, stores, Eraser(state, projects))


def _road(settings: Settings, state: State, sender: Sender, telemetry: Telemetry) -> Road:
    backoff = Backoff(
        base=timedelta(seconds=settings.retry_base_seconds),
        ceiling=timedelta(seconds=settings.retry_ceiling_seconds),
        max_attempts=settings.retry_max_attempts,
    )
    return Road(
        state=state,
        sender=sender,
        telemetry=telemetry,
        failures=FailureMemory(state.failures),
        backoff=backoff,
        lease=settings.claim_lease,
        mask=dict if settings.audit_personal_data else mask_personal_data,
    )


def make_connector(name: str, back_end: BackEnd, tokens: TokenProvider, http: httpx.AsyncClient) -> Connector:
    """Make the connector of a back-end; nothing is sent. Raises SettingsError for a type that has none."""
    factory = CONNECTORS.get(back_end.type)
    if factory is None:
        supported = " or ".join(CONNECTORS)
        raise SettingsError(f"back_ends.{name}: type {back_end.type} is not supported yet; use {supported}")
    return factory(back_end, tokens, http)


def _limiter(back_end: BackEnd, settings: Settings, state: State) -> SharedLimiter:
    return limiter_of(back_end, state.leases, lambda user: _tokens(user, settings))


def _state(settings: Settings) -> State:
    from shared.state.tables import TablesState

    if settings.tables is not None:
        return TablesState.from_connection_string(settings.tables.get_secret_value())
    return TablesState.from_endpoint(str(settings.tables_endpoint), _credential(settings))


def _sender(settings: Settings) -> Sender:
    return LazySender(service_bus_client(settings))


def service_bus_client(settings: Settings) -> Callable[[], ServiceBusClient]:
    """Return a factory of SDK clients, so that the SDK is imported by whoever sends or receives first."""

    def make() -> ServiceBusClient:
        from shared.messaging import service_bus

        if settings.service_bus is not None:
            return service_bus.client_from_connection_string(settings.service_bus.get_secret_value())
        return service_bus.client_from_namespace(str(settings.service_bus_namespace), _credential(settings))

    return make


def _credential(settings: Settings) -> AsyncTokenCredential:
    from azure.identity.aio import DefaultAzureCredential

    credential: AsyncTokenCredential = DefaultAzureCredential(
        managed_identity_client_id=settings.managed_identity_client_id
    )
    return credential


def _tokens(back_end: BackEnd, settings: Settings) -> TokenProvider:
    return MsalTokenProvider(back_end, settings.oauth_ca_file, settings.managed_identity_client_id)
