"""The difference between a Business Central sales order and what it should be: nothing else is sent."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mapping.business_central.changes import header_changes, line_changes, own_lines
from shared.markets import LineTarget

ROUNDING = LineTarget.model_validate({"as": "account", "number": "9140"})
HEADER = {
    "externalDocumentNumber": "SE-1",
    "pricesIncludeTax": True,
    "email": "customer@example.com",
    "shipToName": "Example Customer",
    "shipToAddressLine1": "Example Street 1",
    "shipToCity": "Example Town",
    "shipToCountry": "SE",
}


def line(item: str, quantity: int = 1, price: float = 10.0, **more: Any) -> dict[str, Any]:
    return {
        "lineType": "Item",
        "lineObjectNumber": item,
        "description": f"Name of {item}",
        "quantity": quantity,
        "unitPrice": price,
        "taxCode": "VAT25",
        **more,
    }


def draft(*lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    return {**HEADER, **header, "salesOrderLines": list(lines)}


def there(*lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """The order as Business Central answers it: with everything that was not sent."""
    rows = [
        {"id": f"id-{n}", "sequence": (n + 1) * 10_000, "discountAmount": 0, "itemVariantId": "", **row}
        for n, row in enumerate(lines)
    ]
    own = {"customerId": "c-1", "billToCustomerId": "c-1", "shipToAddressLine2": "", "shipToContact": ""}
    return {**own, **HEADER, **header, "salesOrderLines": rows}


def test_an_order_that_is_as_it_should_be_has_no_difference() -> None:
    wanted = draft(line("SHIRT", 2, 99.95, discountAmount=5.0), line("MUG"))
    row = there(line("SHIRT", 2, 99.95, discountAmount=5), line("MUG"))
    assert header_changes(wanted, row, None) == {}
    assert line_changes(wanted, row, ROUNDING) == []


def test_only_the_header_fields_that_differ_are_sent() -> None:
    assert header_changes(draft(shipToCity="Other Town"), there(), None) == {"shipToCity": "Other Town"}


def test_the_parts_that_a_new_address_lacks_are_emptied() -> None:
    row = there(shipToAddressLine2="Second floor", shipToContact="Example Contact")
    wanted = draft(shipToAddressLine1="Other Street 2")
    assert header_changes(wanted, row, None) == {
        "shipToAddressLine1": "Other Street 2",
        "shipToAddressLine2": "",
        "shipToContact": "",
    }


def test_what_an_unchanged_address_lacks_is_left_to_the_back_end() -> None:
    assert header_changes(draft(), there(shipToAddressLine2="Second floor"), None) == {}


@pytest.mark.parametrize(("name", "spelled"), [("shipToCountry", "se"), ("shipToPostCode", "sw1a 1aa")])
def test_codes_are_compared_without_regard_to_case(name: str, spelled: str) -> None:
    assert header_changes(draft(**{name: spelled}), there(**{name: spelled.upper()}), None) == {}


def test_another_payer_goes_first_and_everything_that_it_resets_goes_with_it() -> None:
    changes = header_changes(draft(), there(), "c-2")
    assert next(iter(changes)) == "billToCustomerId"
    assert changes["billToCustomerId"] == "c-2"
    assert changes["shipToCity"] == "Example Town"


def test_when_nobody_else_pays_any_more_who_orders_pays_again() -> None:
    assert header_changes(draft(), there(billToCustomerId="c-2"), None)["billToCustomerId"] == "c-1"


def test_a_line_with_another_quantity_is_sent_with_its_price_and_discount() -> None:
    (edit,) = line_changes(draft(line("SHIRT", 3)), there(line("SHIRT", 2)), ROUNDING)
    assert edit.body == {"quantity": 3, "unitPrice": 10.0, "taxCode": "VAT25", "discountAmount": 0.0}
    assert edit.row is not None
    assert edit.row["id"] == "id-0"


def test_a_discount_that_is_gone_is_taken_back() -> None:
    (edit,) = line_changes(draft(line("SHIRT")), there(line("SHIRT", discountAmount=2.5)), ROUNDING)
    assert edit.body is not None
    assert edit.body["discountAmount"] == 0.0


def test_a_line_with_another_item_is_added_anew_and_so_is_what_follows_it() -> None:
    wanted = draft(line("SHIRT"), line("MUG"), line("FREIGHT"))
    edits = line_changes(wanted, there(line("SHIRT"), line("BOOK"), line("FREIGHT")), ROUNDING)
    assert [(edit.row or {}).get("id") for edit in edits] == [None, None, "id-1", "id-2"]
    assert [edit.body for edit in edits] == [line("MUG"), line("FREIGHT"), None, None]


def test_a_line_in_the_middle_that_is_gone_is_the_only_one_removed() -> None:
    wanted = draft(line("SHIRT"), line("FREIGHT"))
    (edit,) = line_changes(wanted, there(line("SHIRT"), line("MUG"), line("FREIGHT")), ROUNDING)
    assert edit.row is not None
    assert (edit.row["id"], edit.body) == ("id-1", None)


def test_what_an_unfinished_run_has_added_is_kept() -> None:
    wanted = draft(line("SHIRT"), line("MUG"), line("FREIGHT"))
    (edit,) = line_changes(wanted, there(line("SHIRT"), line("FREIGHT"), line("MUG"), line("FREIGHT")), ROUNDING)
    assert edit.row is not None
    assert (edit.row["id"], edit.body) == ("id-1", None)


@pytest.mark.parametrize("variant", ["", "00000000-0000-0000-0000-000000000000"])
def test_no_variant_is_spelled_in_several_ways(variant: str) -> None:
    assert line_changes(draft(line("SHIRT")), there(line("SHIRT", itemVariantId=variant)), ROUNDING) == []


def test_a_new_line_is_added_and_one_too_many_removed() -> None:
    (added,) = line_changes(draft(line("SHIRT"), line("MUG")), there(line("SHIRT")), ROUNDING)
    assert (added.row, added.body) == (None, line("MUG"))
    (removed,) = line_changes(draft(line("SHIRT")), there(line("SHIRT"), line("MUG")), ROUNDING)
    assert removed.body is None
    assert removed.row is not None
    assert removed.row["id"] == "id-1"


def closing() -> dict[str, Any]:
    return {**line("9140", price=0.01), "lineType": "Account", "description": "Rounding"}


def test_the_rounding_line_is_no_difference_while_nothing_else_differs() -> None:
    row = there(line("SHIRT"), closing())
    assert line_changes(draft(line("SHIRT")), row, ROUNDING) == []
    assert len(own_lines(row, ROUNDING)) == 1


def test_the_rounding_line_goes_when_anything_differs() -> None:
    edits = line_changes(draft(line("SHIRT", 2)), there(line("SHIRT"), closing()), ROUNDING)
    assert [(edit.row or {}).get("id") for edit in edits] == ["id-0", "id-1"]
    assert edits[1].body is None


def test_a_line_that_only_looks_like_the_rounding_line_counts() -> None:
    row = there(line("SHIRT"), {**closing(), "lineObjectNumber": "6110"})
    assert len(own_lines(row, ROUNDING)) == 2
    assert len(own_lines(row, None)) == 2


def test_lines_are_compared_in_the_order_of_the_document() -> None:
    row = there(line("SHIRT"), line("MUG"))
    row["salesOrderLines"].reverse()
    assert line_changes(draft(line("SHIRT"), line("MUG")), row, ROUNDING) == []
