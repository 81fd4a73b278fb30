"""Dataverse under the conformance suite."""

from __future__ import annotations

from typing import Any

import httpx

from local.dynamics.dataverse.environment import AUDIENCE, Environment, create_environment
from local.dynamics.dataverse.limits import DataverseLimits
from shared.dynamics.dataverse import Dataverse
from shared.market_options.dataverse import DataverseOptions
from shared.markets import BackEnd, CustomerRules, CustomLineRules, LineTarget, Market, ShippingRules, TotalsRules
from tests.contract.connectors.harness import TOKEN_KEY, BackEndUnderTest, Tokens
from tests.fakes.markets import market

ROOT = "https://simulator/api/data/v9.2"
# The suite is about connectors: the limits have tests of their own.
PLENTY = DataverseLimits(requests=10_000_000, execution_seconds=1e9)
CURRENCIES = ("EUR", "SEK", "JPY", "KWD", "USD", "GBP", "CHF", "DKK")


def dataverse() -> BackEndUnderTest:
    return dataverse_with()


def dataverse_by_deep_insert() -> BackEndUnderTest:
    return dataverse_with(create="deep_insert")


def dataverse_with(environment: Environment | None = None, **options: Any) -> BackEndUnderTest:
    environment = environment or create_environment(TOKEN_KEY, limits=PLENTY)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(environment.app))
    by_batch = options.get("create", "batch") == "batch"
    return BackEndUnderTest(
        app=environment.app,
        connector=Dataverse(back_end(), Tokens(AUDIENCE), http),
        http=http,
        market=dataverse_market(**options),
        rows=environment.seeder.rows,
        orders="salesorders",
        lines="salesorderdetails",
        create=("POST", r"/\$batch$" if by_batch else "/salesorders$"),
        wrong_id="00000000-0000-4000-8000-00000000dead",
        notes={"environment": environment},
    )


def back_end() -> BackEnd:
    scope = f"{AUDIENCE}/.default"
    return BackEnd(type="dataverse", url=ROOT, tenant_id="tenant", client_id="an-app", scope=scope)


def dataverse_market(**options: Any) -> Market:
    freight = LineTarget.model_validate({"as": "item", "number": "FREIGHT"})
    wrapping = LineTarget.model_validate({"as": "item", "number": "GIFT-WRAP"})
    rounding = LineTarget.model_validate({"as": "item", "number": "ROUNDING"})
    price_lists = {currency: f"Web {currency}" for currency in CURRENCIES}
    return market(
        company="unused",
        customers=CustomerRules(bill_to="sell_to"),
        tax=(),
        shipping=ShippingRules(default=freight),
        custom_lines=CustomLineRules(default=wrapping),
        totals=TotalsRules(rounding=rounding, gross_bound=5),
        dataverse=DataverseOptions.model_validate({"price_lists": price_lists, **options}),
    )
