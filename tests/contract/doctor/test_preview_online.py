"""`ctd365 preview order` with everything resolved: real reads, and writes that go nowhere."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from local.dynamics.business_central.environment import Environment, create_environment
from local.orders import Shopper, order_document
from shared.cli.exits import CommandError
from shared.cli.preview_online import online_preview
from shared.cli.preview_order import Preview, as_json
from tests.contract.doctor.clinic import Clinic, SimulatorTokens
from tests.contract.dynamics_simulator.simulator import EU, ROOT, TOKEN_KEY, bearer


@pytest.fixture
def environment() -> Environment:
    return create_environment(TOKEN_KEY)


async def preview(clinic: Clinic, environment: Environment, name: str, document: Any = None) -> Preview:
    reads = httpx.ASGITransport(environment.app)
    context = clinic.context(clinic.markets())
    return await online_preview(
        context, name, document, "business_central", None, reads=reads, tokens=SimulatorTokens()
    )


async def orders_in(environment: Environment) -> list[Any]:
    transport = httpx.ASGITransport(environment.app)
    async with httpx.AsyncClient(transport=transport, headers={"Authorization": bearer()}) as http:
        rows: list[Any] = (await http.get(f"{ROOT}/companies({EU})/salesOrders")).json()["value"]
        return rows


async def test_an_order_is_shown_by_its_number_with_the_customer_and_items_of_the_back_end(
    clinic: Clinic, environment: Environment
) -> None:
    document = order_document("PREVIEW-1", Shopper("sweden@example.com"))
    clinic.stand_in.seed("orders", document)
    before = await orders_in(environment)
    found = await preview(clinic, environment, "PREVIEW-1")
    shown = as_json(found)
    (request,) = shown["payloads"]
    assert (request["method"], request["body"]["externalDocumentNumber"]) == ("POST", "PREVIEW-1")
    assert request["body"]["salesOrderLines"][0]["lineObjectNumber"] == "TSHIRT-BLK-M"
    assert request["body"]["salesOrderLines"][0]["locationId"] != "00000000-0000-0000-0000-000000000000"
    gross = document["taxedPrice"]["totalGross"]["centAmount"]
    assert shown["totals"]["gross"] == f"{gross // 100}.{gross % 100:02}"
    assert await orders_in(environment) == before


async def test_a_customer_that_would_be_created_is_shown_before_the_order(
    clinic: Clinic, environment: Environment
) -> None:
    shopper = Shopper("nobody-knows-me@example.com", id="00000000-0000-4000-8000-0000000000c1")
    clinic.stand_in.seed(
        "customers", {"id": shopper.id, "version": 1, "email": shopper.email, "firstName": "Example", "lastName": "New"}
    )
    document = order_document("PREVIEW-2", shopper)
    found = await preview(clinic, environment, "a file", document)
    customer, order = found.requests
    assert customer.path.endswith("/customers")
    assert customer.body["email"] == "nobody-knows-me@example.com"
    assert order.body["customerId"] == "id-of-the-new-customer"


async def test_an_item_that_does_not_exist_is_said_instead_of_a_request(
    clinic: Clinic, environment: Environment
) -> None:
    document = order_document("PREVIEW-3", Shopper("sweden@example.com"))
    document["lineItems"][0]["variant"]["sku"] = "NO-SUCH-ITEM"
    with pytest.raises(CommandError, match="no item for SKU NO-SUCH-ITEM"):
        await preview(clinic, environment, "a file", document)


async def test_an_order_that_nobody_knows_is_said_with_where_it_was_looked_for(
    clinic: Clinic, environment: Environment
) -> None:
    with pytest.raises(CommandError, match="looked in demo"):
        await preview(clinic, environment, "PREVIEW-404")
