"""The difference between a Finance sales order and what it should be: addresses of lines, and what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.mapping.finance.changes import header_changes, line_changes

HOME: dict[str, Any] = {
    "DeliveryAddressName": "Example Customer",
    "DeliveryAddressStreet": "Example Street 1",
    "DeliveryAddressCity": "Example Town",
    "DeliveryAddressCountryRegionId": "SWE",
}
OFFICE: dict[str, Any] = {**HOME, "DeliveryAddressStreet": "Office Road 2", "DeliveryAddressCity": "Other Town"}
OWN: dict[str, Any] = {"IsDeliveryAddressOrderSpecific": "Yes"}
BLANK: dict[str, Any] = {**dict.fromkeys(HOME, ""), "DeliveryAddressZipCode": "", "DeliveryAddressStateId": ""}


def line(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"CustomersLineNumber": number, "ItemNumber": "SHIRT", "OrderedSalesQuantity": 2, **more}


def row(number: int = 1, **more: Any) -> dict[str, Any]:
    """A line as Finance answers it."""
    return {**line(number), "IsDeliveryAddressOrderSpecific": "No", **BLANK, **more}


def edited(wanted: dict[str, Any], there: dict[str, Any], header: Mapping[str, Any] = HOME) -> list[Any]:
    payload = {"header": {**OWN, **HOME}, "lines": [wanted]}
    return [edit.body for edit in line_changes(payload, {**BLANK, **header}, [there], None)]


@pytest.mark.parametrize("there", [BLANK, HOME, {**HOME, "DeliveryAddressDescription": "of Finance's own"}])
def test_a_line_that_goes_where_the_order_goes_is_left_alone(there: dict[str, Any]) -> None:
    assert edited(line(), row(**there)) == []


def test_a_line_of_a_header_that_is_about_to_move_moves_with_it_or_is_corrected_afterwards() -> None:
    moving, stayed_behind = row(**OFFICE), row(**OFFICE)
    assert edited(line(), moving, header=OFFICE) == []
    assert edited(line(), stayed_behind, header=HOME) == [{**OWN, **HOME}]


def test_a_new_address_of_a_line_is_sent_whole_and_what_it_lacks_is_emptied() -> None:
    there = row(**OWN, **{**OFFICE, "DeliveryAddressCity": "Old Town", "DeliveryAddressZipCode": "10115"})
    (body,) = edited(line(**OWN, **OFFICE), there)
    assert body == {**OWN, **OFFICE, "DeliveryAddressZipCode": ""}


def test_a_line_with_its_own_address_as_it_should_be_has_no_difference() -> None:
    assert edited(line(**OWN, **OFFICE), row(**OWN, **OFFICE)) == []


def test_a_line_that_no_longer_goes_elsewhere_gets_the_orders_address() -> None:
    assert edited(line(), row(**OWN, **OFFICE)) == [{**OWN, **HOME}]


def test_without_any_address_in_the_order_lines_keep_theirs() -> None:
    payload = {"header": {}, "lines": [line()]}
    assert line_changes(payload, BLANK, [row(**OWN, **OFFICE)], None) == []


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        ("PO-2", "PO-1", {"CustomerRequisitionNumber": "PO-2"}),
        ("PO-1", "PO-1", {}),
        ("PO-1", "", {"CustomerRequisitionNumber": "PO-1"}),
        (None, "PO-1", {"CustomerRequisitionNumber": ""}),
        (None, "", {}),
        (None, None, {}),
    ],
)
def test_the_purchase_order_number_follows_and_is_emptied_when_it_is_gone(
    wanted: str | None, there: str | None, expected: dict[str, str]
) -> None:
    header = {"CustomerRequisitionNumber": wanted} if wanted else {}
    found = header_changes(
        {"header": header}, {"CustomerRequisitionNumber": there, "InvoiceCustomerAccountNumber": "C-1"}, "C-1"
    )
    assert found == expected
