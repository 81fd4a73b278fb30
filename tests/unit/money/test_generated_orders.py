"""Properties of every order that can be mapped."""

import copy
import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.mapping.commercetools import UnmappableOrder, order_from_document
from shared.model.order import Order, OrderLine
from tests.unit.money.orders import DIGITS, Json, checked, order_documents


def units(document: Json) -> int:
    return int(document["centAmount"])


def stated(document: Json) -> dict[str, int]:
    """What each line of the document comes to before the total discount, by line id."""
    rows = [*document["lineItems"], *document["customLineItems"]]
    return {row["id"]: units(row["totalPrice"]) for row in rows}


def sums(order: Order) -> tuple[int, int, int]:
    scale = 10 ** DIGITS[order.currency]
    rows = [(line.net, line.tax, line.gross) for line in order.lines]
    net, tax, gross = (sum(int(row[index].amount * scale) for row in rows) for index in range(3))
    return net, tax, gross


@checked
@given(order_documents(stated_totals=True))
def test_the_lines_add_up_to_the_totals_of_the_document(document: Json) -> None:
    net, tax, gross = sums(order_from_document(document, "demo"))
    assert net == units(document["taxedPrice"]["totalNet"])
    assert gross == units(document["taxedPrice"]["totalGross"])
    assert tax == gross - net


@checked
@given(order_documents(stated_totals=False))
def test_without_stated_totals_the_priced_amounts_still_add_up_to_the_total_price(document: Json) -> None:
    order = order_from_document(document, "demo")
    scale = 10 ** DIGITS[order.currency]
    assert sum(int(line.final_amount.amount * scale) for line in order.lines) == units(document["totalPrice"])


@checked
@given(order_documents())
def test_the_same_document_always_gives_the_same_order(document: Json) -> None:
    reordered = json.loads(json.dumps(document, sort_keys=True))
    assert order_from_document(reordered, "demo") == order_from_document(copy.deepcopy(document), "demo")


@checked
@given(order_documents())
def test_no_amount_changes_its_sign(document: Json) -> None:
    totals = stated(document)
    for line in order_from_document(document, "demo").lines:
        own = totals.get(line.id.split("/")[0], 1)
        for money in (line.net, line.tax, line.gross):
            assert money.amount * own >= 0 if own else money.amount == 0


@checked
@given(order_documents())
def test_a_line_without_tax_has_the_same_net_and_gross(document: Json) -> None:
    for line in order_from_document(document, "demo").lines:
        if is_untaxed(line, document["taxMode"]):
            assert line.net == line.gross


def is_untaxed(line: OrderLine, tax_mode: str) -> bool:
    if tax_mode == "ExternalAmount":
        return False
    return tax_mode == "Disabled" or line.tax_rate is None or not line.tax_rate.rate


@checked
@given(order_documents())
def test_the_discounts_of_a_line_explain_the_way_from_its_list_amount_to_its_final_amount(document: Json) -> None:
    for line in order_from_document(document, "demo").lines:
        parts = sum(part.amount.amount for part in line.discounts)
        assert line.list_amount.amount - parts == line.final_amount.amount


@checked
@given(order_documents(), st.sampled_from([-1, 1]))
def test_a_total_price_that_is_one_minor_unit_off_is_refused(document: Json, off: int) -> None:
    document["totalPrice"]["centAmount"] += off
    with pytest.raises(UnmappableOrder) as refused:
        order_from_document(document, "demo")
    assert refused.value.component == "totalPrice"


@checked
@given(order_documents(stated_totals=True), st.sampled_from(["totalNet", "totalGross"]), st.sampled_from([-1, 1]))
def test_totals_that_rounding_cannot_explain_are_refused(document: Json, side: str, direction: int) -> None:
    # With both, either of two taxes is right: reduced by the discount, or not.
    assume("discountOnTotalPrice" not in document or not document["taxMode"].startswith("External"))
    lines = [*document["lineItems"], *document["customLineItems"]]
    more_than_rounding = 2 * (sum(line["quantity"] for line in lines) + 2) + 1
    document["taxedPrice"][side]["centAmount"] += direction * more_than_rounding
    del document["taxedPrice"]["totalTax"]
    with pytest.raises(UnmappableOrder) as refused:
        order_from_document(document, "demo")
    assert refused.value.component == f"taxedPrice.{side}"


DAMAGES: list[object] = [None, -1, 0, 7, "", "eur", "EUR", [], {}, True, 1.5, 10**19]


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document."""
    steps: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    return [path, *(place for step, part in steps for place in paths(part, (*path, step)))]


def replaced(document: Json, path: tuple[str | int, ...], value: object) -> Json:
    result = copy.deepcopy(document)
    target: Any = result
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return result


@checked
@given(st.data(), order_documents())
def test_a_damaged_document_is_mapped_exactly_or_refused_but_never_crashes(data: st.DataObject, document: Json) -> None:
    path = data.draw(st.sampled_from([place for place in paths(document) if place]))
    damaged = replaced(document, path, data.draw(st.sampled_from(DAMAGES)))
    order = mapped_or_refused(damaged)
    if order:
        net, tax, gross = sums(order)
        assert net + tax == gross


def mapped_or_refused(document: Json) -> Order | None:
    try:
        return order_from_document(document, "demo")
    except UnmappableOrder:
        return None


@checked
@given(order_documents(stated_totals=True))
def test_what_rounding_left_is_never_heaped_on_one_line(document: Json) -> None:
    discount = units(document.get("discountOnTotalPrice", {}).get("discountedAmount", {"centAmount": 0}))
    whole = units(document["totalPrice"]) + discount
    order = order_from_document(document, "demo")
    totals = stated(document)
    for line in order.lines:
        if line.id in totals and whole:
            exact = Fraction(totals[line.id] * (whole - discount), whole)
            assert abs(line.final_amount.minor_units - exact) < 1 + Fraction(len(order.lines), 2)
