"""Everything that the doctor looks at, in one place."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from shared.cli.context import Context
from shared.cli.doctor_systems import check_systems
from shared.cli.findings import Finding, failures
from shared.commercetools.client import CommercetoolsClient
from shared.composition import App, make_app, make_connector
from shared.dynamics.auth import TokenProvider
from shared.errors import Permanent
from shared.markets import BackEnd, MarketMap, parse_market_map
from shared.messaging.memory import MemorySender
from shared.pipeline.failures import FailureMemory
from shared.pipeline.process import Road
from shared.settings import read_settings
from shared.state.protocols import State
from shared.telemetry.seam import LogTelemetry
from tests.contract.commercetools_mock.stand_in import CLIENT_ID, CLIENT_SECRET, StandIn
from tests.contract.dynamics_simulator.simulator import EU, bearer
from tests.contract.dynamics_simulator.simulator import ROOT as SIMULATOR
from tests.fakes.settings import SETTINGS
from tests.unit.cli.desk import FakeDeadLetters

ROOT = SIMULATOR.replace("simulator", "localhost")  # only loopback hosts may go without TLS
MARKET_MAP = """
schema: 1
projects:
  demo: {api_url: "${CT_URL}", auth_url: "${CT_URL}", client_id: "${CT_ID}", client_secret: "${CT_SECRET}"}
back_ends:
  bc: {type: business_central, url: "${BC_URL}", tenant_id: t, client_id: c, scope: s}
markets:
  - name: eu
    project: demo
    back_end: bc
    company: "${COMPANY}"
    location: MAIN
    customers: {guest: account, guest_account: "60000"}
    tax: [{rate: 0.19, code: VAT19}, {rate: 0.07, code: VAT7}]
    items: {T-SHIRT: {item: TSHIRT-BLK-M, variant: LONG}}
    shipping: {default: {as: item, number: FREIGHT}}
    custom_lines: {default: {as: account, number: "6110"}}
    payments: {default: {code: CARD, terms: 30 DAYS}}
    totals: {rounding: {as: account, number: "9140", tax_code: VAT0}, gross_bound: 1}
    warehouses: [{code: MAIN, channel: stock-main}, {code: EAST}]
    write_back: {channel: business-central, type: dynamics-365, field: salesOrderNumber}
    modes: {orders: "on"}
"""


class SimulatorTokens:
    """Implements `TokenProvider` with tokens that the simulator accepts."""

    async def token(self, *, renew: bool = False) -> str:
        return bearer().removeprefix("Bearer ")


class RefusedTokens:
    """Implements `TokenProvider` of a client that the authority does not know."""

    async def token(self, *, renew: bool = False) -> str:
        raise Permanent("Entra ID", "acquire token", "no such client", code="unauthorized_client")


@dataclass
class Clinic:
    """Everything that the doctor looks at; the map can be changed before."""

    stand_in: StandIn
    http: httpx.AsyncClient
    back_end_http: httpx.AsyncClient
    state: State
    dead_letters: FakeDeadLetters
    secret: str = CLIENT_SECRET

    refused: str = ""

    def tokens_of(self, user: BackEnd) -> TokenProvider:
        return RefusedTokens() if user.client_id == self.refused else SimulatorTokens()

    async def findings(self, old: str = "", new: str = "", company: str = EU) -> list[Finding]:
        return await check_systems(self.context(self.markets(old, new, company)), self.tokens_of)

    def markets(self, old: str = "", new: str = "", company: str = EU) -> MarketMap:
        environment = {"CT_URL": self.stand_in.url, "CT_ID": CLIENT_ID, "CT_SECRET": self.secret, "BC_URL": ROOT}
        assert old in MARKET_MAP
        text = MARKET_MAP.replace(old, new, 1) if old else MARKET_MAP
        return parse_market_map(text, "test", {**environment, "COMPANY": company})

    def context(self, markets: MarketMap) -> Context:
        return Context(self._app(markets), self.dead_letters)

    async def problems(self, old: str = "", new: str = "", company: str = EU) -> list[tuple[str, str]]:
        found = failures(await self.findings(old, new, company))
        assert all(finding.fix for finding in found)
        return [(finding.check, finding.detail) for finding in found]

    def _app(self, markets: MarketMap) -> App:
        projects = {key: CommercetoolsClient(key, project, self.http) for key, project in markets.projects.items()}
        connectors = {"bc": make_connector("bc", markets.back_ends["bc"], SimulatorTokens(), self.back_end_http)}
        return make_app(
            settings=read_settings(SETTINGS),
            markets=markets,
            road=Road(self.state, MemorySender(), LogTelemetry(), FailureMemory(self.state.failures)),
            projects=projects,
            connectors=connectors,
            http=self.http,
        )
