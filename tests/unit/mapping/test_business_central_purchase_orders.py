"""The purchase order number as a comment line of a Business Central sales order."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mapping.business_central.changes import comment_changes, line_changes, own_lines
from shared.mapping.business_central.orders import draft_order
from shared.market_options.business_central import BusinessCentralOptions
from shared.markets import LineTarget, OrderRules
from shared.model.back_end import Cut, MissingReference, OrderDraft
from shared.model.order import Order
from tests.fakes.markets import market
from tests.unit.mapping.orders import line, order, references

SHIRT = line("80.00", "100.00", unit="100.00")
ROUNDING = LineTarget.model_validate({"as": "account", "number": "3740"})
SWITCHED_OFF = BusinessCentralOptions(purchase_order_number="none")


def drafted(what: Order, **changes: Any) -> OrderDraft:
    draft = draft_order(what, references(), market(**changes))
    assert isinstance(draft, OrderDraft), draft
    return draft


def comment(text: str) -> dict[str, Any]:
    return {"lineType": "Comment", "description": text}


def sold(item: str, quantity: int = 1) -> dict[str, Any]:
    return {"lineType": "Item", "lineObjectNumber": item, "quantity": quantity, "unitPrice": 100.0, "taxCode": "MOMS25"}


def payload(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"salesOrderLines": list(lines)}


def there(*lines: dict[str, Any]) -> dict[str, Any]:
    """The lines as Business Central answers them."""
    blank = {"lineObjectNumber": "", "quantity": 0, "unitPrice": 0, "taxCode": "", "discountAmount": 0}
    rows = [{**blank, "id": f"id-{n}", "sequence": (n + 1) * 10_000, **row} for n, row in enumerate(lines)]
    return {"salesOrderLines": rows}


def test_the_number_is_a_comment_line_after_the_others_and_nothing_but_a_text() -> None:
    rows = drafted(order(SHIRT, purchase_order_number="4711")).payload["salesOrderLines"]
    assert [row["lineType"] for row in rows] == ["Item", "Comment"]
    assert rows[-1] == {"lineType": "Comment", "description": "Purchase order 4711"}


@pytest.mark.parametrize("number", [None, "", "  "])
def test_an_order_without_a_number_has_no_comment_line(number: str | None) -> None:
    rows = drafted(order(SHIRT, purchase_order_number=number)).payload["salesOrderLines"]
    assert [row["lineType"] for row in rows] == ["Item"]


def test_the_comment_line_is_no_amount_to_be_compared() -> None:
    draft = drafted(order(SHIRT, purchase_order_number="4711"))
    assert [amounts.label for amounts in draft.lines] == ["item SHIRT"]


def test_a_market_may_do_without_it_and_the_draft_says_so() -> None:
    draft = drafted(order(SHIRT, purchase_order_number="4711"), business_central=SWITCHED_OFF)
    assert [row["lineType"] for row in draft.payload["salesOrderLines"]] == ["Item"]
    assert draft.cuts == (Cut("purchaseOrderNumber", "4711", 0),)
    assert drafted(order(SHIRT), business_central=SWITCHED_OFF).cuts == ()


def test_text_and_number_fill_the_100_characters_of_a_description_and_no_more() -> None:
    longest = "x" * 85
    row = drafted(order(SHIRT, purchase_order_number=longest)).payload["salesOrderLines"][-1]
    assert len(row["description"]) == 100
    found = draft_order(order(SHIRT, purchase_order_number=longest + "x"), references(), market())
    assert isinstance(found, MissingReference)
    assert (found.kind, found.key) == ("value_too_long", "purchaseOrderNumber")
    cut = OrderRules(cut=frozenset({"purchaseOrderNumber"}))
    draft = drafted(order(SHIRT, purchase_order_number=longest + "x"), order=cut)
    assert draft.cuts == (Cut("purchaseOrderNumber", longest + "x", 85),)
    assert draft.payload["salesOrderLines"][-1]["description"] == f"Purchase order {longest}"


# -- changes


@pytest.mark.parametrize("place", [0, 1, 2])
def test_wherever_the_comment_line_stands_the_other_lines_are_compared_without_it(place: int) -> None:
    rows = [sold("SHIRT"), sold("MUG")]
    rows.insert(place, comment("Purchase order 4711"))
    wanted = payload(sold("SHIRT"), sold("MUG"), comment("Purchase order 4711"))
    assert line_changes(wanted, there(*rows), ROUNDING) == []
    assert comment_changes(wanted, there(*rows)) == []
    assert len(own_lines(there(*rows), ROUNDING)) == 2


def test_another_number_is_another_text_of_the_same_line() -> None:
    wanted = payload(sold("SHIRT"), comment("Purchase order 4712"))
    row = there(sold("SHIRT"), comment("Purchase order 4711"))
    assert line_changes(wanted, row, ROUNDING) == []
    (edit,) = comment_changes(wanted, row)
    assert (edit.row or {})["id"] == "id-1"
    assert edit.body == {"description": "Purchase order 4712"}
    shown = edit.shown()
    assert shown.what == "line 2 Purchase order 4711 changed"
    assert shown.before == {"description": "Purchase order 4711"}


def test_a_first_number_adds_the_line_and_a_number_that_is_gone_removes_it() -> None:
    with_it, without = (sold("SHIRT"), comment("Purchase order 4711")), (sold("SHIRT"),)
    (added,) = comment_changes(payload(*with_it), there(*without))
    assert (added.place, added.row, added.body) == (2, None, comment("Purchase order 4711"))
    (removed,) = comment_changes(payload(*without), there(*with_it))
    assert (removed.row or {})["id"] == "id-1"
    assert removed.body is None


def test_the_rounding_line_stays_when_only_the_number_changes() -> None:
    closing = {**sold("3740"), "lineType": "Account", "description": "Rounding"}
    row = there(sold("SHIRT"), comment("Purchase order 1"), closing)
    assert line_changes(payload(sold("SHIRT"), comment("Purchase order 2")), row, ROUNDING) == []
    edits = line_changes(payload(sold("SHIRT", 2), comment("Purchase order 2")), row, ROUNDING)
    assert [(edit.row or {}).get("id") for edit in edits] == ["id-0", "id-2"]


@pytest.mark.parametrize("text", ["Call before delivery", "purchase order 4711", "See Purchase order 4711"])
def test_any_other_comment_line_is_somebodys_own_and_counts(text: str) -> None:
    assert len(own_lines(there(sold("SHIRT"), comment(text)), ROUNDING)) == 2


def test_only_the_first_of_two_such_comment_lines_is_ours() -> None:
    row = there(sold("SHIRT"), comment("Purchase order 1"), comment("Purchase order 2"))
    assert len(own_lines(row, ROUNDING)) == 2


def test_an_item_whose_description_looks_like_a_number_is_an_item() -> None:
    named = {**sold("SHIRT"), "description": "Purchase order 4711"}
    assert len(own_lines(there(named), ROUNDING)) == 1
