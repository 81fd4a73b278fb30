"""The difference between a Dataverse sales order and what it should be: addresses of lines, and what is gone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mapping.dataverse.changes import header_changes, line_changes
from shared.market_options.dataverse import DataverseOptions

COLUMN = "ctd365_purchaseordernumber"
OPTIONS = DataverseOptions()


def line(**more: Any) -> dict[str, Any]:
    return {"lineitemnumber": 1, "productid@odata.bind": "/products(p-1)", "quantity": 2, **more}


def row(**more: Any) -> dict[str, Any]:
    return {"lineitemnumber": 1, "_productid_value": "p-1", "quantity": 2, "shipto_city": None, **more}


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        ({COLUMN: "PO-2"}, {COLUMN: "PO-1"}, {COLUMN: "PO-2"}),
        ({COLUMN: "PO-1"}, {COLUMN: "PO-1"}, {}),
        ({COLUMN: "PO-1"}, {COLUMN: None}, {COLUMN: "PO-1"}),
        ({}, {COLUMN: "PO-1"}, {COLUMN: None}),
        ({}, {COLUMN: None}, {}),
        ({}, {}, {}),
    ],
)
def test_the_purchase_order_number_follows_and_is_emptied_when_it_is_gone(
    wanted: dict[str, Any], there: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert header_changes(wanted, there, OPTIONS) == expected


def test_a_column_that_the_market_does_not_use_is_left_alone() -> None:
    assert header_changes({}, {COLUMN: "PO-1"}, DataverseOptions(purchase_order_number=None)) == {}


def test_what_the_new_address_of_a_line_lacks_is_emptied() -> None:
    (edit,) = line_changes([line(shipto_city="Oslo")], [row(shipto_city="Bergen", shipto_line2="Yard")], None)
    assert edit.body == {"shipto_city": "Oslo", "shipto_line2": None}


def test_a_line_that_no_longer_goes_elsewhere_has_no_address_of_its_own() -> None:
    (edit,) = line_changes([line()], [row(shipto_city="Oslo", shipto_country="NO")], None)
    assert edit.body == {"shipto_city": None, "shipto_country": None}


def test_a_line_without_an_address_that_has_none_has_no_difference() -> None:
    assert line_changes([line()], [row()], None) == []
