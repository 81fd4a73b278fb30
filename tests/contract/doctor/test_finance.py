"""`ctd365 doctor` against the Finance simulator: every code that the map names, by its place in the map."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from local.dynamics.finance.environment import AUDIENCE, create_environment
from shared.cli.doctor_back_ends import check_back_ends
from shared.cli.findings import Finding, failures
from shared.dynamics.finance import Finance
from shared.markets import parse_market_map
from tests.contract.connectors.harness import TOKEN_KEY, Tokens

ROOT = "https://simulator/data"
MARKET_MAP = """
schema: 1
projects:
  demo: {api_url: "https://a.example.com", auth_url: "https://a.example.com", client_id: c, client_secret: s}
back_ends:
  fo: {type: finance, url: "https://simulator/data", tenant_id: t, client_id: c, scope: s}
markets:
  - name: outlet
    project: demo
    back_end: fo
    company: DEMF
    location: MAIN
    tax: [{rate: 0.25, code: VAT25}, {rate: 0.19, code: DOM/vat19}]
    items: {T-SHIRT: {item: TSHIRT-BLK-M}}
    shipping:
      default: {as: item, number: FREIGHT, tax_code: VAT7}
      carriers: {Express: {agent: EXPRESS}}
    payments: {default: {code: CARD, terms: NET30}}
    warehouses: [{code: MAIN}, {code: EAST}]
    finance: {customer_group: ONLINE, sales_tax_group: DOM, site: "1", sales_origin: WEB, sales_pool: ONLINE}
