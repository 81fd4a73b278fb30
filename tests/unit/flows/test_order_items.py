"""Which item an SKU is: by the market map, by number, by what a person decided."""

from __future__ import annotations

from shared.markets import ItemTarget
from shared.state.records import IdPair
from tests.fakes.documents import line_document, order_document, taxed
from tests.fakes.markets import map_with, market
from tests.unit.flows.desk import Desk


def _numbers(desk: Desk) -> list[str]:
    return [line["lineObjectNumber"] for line in desk.connector.drafts[0].payload["salesOrderLines"]]


async def test_an_sku_is_the_item_of_that_number() -> None:
    desk = Desk()
    await desk.done()
    assert _numbers(desk)[0] == "SHIRT"


async def test_the_market_map_names_another_item_and_its_variant() -> None:
    desk = Desk(markets=map_with(market(items={"SHIRT": ItemTarget(item="1000", variant="BLUE")})))
    desk.connector.add_item("1000", "BLUE")
    await desk.done()
    line = desk.connector.drafts[0].payload["salesOrderLines"][0]
    assert (line["lineObjectNumber"], line["itemVariantId"]) == ("1000", "variant-BLUE")


async def test_an_unknown_sku_is_a_question_and_nothing_is_created() -> None:
    desk = Desk()
    desk.connector.items.clear()
    question = await desk.question()
    assert (question.scope, question.kind, question.key) == ("se", "item", "SHIRT")
    assert "--item NUMBER" in question.hint
    assert question.commercetools["orderNumber"] == "SE-1001"
    assert not {"create_customer", "create_order"} & set(desk.connector.calls)


async def test_several_unknown_skus_are_all_named() -> None:
    desk = Desk()
    desk.connector.items.clear()
    document = order_document()
    document["lineItems"] = [line_document("HAT", quantity=1), line_document("SCARF", quantity=1)]
    desk.commercetools.put("orders", document)
    question = await desk.question()
    assert "HAT, SCARF" in question.text


async def test_what_a_person_decided_is_used_from_then_on() -> None:
    desk = Desk()
    desk.connector.items.clear()
    desk.connector.add_item("1000", "BLUE")
    await desk.state.id_map.put(IdPair("se", "item", "SHIRT", "item-1000", "1000", {"variant": "BLUE"}))
    await desk.done()
    assert _numbers(desk)[0] == "1000"


async def test_a_decision_for_an_item_that_is_gone_asks_again() -> None:
    desk = Desk()
    desk.connector.items.clear()
    await desk.state.id_map.put(IdPair("se", "item", "SHIRT", "item-1000", "1000"))
    assert (await desk.question()).kind == "item"


async def test_a_blocked_item_is_a_question() -> None:
    desk = Desk()
    desk.connector.add_item("SHIRT", blocked=True)
    question = await desk.question()
    assert (question.kind, question.key) == ("item_blocked", "SHIRT")


async def test_a_line_without_an_sku_is_a_question_that_names_the_line() -> None:
    desk = Desk()
    desk.place(lineItems=[line_document(None)])
    question = await desk.question()
    assert question.kind == "item_without_sku"
    assert "Name of None" in question.text


async def test_two_lines_of_one_sku_stay_two_lines() -> None:
    desk = Desk()
    desk.place(
        lineItems=[line_document("SHIRT", quantity=1), line_document("SHIRT", quantity=1)],
        taxedPrice=taxed(20_000, 25_000),
    )
    await desk.done()
    assert _numbers(desk)[:2] == ["SHIRT", "SHIRT"]


async def test_lines_go_to_the_markets_warehouse() -> None:
    desk = Desk(markets=map_with(market(location="MAIN")))
    await desk.done()
    lines = desk.connector.drafts[0].payload["salesOrderLines"]
    assert [line.get("locationId") for line in lines] == ["location-MAIN", None]
