"""Finance under the conformance suite, and for its own tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx

from local.dynamics.finance.environment import AUDIENCE, Environment, create_environment
from shared.dynamics.finance import Finance
from shared.market_options.finance import FinanceOptions
from shared.markets import BackEnd, CustomLineRules, LineTarget, Market, ShippingRules, TaxRule, TotalsRules
from tests.contract.connectors.harness import TOKEN_KEY, BackEndUnderTest, Tokens
from tests.fakes.markets import market

ROOT = "https://simulator/data"
HEADERS, LINES = "SalesOrderHeadersV2", "SalesOrderLines"
CODES = {
    "0.25": "VAT25",
    "0.19": "VAT19",
    "0.12": "VAT12",
    "0.1": "VAT10",
    "0.07": "VAT7",
    "0.06": "VAT6",
    "0.055": "VAT5_5",
    "0": "VAT0",
}


def finance() -> BackEndUnderTest:
    return finance_with()


def finance_in_a_batch() -> BackEndUnderTest:
    return finance_with(batch=True)


def finance_with(environment: Environment | None = None, **options: Any) -> BackEndUnderTest:
    environment = environment or create_environment(TOKEN_KEY)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(environment.app))
    scope = f"{AUDIENCE}/.default"
    end = BackEnd(type="finance", url=ROOT, tenant_id="tenant", client_id="an-app", scope=scope)
    return BackEndUnderTest(
        app=environment.app,
        connector=Finance(end, Tokens(AUDIENCE), http),
        http=http,
        market=finance_market(**options),
        rows=environment.seeder.rows,
        orders=HEADERS,
        lines=LINES,
        create=("POST", r"/\$batch$" if options.get("batch") else f"/{HEADERS}$"),
        wrong_id="SO-DEMF-999999",
        notes={"environment": environment},
    )


def finance_market(**options: Any) -> Market:
    """The test market, landing in company demf, which comes back in lower case."""
    freight, misc, rounding = (
        LineTarget.model_validate({"as": "item", "number": number, "tax_code": code})
        for number, code in (("FREIGHT", None), ("MISC", None), ("ROUNDING", "VAT0"))
    )
    return market(
        company="DEMF",
        location="MAIN",
        tax=tuple(TaxRule(rate=Decimal(rate), code=code) for rate, code in CODES.items()),
        shipping=ShippingRules(default=freight),
        custom_lines=CustomLineRules(default=misc),
        totals=TotalsRules(rounding=rounding, gross_bound=5, tax_bound=2),
        finance=FinanceOptions(**{"customer_group": "ONLINE", **options}),
    )
