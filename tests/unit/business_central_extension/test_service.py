from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.dynamics.business_central import ERRORS
from shared.dynamics.business_central_companion import (
    ASK_AGAIN_SECONDS,
    Companion,
    CompanionFinder,
    companion_root,
    missing,
)
from shared.dynamics.odata import ODataClient
from shared.errors import Permanent, Transient
from tests.contract.dynamics_simulator.simulator import EU, ROOT, bearer, error_of
from tests.fakes.server import Answer, ScriptedServer
from tests.fakes.tokens import CountingTokens
from tests.unit.business_central_extension.al import definitions
from tests.unit.business_central_extension.simulator import OWN_ROOT, Extension

BACK_END = "https://bc.example.com/v2.0/tenant/production/api/v2.0"
OWN = "https://bc.example.com/v2.0/tenant/production/api/ctd365/commerce/v1.0"


class SimulatorTokens(CountingTokens):
    async def token(self, *, renew: bool = False) -> str:
        await super().token(renew=renew)
        return bearer().removeprefix("Bearer ")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class BackEnd(ScriptedServer):
    def __init__(self, *answers: Answer) -> None:
        super().__init__(*answers)
        self.clock = Clock()
        api = ODataClient(BACK_END, CountingTokens(), self.http, ERRORS, in_flight=5)
        self.finder = CompanionFinder(api, BACK_END, self.clock)

    async def discover(self) -> Companion | None:
        return await self.finder.discover(EU, "correlation-1")


def document(*names: str) -> httpx.Response:
    return httpx.Response(200, json={"value": [{"name": name, "kind": "EntitySet", "url": name} for name in names]})


def in_simulator(bc: Extension) -> CompanionFinder:
    return CompanionFinder(ODataClient(ROOT, SimulatorTokens(), bc.http, ERRORS, in_flight=5), ROOT)


async def test_the_connector_finds_the_extension_with_all_that_it_uses(bc: Extension) -> None:
    companion = await in_simulator(bc).discover(EU, "correlation-1")
    assert companion is not None
    assert companion.entity_sets == {"companies", *definitions()}
    assert missing(companion) == ()


async def test_rows_are_read_at_the_extensions_own_address(bc: Extension) -> None:
    api = ODataClient(ROOT, SimulatorTokens(), bc.http, ERRORS, in_flight=5)
    companion = await CompanionFinder(api, ROOT).discover(EU, "correlation-1")
    assert companion is not None
    rows = [row async for row in api.rows(companion.url("priceListLines"), "correlation-1", filter="status eq 'Draft'")]
    assert [row["itemNumber"] for row in rows] == ["LAMP-DESK"]


async def test_an_environment_without_the_extension_is_told_from_one_with_it(bc: Extension) -> None:
    await bc.control("companion", {"installed": False})
    assert error_of(await bc.own("priceListLines"))[0] == 404
    assert await in_simulator(bc).discover(EU, "correlation-1") is None
    assert len(await bc.rows("items")) > 0
    await bc.control("companion", {"installed": True})
    assert await in_simulator(bc).discover(EU, "correlation-1") is not None


async def test_the_service_document_is_asked_for_once() -> None:
    server = BackEnd(document("itemAvailabilities"))
    first, second = await server.discover(), await server.discover()
    assert first == second == Companion(OWN, EU, frozenset({"itemAvailabilities"}))
    assert [str(request.url) for request in server.requests] == [OWN]


async def test_no_is_asked_for_again_after_a_while() -> None:
    server = BackEnd(httpx.Response(404, json={"error": {"code": "BadRequest_NotFound", "message": "none"}}))
    assert [await server.discover(), await server.discover()] == [None, None]
    assert len(server.requests) == 1
    server.clock.now += ASK_AGAIN_SECONDS
    await server.discover()
    assert len(server.requests) == 2


@pytest.mark.parametrize(("status", "kind"), [(403, Permanent), (503, Transient)])
async def test_an_answer_that_tells_nothing_is_an_error_not_a_no(status: int, kind: type[Exception]) -> None:
    server = BackEnd(httpx.Response(status, json={"error": {"code": "x", "message": "no"}}), document("salesOrders"))
    with pytest.raises(kind):
        await server.discover()
    assert await server.discover() is not None


