"""Business Central under the customer suite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from local.dynamics.business_central.environment import AUDIENCE, Environment, create_environment
from shared.dynamics.business_central import BusinessCentral
from shared.markets import BackEnd
from shared.model.customer_fields import Fields
from tests.contract.connectors.business_central_harness import COMPANY, ROOT, business_central_market
from tests.contract.connectors.customer_harness import CustomersUnderTest
from tests.contract.connectors.harness import TOKEN_KEY, BackEndUnderTest, Tokens
from tests.fakes.clock import ManualClock

HOLDS = frozenset(
    {
        "name",
        "company",
        "email",
        "phone",
        "vat_id",
        "payment_terms",
        "credit_limit",
        "blocked",
        "billing_address",
        "contacts",
    }
)
LONGER_THAN_THE_OVERLAP = timedelta(minutes=5)


def customers() -> CustomersUnderTest:
    return customers_at(ManualClock())[0]


def customers_at(clock: ManualClock) -> tuple[CustomersUnderTest, Environment]:
    """Both the connector and the simulator look at this clock."""
    environment = create_environment(TOKEN_KEY, clock=clock)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(environment.app))
    scope = f"{AUDIENCE}/.default"
    end = BackEnd(type="business_central", url=ROOT, tenant_id="tenant", client_id="an-app", scope=scope)
    back_end = BackEndUnderTest(
        app=environment.app,
        connector=BusinessCentral(end, Tokens(AUDIENCE), http, clock),
        http=http,
        market=business_central_market(),
        rows=environment.seeder.rows,
        orders="salesOrders",
        lines="salesOrderLines",
        create=("POST", "/salesOrders$"),
        wrong_id="00000000-0000-4000-8000-00000000dead",
    )

    def row_of(customer_id: str) -> dict[str, Any]:
        return environment.store.table(COMPANY, "customers").rows[(customer_id,)]

    def by_hand(customer_id: str, changes: Fields) -> None:
        names: Mapping[str, Any] = {
            "phone": ("phoneNumber", str),
            "blocked": ("blocked", lambda yes: "Ship" if yes else "_x0020_"),
        }
        values = {names[name][0]: names[name][1](value) for name, value in changes.items()}
        environment.rules["customers"].modify(COMPANY, row_of(customer_id), values)

    def many(count: int) -> list[str]:
        names = [f"Example Customer {place}" for place in range(count)]
        rows: list[Mapping[str, Any]] = [{"displayName": name, "type": "Person"} for name in names]
        return [row["id"] for row in environment.seeder.seed(COMPANY, "customers", rows)]

    under_test = CustomersUnderTest(
        back_end=back_end,
        by_hand=by_hand,
        delete=lambda customer_id: environment.rules["customers"].delete(COMPANY, row_of(customer_id)),
        many=many,
        holds=HOLDS,
        age=lambda: clock.advance(LONGER_THAN_THE_OVERLAP),
    )
    return under_test, environment
