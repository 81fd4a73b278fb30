"""What only Dataverse does, against its simulator in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from local.dynamics.dataverse.environment import create_environment
from local.dynamics.dataverse.seed import stable_id
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.odata import ODataClient
from shared.errors import Conflict, NotFound, OutcomeUnknown, Permanent
from shared.markets import ItemTarget, LineTarget, ShippingRules, TotalsRules
from shared.model.back_end import OrderDraft
from shared.model.money import Money
from tests.contract.connectors.dataverse_harness import dataverse_with
from tests.contract.connectors.harness import TOKEN_KEY, TRACE, BackEndUnderTest, an_order


@pytest.fixture
async def back_end() -> AsyncIterator[BackEndUnderTest]:
    under_test = dataverse_with()
    async with under_test.http:
        yield under_test


def sent(back_end: BackEndUnderTest) -> list[tuple[str, str]]:
    return [(entry["method"], entry["path"].removeprefix("/api/data/v9.2/")) for entry in back_end.app.log]


def api_of(back_end: BackEndUnderTest) -> ODataClient:
    assert isinstance(back_end.connector, Dataverse)
    return back_end.connector.api


async def create(back_end: BackEndUnderTest, draft: OrderDraft) -> Any:
    return await back_end.connector.create_order(back_end.market, draft, await back_end.customer(), None, TRACE)


@pytest.mark.parametrize("way", ["batch", "deep_insert"])
async def test_creating_an_order_again_returns_the_one_that_exists(way: str) -> None:
    back_end = dataverse_with(create=way)
    draft, first = await back_end.created(an_order("1001")[1])
    assert await create(back_end, draft) == first
    assert len(back_end.rows("salesorders")) == 1
    assert len(back_end.rows("salesorderdetails")) == len(first.lines)


async def test_a_conflict_without_an_order_stays_a_conflict(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    back_end.fail("status", 412)
    with pytest.raises(Conflict):
        await create(back_end, draft)


async def test_an_order_takes_one_request_once_everything_is_known(back_end: BackEndUnderTest) -> None:
    await back_end.created(an_order("1001")[1])
    draft = await back_end.drafted(an_order("1002")[1])
    customer = await back_end.customer()
    back_end.app.log.clear()
    await back_end.connector.create_order(back_end.market, draft, customer, None, TRACE)
    assert sent(back_end) == [("POST", "$batch")]


async def test_the_order_is_created_under_its_key_and_only_if_it_is_new(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    await create(back_end, draft)
    body = next(entry["body"] for entry in back_end.app.log if entry["path"].endswith("$batch"))
    first_part = body.split("--changeset_")[1]
    assert f"/api/data/v9.2/salesorders(ctd365_orderid='{draft.reference}') HTTP/1.1" in first_part
    assert "\r\nPATCH " in first_part
    assert "If-None-Match: *" in first_part
    assert "OData-Version: 4.0" in first_part
    assert "Content-ID: 1\r\n" in first_part


async def test_the_order_points_at_customer_currency_and_price_list(back_end: BackEndUnderTest) -> None:
    await back_end.created(an_order("1001")[1])
    (row,) = back_end.rows("salesorders")
    assert row["_customerid_value"] == stable_id("contacts", "10000")
    assert row["_transactioncurrencyid_value"] == stable_id("transactioncurrencies", "EUR")
    assert row["_pricelevelid_value"] == stable_id("pricelevels", "Web EUR")
    assert row["ctd365_ordernumber"] == "1001"


async def test_a_company_orders_as_an_account(back_end: BackEndUnderTest) -> None:
    (company,) = await back_end.connector.find_customers(back_end.market, TRACE, number="20000")
    draft = await back_end.drafted(an_order("1001")[1])
    record = await back_end.connector.create_order(back_end.market, draft, company, None, TRACE)
    assert (company.id, company.kind) == (f"accounts({stable_id('accounts', '20000')})", "account")
    assert record.customer_number == stable_id("accounts", "20000")


async def test_a_customer_from_the_id_map_needs_nothing_but_the_id(back_end: BackEndUnderTest) -> None:
    customer = replace(await back_end.customer(), kind="", email="", name="anybody")
    draft = await back_end.drafted(an_order("1001")[1])
    record = await back_end.connector.create_order(back_end.market, draft, customer, None, TRACE)
    assert record.customer_number == stable_id("contacts", "10000")


async def test_contacts_without_a_number_column_are_found_by_e_mail_and_id_only() -> None:
    back_end = dataverse_with(contact_number=None)
    assert await back_end.connector.find_customers(back_end.market, TRACE, number="10000") == []
    (found,) = await back_end.connector.find_customers(back_end.market, TRACE, email="customer@example.com")
    assert found.number == stable_id("contacts", "10000")
    assert await back_end.connector.find_customers(back_end.market, TRACE, number=found.number) == [found]


async def test_a_line_that_is_refused_leaves_no_order_and_names_the_reason(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    lines = [dict(line) for line in draft.payload["order_details"]]
    lines[1]["uomid@odata.bind"] = f"/uoms({stable_id('uoms', 'KG')})"
    broken = replace(draft, payload={**draft.payload, "order_details": lines})
    with pytest.raises(Permanent, match="unit group"):
        await create(back_end, broken)
    assert back_end.rows("salesorders") == []
    assert back_end.rows("salesorderdetails") == []


async def test_a_currency_that_is_not_set_up_says_which_ones_are(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    gross = Money(draft.expected.gross.amount, "CZK")
    expected = draft.expected.model_copy(update={"gross": gross})
    with pytest.raises(NotFound, match="no currency CZK; add it in Dataverse, the codes there are CHF, DKK, EUR"):
        await create(back_end, replace(draft, expected=expected))


async def test_a_price_list_that_does_not_exist_is_named() -> None:
    back_end = dataverse_with(price_lists={"EUR": "Web Euro"})
    draft = await back_end.drafted(an_order("1001")[1])
    with pytest.raises(NotFound, match="no active price list is named Web Euro"):
        await create(back_end, draft)
    assert back_end.rows("salesorders") == []


async def test_an_answer_that_cannot_be_read_may_have_created_the_order(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    await back_end.connector.find_orders(back_end.market, draft.reference, TRACE)
    back_end.fail("patch", patch={"error": {}})
    with pytest.raises(OutcomeUnknown):
        await create(back_end, draft)
    (found,) = await back_end.connector.find_orders(back_end.market, draft.reference, TRACE)
    assert found.totals.gross == draft.expected.gross


async def test_the_services_of_the_market_come_with_the_items(back_end: BackEndUnderTest) -> None:
    found = await back_end.connector.find_items(back_end.market, {}, TRACE)
    assert sorted(found) == ["service:FREIGHT", "service:GIFT-WRAP", "service:ROUNDING"]
    assert found["service:FREIGHT"].details == {"unit": stable_id("uoms", "PCS")}
    unknown = LineTarget.model_validate({"as": "item", "number": "NOT-THERE"})
    market = back_end.market.model_copy(update={"totals": TotalsRules(rounding=unknown)})
    found = await back_end.connector.find_items(market, {}, TRACE)
    assert found["service:NOT-THERE"].details == {"problem": "does not exist"}


async def test_products_are_found_whatever_their_case_and_never_by_a_variant(back_end: BackEndUnderTest) -> None:
    targets = {"a": ItemTarget(item="tshirt-blk-m"), "b": ItemTarget(item="TSHIRT-BLK-M", variant="LONG")}
    found = await back_end.connector.find_items(back_end.market, targets, TRACE)
    assert found["a"].number == "TSHIRT-BLK-M"
    assert "b" not in found


async def test_a_product_that_is_activated_again_is_found_so(back_end: BackEndUnderTest) -> None:
    targets = {"old": ItemTarget(item="OLD-ITEM")}
    assert (await back_end.connector.find_items(back_end.market, targets, TRACE))["old"].blocked
    path = f"products({stable_id('products', 'OLD-ITEM')})"
    await api_of(back_end).call("PATCH", path, TRACE, json={"statecode": 0, "statuscode": 1}, if_match="*")
    assert not (await back_end.connector.find_items(back_end.market, targets, TRACE))["old"].blocked


async def test_a_rounding_line_may_be_a_write_in() -> None:
    back_end = dataverse_with(write_in=True)
    account = LineTarget.model_validate({"as": "account", "number": "9140"})
    market = back_end.market.model_copy(update={"totals": TotalsRules(rounding=account)})
    _, record = await back_end.created(an_order("1001")[1])
    gap = Money.from_cents(-1, "EUR")
    changed = await back_end.connector.add_rounding_line(market, record, gap, TRACE)
    assert changed.totals.gross == record.totals.gross + gap
    assert changed.lines[-1].label == "Rounding"


async def test_a_rounding_target_that_is_no_product_says_what_to_do(back_end: BackEndUnderTest) -> None:
    account = LineTarget.model_validate({"as": "account", "number": "9140"})
    market = back_end.market.model_copy(update={"totals": TotalsRules(rounding=account)})
    _, record = await back_end.created(an_order("1001")[1])
    with pytest.raises(NotFound, match=r"as: item, or allow dataverse\.write_in"):
        await back_end.connector.add_rounding_line(market, record, Money.from_cents(1, "EUR"), TRACE)


async def test_an_order_that_somebody_worked_on_says_so(back_end: BackEndUnderTest) -> None:
    _, record = await back_end.created(an_order("1001")[1])
    submitted = {"statecode": 1, "statuscode": 3}
    await api_of(back_end).call("PATCH", f"salesorders({record.id})", TRACE, json=submitted, if_match="*")
    assert not (await back_end.connector.read_order(back_end.market, record.id, TRACE)).untouched


# -- what doctor asks


async def test_an_organisation_that_has_everything_has_no_defects(back_end: BackEndUnderTest) -> None:
    found = await examined(back_end)
    assert {"column salesorder.ctd365_orderid", "price list Web EUR", "product FREIGHT"} <= found.keys()
    assert not any(found.values())


async def test_an_organisation_before_its_set_up_lacks_columns_and_keys() -> None:
    found = await examined(dataverse_with(create_environment(TOKEN_KEY, customised=False)))
    assert found["column salesorder.ctd365_orderid"] == "column salesorder.ctd365_orderid is missing"
    assert found["key salesorder.ctd365_orderid_key"] == "key salesorder.ctd365_orderid_key is missing"


async def test_what_the_market_names_and_nobody_has_is_a_defect() -> None:
    back_end = dataverse_with(price_lists={"EUR": "Web Euro"})
    item = LineTarget.model_validate({"as": "item", "number": "OLD-ITEM"})
    unknown = LineTarget.model_validate({"as": "item", "number": "NOT-THERE"})
    account = LineTarget.model_validate({"as": "account", "number": "9140"})
    shipping = ShippingRules(default=item, methods={"Parcel": unknown})
    totals = TotalsRules(rounding=account)
    given = {"shipping": shipping, "totals": totals}
    market = back_end.market.model_copy(update=given)
    found = await examined(replace(back_end, market=market))
    assert found["price list Web Euro"] == "there is no price list Web Euro"
    assert found["product OLD-ITEM"] == "product OLD-ITEM is not active"
    assert found["product NOT-THERE"] == "there is no product NOT-THERE"
    assert found["account 9140"] == "account 9140 is no product"


async def examined(back_end: BackEndUnderTest) -> dict[str, str]:
    assert isinstance(back_end.connector, Dataverse)
    found = await back_end.connector.examine(back_end.market, TRACE)
    return {one.what: one.defect for one in found}