def test_the_address_keeps_the_host_and_the_environment() -> None:
    assert companion_root(BACK_END) == companion_root(BACK_END + "/") == OWN
    with pytest.raises(ValueError, match=r"does not end in /api/v2\.0"):
        companion_root("https://bc.example.com/v2.0/tenant/production/ODataV4")


def test_what_is_missing_is_said_for_each_entity_set() -> None:
    everything = missing(None)
    assert [line.partition(":")[0] for line in everything] == list(definitions())
    partly = missing(Companion(OWN, EU, frozenset(definitions()) - {"salesOrders"}))
    assert [line.partition(":")[0] for line in partly] == ["salesOrders"]


async def test_a_token_is_needed(bc: Extension) -> None:
    answer = await bc.http.get(bc.own_url("priceListLines"), headers={"Authorization": "Bearer none"})
    assert error_of(answer)[:2] == (401, "Authentication_InvalidCredentials")


async def test_the_limits_are_those_of_the_standard_api(bc: Extension) -> None:
    await bc.control("limits", {"requests": 2})
    answers = [await bc.get("items"), await bc.own("priceListLines"), await bc.own("priceListLines")]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_unknown_names_are_refused(bc: Extension) -> None:
    assert error_of(await bc.own("priceListLines?$select=nothing"))[0] == 400
    assert error_of(await bc.own("items"))[0] == 404
    assert (
        await bc.http.get(f"{OWN_ROOT}/companies({'0' * 8}-0000-4000-8000-{'0' * 12})/salesOrders")
    ).status_code == 404


async def test_a_price_list_has_tiers_groups_dates_and_states(bc: Extension) -> None:
    lines = await bc.own_rows("priceListLines?$filter=itemNumber eq 'TSHIRT-BLK-M' and status eq 'Active'")
    general = [line for line in lines if line["priceListCode"] == "S-LIST" and not line["currencyCode"]]
    tiers = {line["minimumQuantity"]: line["unitPrice"] for line in general if not line["variantCode"]}
    assert tiers == {0: 16.8, 10: 15.1, 50: 13.4}
    assert {line["sourceNumber"] for line in lines} == {"", "WHOLESALE"}
    assert len(await bc.own_rows("priceListLines?$filter=endingDate eq 2025-08-31")) == 1
    assert len(await bc.own_rows("priceListLines?$filter=status eq 'Inactive'")) == 1


async def test_a_changed_price_is_found_by_its_moment(bc: Extension) -> None:
    lines = await bc.own_rows("priceListLines")
    line = next(line for line in lines if line["itemNumber"] == "GIFT-MUG")
    [changed] = (await bc.control("companion/priceListLines", {"id": line["id"], "status": "Inactive"}))["value"]
    moment = changed["systemModifiedAt"]
    since = await bc.own_rows(f"priceListLines?$filter=systemModifiedAt ge {moment}")
    found: list[dict[str, Any]] = [row for row in since if row["id"] == line["id"]]
    assert (found[0]["status"], found[0]["unitPrice"]) == ("Inactive", 7.95)


async def test_rows_given_to_the_simulator_must_be_defined(bc: Extension) -> None:
    for path, row in (("priceListLines", {"price": 1}), ("salesOrders", {"number": "1"}), ("nothing", {})):
        answer = await bc.http.post(f"http://simulator/__companion/{path}", json=row)
        assert answer.status_code == 400
    state = (await bc.http.get("http://simulator/__companion/priceListLines")).json()["value"]
    assert {row["companyId"] for row in state} == set(bc.environment.companies.profiles)


@pytest.mark.parametrize("body", [{"installed": "no"}, {"installed": True, "other": 1}, {}])
async def test_the_switch_takes_one_truth_value(bc: Extension, body: dict[str, object]) -> None:
    answer = await bc.http.post("http://simulator/__companion", json=body)
    assert answer.status_code == 400
    assert (await bc.http.get("http://simulator/__companion")).json() == {"installed": True}