"""


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_environment(TOKEN_KEY).app)
    async with httpx.AsyncClient(transport=transport) as client:
        yield client


async def findings(http: httpx.AsyncClient, old: str = "", new: str = "") -> list[Finding]:
    assert old in MARKET_MAP
    markets = parse_market_map(MARKET_MAP.replace(old, new, 1) if old else MARKET_MAP, "test", {})
    tokens = Tokens(AUDIENCE)
    connectors = {"fo": Finance(markets.back_ends["fo"], tokens, http)}
    return [row async for row in check_back_ends(markets, connectors, lambda _user: tokens, "doctor")]


async def fail(http: httpx.AsyncClient, fault: Mapping[str, Any]) -> None:
    (await http.post("https://simulator/__faults", json={"faults": [fault]})).raise_for_status()


async def test_a_complete_set_up_passes_every_check(http: httpx.AsyncClient) -> None:
    found = await findings(http)
    assert [row for row in found if row.status != "ok"] == []
    passed = {(row.check, row.detail) for row in found}
    assert passed >= {
        ("company", "company DEMF"),
        ("sales tax group", "sales tax group DOM"),
        ("item sales tax group", "item sales tax group VAT25"),
        ("item sales tax group", "item sales tax group vat19"),
        ("item sales tax group", "item sales tax group VAT7"),
        ("customer group", "customer group ONLINE"),
        ("site", "site 1"),
        ("sales origin", "sales origin WEB"),
        ("sales pool", "sales pool ONLINE"),
        ("mode of delivery", "mode of delivery EXPRESS"),
        ("method of payment", "method of payment CARD"),
        ("terms of payment", "terms of payment NET30"),
        ("location", "MAIN"),
        ("location", "EAST"),
        ("item", "items.T-SHIRT: TSHIRT-BLK-M"),
        ("item", "shipping.default: FREIGHT"),
    }


@pytest.mark.parametrize(
    ("old", "new", "check", "said"),
    [
        ("code: VAT25", "code: VAT26", "item sales tax group", "tax.0.code: there is no item sales tax group VAT26"),
        ("DOM/vat19", "EU/vat19", "sales tax group", "tax.1.code: there is no sales tax group EU in DEMF"),
        ("DOM/vat19", "DOM/vat18", "item sales tax group", "tax.1.code: there is no item sales tax group vat18"),
        ("tax_code: VAT7", "tax_code: VAT8", "item sales tax group", "shipping.default.tax_code: there is no"),
        ("sales_tax_group: DOM", "sales_tax_group: HOME", "sales tax group", "finance.sales_tax_group: there is no"),
        ("customer_group: ONLINE", "customer_group: SHOP", "customer group", "finance.customer_group: there is no"),
        ('site: "1"', 'site: "9"', "site", "finance.site: there is no site 9"),
        ("sales_origin: WEB", "sales_origin: SHOP", "sales origin", "finance.sales_origin: there is no"),
        ("sales_pool: ONLINE", "sales_pool: SHOP", "sales pool", "finance.sales_pool: there is no"),
        ("agent: EXPRESS", "agent: SNAIL", "mode of delivery", "shipping.carriers.Express.agent: there is no"),
        ("code: CARD", "code: CASH", "method of payment", "payments.default.code: there is no"),
        ("terms: NET30", "terms: NET90", "terms of payment", "payments.default.terms: there is no"),
        ("item: TSHIRT-BLK-M", "item: NOTHING", "item", "items.T-SHIRT: item NOTHING does not exist"),
        ("location: MAIN", "location: NORTH", "location", "location: company DEMF has no warehouse NORTH"),
        ("code: EAST", "code: WEST", "location", "warehouses.1.code: company DEMF has no warehouse WEST"),
    ],
)
async def test_what_is_missing_is_named_with_its_place_in_the_map_and_a_way_out(
    http: httpx.AsyncClient, old: str, new: str, check: str, said: str
) -> None:
    (found,) = failures(await findings(http, old, new))
    assert (found.check, found.where) == (check, "back-end fo, market outlet")
    assert said in found.detail
    assert found.fix


async def test_one_code_named_twice_is_one_finding_with_both_places(http: httpx.AsyncClient) -> None:
    twice = "tax: [{rate: 0.25, code: LOST}, {rate: 0.19, code: LOST}]"
    (found,) = failures(await findings(http, "tax: [{rate: 0.25, code: VAT25}, {rate: 0.19, code: DOM/vat19}]", twice))
    assert "tax.0.code, tax.1.code: there is no item sales tax group LOST" in found.detail


async def test_without_the_legal_entity_nothing_else_is_asked_of_it(http: httpx.AsyncClient) -> None:
    (found,) = failures(await findings(http, "company: DEMF", "company: NONE"))
    assert (found.check, found.detail) == ("company", "company: there is no legal entity NONE")


@pytest.mark.parametrize(
    ("entity_set", "check", "asked"),
    [
        ("TaxGroups", "sales tax group", "finance.sales_tax_group, tax.1.code: sales tax group DOM"),
        ("TaxItemGroupHeadings", "item sales tax group", "tax.0.code: item sales tax group VAT25"),
        ("LegalEntities", "company", "company: DEMF"),
    ],
)
@pytest.mark.parametrize(("status", "why"), [(404, "not served"), (400, "not served"), (403, "may not be read")])
async def test_an_entity_set_that_is_not_served_is_a_note_that_names_it_and_what_was_not_checked(
    http: httpx.AsyncClient, entity_set: str, check: str, asked: str, status: int, why: str
) -> None:
    await fail(http, {"method": "GET", "path": f"/{entity_set}$", "status": status})
    found = await findings(http)
    assert failures(found) == []
    (note,) = [row for row in found if row.status == "note"]
    assert note.check == check
    assert asked in note.detail
    assert entity_set in note.detail
    assert why in note.detail
    assert note.fix
    assert ("customer group", "customer group ONLINE") in {(row.check, row.detail) for row in found}


async def test_a_back_end_that_refuses_the_token_is_one_failure(http: httpx.AsyncClient) -> None:
    for _ in range(2):  # the client renews its token once
        await fail(http, {"method": "GET", "path": "/LegalEntities$", "status": 401})
    (found,) = failures(await findings(http))
    assert found.check == "access"
    assert "401" in found.detail
