"""Business Central under the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx

from local.dynamics.business_central.environment import AUDIENCE, create_environment
from shared.dynamics.business_central import BusinessCentral
from shared.markets import BackEnd, CustomLineRules, LineTarget, Market, ShippingRules, TaxRule, TotalsRules
from tests.contract.connectors.harness import TOKEN_KEY, BackEndUnderTest, Tokens
from tests.fakes.markets import market

ROOT = "https://simulator/v2.0/tenant/sandbox/api/v2.0"
COMPANY = "e0000000-0000-4000-8000-0000000000e1"
CODES = {"0": "VAT0", "0.07": "VAT7", "0.19": "VAT19", "0.25": "VAT25"}


def business_central() -> BackEndUnderTest:
    return business_central_with()


def business_central_with(tax_groups: Sequence[Mapping[str, Any]] = ()) -> BackEndUnderTest:
    environment = create_environment(TOKEN_KEY)
    environment.seeder.seed(COMPANY, "taxGroups", list(tax_groups))
    http = httpx.AsyncClient(transport=httpx.ASGITransport(environment.app))
    scope = f"{AUDIENCE}/.default"
    end = BackEnd(type="business_central", url=ROOT, tenant_id="tenant", client_id="an-app", scope=scope)
    return BackEndUnderTest(
        app=environment.app,
        connector=BusinessCentral(end, Tokens(AUDIENCE), http),
        http=http,
        market=business_central_market(),
        rows=environment.seeder.rows,
        orders="salesOrders",
        lines="salesOrderLines",
        create=("POST", "/salesOrders$"),
        wrong_id="00000000-0000-4000-8000-00000000dead",
    )


def business_central_market() -> Market:
    freight = LineTarget.model_validate({"as": "item", "number": "FREIGHT"})
    revenue = LineTarget.model_validate({"as": "account", "number": "6110"})
    rounding = LineTarget.model_validate({"as": "account", "number": "9140", "tax_code": "NOVAT"})
    return market(
        company=COMPANY,
        tax=tuple(TaxRule(rate=Decimal(rate), code=code) for rate, code in CODES.items()),
        shipping=ShippingRules(default=freight),
        custom_lines=CustomLineRules(default=revenue),
        totals=TotalsRules(rounding=rounding, gross_bound=5, tax_bound=2),
    )
