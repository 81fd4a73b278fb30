"""Deployments evaluated once per session. Without a compiler, only the textual checks run, and the summary says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from tests.infra.compiler import INFRA, Deployment, evaluate, find_compiler
from tests.infra.kusto import find_language_service

PROD_ENV = {
    "ROLLOUT_STAGE": "one_market",
    "MARKET_MAP": "infra/market-map.example.yaml",
    "CT_API_URL": "https://api.europe-west1.gcp.commercetools.com",
    "CT_AUTH_URL": "https://auth.europe-west1.gcp.commercetools.com",
    "CT_CLIENT_ID": "client",
    "BC_URL": "https://api.businesscentral.dynamics.com/v2.0/tenant/production/api/v2.0",
    "BC_TENANT": "tenant",
    "BC_CLIENT_ID": "application",
    "BC_COMPANY_PILOT": "pilot-company",
    "BC_COMPANY_OTHERS": "other-company",
    "BC_REVENUE_ACCOUNT": "6110",
    "BC_ROUNDING_ACCOUNT": "9140",
    "EVENTS_ENTRA_AUDIENCE": "api://intake",
    "OPERATORS_GROUP_ID": "00000000-0000-0000-0000-000000000003",
    "ALERT_EMAILS": "operations@example.com support@example.com",
}

NEEDS_THE_COMPILER = ["test_compilation.py", "test_parity.py", "test_access.py", "test_resources.py"]
collect_ignore = NEEDS_THE_COMPILER if find_compiler() is None else []

Evaluate = Callable[[str, Mapping[str, str]], Deployment]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_compiler() is None:
        terminalreporter.section("NO BICEP COMPILER", sep="!", red=True, bold=True)
        terminalreporter.line(f"not run: {', '.join(NEEDS_THE_COMPILER)}; the templates were only read as text.")
        terminalreporter.line("Put `bicep` on PATH, or its path into BICEP: az bicep install --version v0.49.2")
    if find_language_service() is None:
        terminalreporter.section("NO KUSTO LANGUAGE SERVICE", sep="!", red=True, bold=True)
        terminalreporter.line("KQL was only read as text. npm install @kusto/language-service-next@12.4.1, or name its")
        terminalreporter.line("node_modules folder in KUSTO_NODE_MODULES.")


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluate:
    """Evaluate main.prod.bicepparam with other parameters (a line each) and variables."""

    def run(lines: str, env: Mapping[str, str]) -> Deployment:
        text = (INFRA / "main.prod.bicepparam").read_text(encoding="utf-8")
        for line in lines.splitlines():
            before = re.compile(rf"^{re.escape(line.partition('=')[0])}= .*\n", re.MULTILINE)
            text = before.sub("", text) + f"{line}\n"
        return evaluate(tmp_path_factory.mktemp("case"), text, {**PROD_ENV, **env})

    return run


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    text = (INFRA / "main.bicepparam").read_text(encoding="utf-8")
    return evaluate(tmp_path_factory.mktemp("dev"), text, {})


@pytest.fixture(scope="session")
def prod(evaluated: Evaluate) -> Deployment:
    return evaluated("", {})


@pytest.fixture(scope="session")
def direct(evaluated: Evaluate) -> Deployment:
    """commercetools sends straight to Service Bus."""
    return evaluated("param directSubscription = true", {})


@pytest.fixture(scope="session")
def smallest(evaluated: Evaluate) -> Deployment:
    """Shortest name, a private network with Service Bus Standard, every flow off."""
    lines = "param name = 'abc'\nparam serviceBusTier = 'Standard'\nparam quietHours = 6"
    return evaluated(lines, {"ROLLOUT_STAGE": "off"})


@pytest.fixture(scope="session")
def largest(evaluated: Evaluate) -> Deployment:
    """Longest names, every market on."""
    lines = "param name = 'a-b-c-d-'\nparam environmentName = 'e-f-g-h-'\nparam quietHours = 48"
    return evaluated(lines, {"ROLLOUT_STAGE": "all"})


@pytest.fixture(params=["dev", "prod", "direct"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Each deployment in turn: Standard, Premium, and Premium with the direct subscription."""
    found: Deployment = request.getfixturevalue(request.param)
    return found
