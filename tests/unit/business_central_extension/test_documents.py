from __future__ import annotations

from typing import Any

from tests.contract.dynamics_simulator.simulator import error_of, item_line
from tests.unit.business_central_extension.simulator import Extension

SHIRT = "TSHIRT-BLK-M"


async def two_lines(bc: Extension) -> dict[str, Any]:
    main = bc.id_of("locations", "MAIN")
    lines = [item_line(SHIRT, locationId=main, quantity=5), item_line("GIFT-MUG", locationId=main, quantity=2)]
    return await bc.order(*lines, externalDocumentNumber="shop-1")


async def test_a_partial_shipment_names_its_order_line_and_its_tracking(bc: Extension) -> None:
    order = await two_lines(bc)
    part = {"lineNumber": 10_000, "quantity": 3}
    told = {"order": order["number"], "lines": [part], "trackingNumber": "JD014600", "shippingAgent": "DHL"}
    posted = await bc.control("shipments", told)
    [header] = await bc.own_rows("salesShipmentHeaders?$expand=salesShipmentLines")
    assert (header["number"], header["packageTrackingNumber"]) == (posted["number"], "JD014600")
    assert (header["orderNumber"], header["externalDocumentNumber"]) == (order["number"], "SHOP-1")
    [line] = header["salesShipmentLines"]
    assert (line["orderLineNumber"], line["lineObjectNumber"], line["quantity"]) == (10_000, SHIRT, 3)
    assert (line["locationCode"], line["correction"]) == ("MAIN", False)
    [standard] = await bc.rows("salesShipments?$expand=salesShipmentLines")
    assert (standard["id"], standard["salesShipmentLines"][0]["quantity"]) == (header["id"], 3)


async def test_a_shipment_takes_stock_and_leaves_the_rest_on_the_order(bc: Extension) -> None:
    order = await two_lines(bc)
    await bc.control("shipments", {"order": order["number"], "lines": [{"lineNumber": 10_000, "quantity": 3}]})
    row = await bc.available(SHIRT, location="MAIN")
    assert (row["quantityOnHand"], row["quantityOnSalesOrders"]) == (180 - 3, 5 - 3)
    shipped = await bc.read_order(order["id"])
    assert [line["shippedQuantity"] for line in shipped["salesOrderLines"]] == [3, 0]
    assert shipped["fullyShipped"] is False
    await bc.control("shipments", {"order": order["number"]})
    assert (await bc.read_order(order["id"]))["fullyShipped"] is True
    assert len(await bc.own_rows("salesShipmentHeaders")) == 2


async def test_more_than_is_outstanding_cannot_be_shipped(bc: Extension) -> None:
    order = await two_lines(bc)
    for lines in ([{"lineNumber": 10_000, "quantity": 6}], [{"lineNumber": 7, "quantity": 1}]):
        answer = await bc.http.post("http://simulator/__shipments", json={"order": order["number"], "lines": lines})
        assert answer.status_code == 400
    assert await bc.own_rows("salesShipmentHeaders") == []


async def test_an_undone_shipment_shows_both_lines_as_corrections(bc: Extension) -> None:
    order = await two_lines(bc)
    posted = await bc.control("shipments", {"order": order["number"]})
    await bc.control("shipments", {"undo": posted["number"]})
    lines = await bc.own_rows(f"salesShipmentLines?$filter=documentNumber eq '{posted['number']}'")
    assert sorted(line["quantity"] for line in lines) == [-5, -2, 2, 5]
    assert {line["correction"] for line in lines} == {True}
    assert (await bc.available(SHIRT, location="MAIN"))["quantityOnHand"] == 180
    undone = await bc.read_order(order["id"])
    assert [line["shippedQuantity"] for line in undone["salesOrderLines"]] == [0, 0]


async def test_posting_through_the_standard_api_ships_what_is_still_open(bc: Extension) -> None:
    order = await two_lines(bc)
    await bc.control("shipments", {"order": order["number"], "lines": [{"lineNumber": 10_000, "quantity": 3}]})
    assert (await bc.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice", {})).status_code == 204
    lines = await bc.own_rows(f"salesShipmentLines?$filter=orderNumber eq '{order['number']}'")
    assert sorted((line["lineObjectNumber"], line["quantity"]) for line in lines) == [
        ("GIFT-MUG", 2),
        (SHIRT, 2),
        (SHIRT, 3),
    ]
    assert (await bc.available(SHIRT, location="MAIN"))["quantityOnHand"] == 180 - 5
    assert (await bc.get(f"salesOrders({order['id']})")).status_code == 404


async def test_a_released_order_cannot_be_changed_until_it_is_reopened(bc: Extension) -> None:
    order = await two_lines(bc)
    assert (await bc.act(order["id"], "release")).status_code == 204
    [view] = await bc.own_rows(f"salesOrders?$filter=number eq '{order['number']}'")
    assert (view["id"], view["status"], view["externalDocumentNumber"]) == (order["id"], "Released", "SHOP-1")
    assert (await bc.read_order(order["id"]))["status"] == "Open"
    line = f"salesOrderLines({order['salesOrderLines'][0]['id']})"
    assert "Status must be equal to 'Open'" in error_of(await bc.patch(line, {"quantity": 6}))[2]
    assert (await bc.act(order["id"], "reopen")).status_code == 204
    assert (await bc.patch(line, {"quantity": 6})).status_code == 200
    assert (await bc.own(f"salesOrders({order['id']})")).json()["status"] == "Open"


async def test_an_order_without_lines_cannot_be_released(bc: Extension) -> None:
    order = await bc.order()
    assert "There is nothing to release" in error_of(await bc.act(order["id"], "release"))[2]


async def test_ship_posts_the_quantity_to_ship_and_no_invoice(bc: Extension) -> None:
    order = await two_lines(bc)
    await bc.patch(f"salesOrderLines({order['salesOrderLines'][0]['id']})", {"shipQuantity": 2})
    await bc.act(order["id"], "release")
    assert (await bc.act(order["id"], "ship")).status_code == 204
    lines = await bc.own_rows("salesShipmentLines")
    assert sorted((line["lineObjectNumber"], line["quantity"]) for line in lines) == [("GIFT-MUG", 2), (SHIRT, 2)]
    assert await bc.rows("salesInvoices") == []


async def test_orders_cannot_be_written_through_the_extension(bc: Extension) -> None:
    order = await two_lines(bc)
    assert (await bc.send("PATCH", f"salesOrders({order['id']})", {"status": "Released"})).status_code == 405
    assert (await bc.send("DELETE", f"salesOrders({order['id']})")).status_code == 405
    assert (await bc.act(order["id"], "post")).status_code == 404


async def returned(bc: Extension, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    body = {"customerNumber": "10000", "externalDocumentNumber": "return-1"} | header
    return await bc.create("salesReturnOrders?$expand=salesReturnOrderLines", **body, salesReturnOrderLines=list(lines))


async def test_a_return_order_is_created_with_its_lines(bc: Extension) -> None:
    line = {
        "unitPrice": 10,
        "lineObjectNumber": SHIRT,
        "quantity": 2,
        "returnReasonCode": "damaged",
        "locationCode": "MAIN",
    }
    order = await returned(bc, line)
    assert (order["number"], order["externalDocumentNumber"], order["status"]) == ("S-RETORD1001", "RETURN-1", "Open")
    [stored] = order["salesReturnOrderLines"]
    assert (stored["returnReasonCode"], stored["unitPrice"], stored["lineNumber"]) == ("DAMAGED", 10, 10_000)
    assert stored["amountIncludingTax"] == 23.8  # 2 x 10.00 and 19 % VAT
    assert await bc.own_rows("salesReturnOrders?$filter=externalDocumentNumber eq 'RETURN-1'") != []


async def test_prices_with_tax_stay_as_they_are(bc: Extension) -> None:
    line = {"lineObjectNumber": SHIRT, "quantity": 3, "unitPrice": 19.99, "discountAmount": 5}
    order = await returned(bc, line, pricesIncludeTax=True)
    assert order["salesReturnOrderLines"][0]["amountIncludingTax"] == 54.97  # 3 x 19.99 - 5.00


async def test_a_price_that_is_not_sent_is_the_items_own_and_stays_when_the_quantity_changes(bc: Extension) -> None:
    order = await returned(bc, {"lineObjectNumber": SHIRT, "quantity": 1})
    [line] = order["salesReturnOrderLines"]
    assert line["unitPrice"] == 16.8
    path = f"salesReturnOrderLines({line['id']})"
    await bc.send("PATCH", path, {"unitPrice": 12})
    changed = (await bc.send("PATCH", path, {"quantity": 2})).json()
    assert (changed["unitPrice"], changed["quantity"]) == (12, 2)


async def test_a_return_order_that_cannot_be_leaves_nothing_behind(bc: Extension) -> None:
    good = {"lineObjectNumber": SHIRT, "quantity": 1}
    for wrong in (
        {"lineObjectNumber": "NONE"},
        good | {"returnReasonCode": "WHIM"},
        good | {"locationCode": "NOWHERE"},
        good | {"variantCode": "ZIP"},
        good | {"discountAmount": 100},
        good | {"lineNumber": 5},
        good | {"colour": "red"},
    ):
        answer = await bc.send(
            "POST", "salesReturnOrders", {"customerNumber": "10000", "salesReturnOrderLines": [good, wrong]}
        )
        assert answer.status_code == 400, wrong
    assert await bc.own_rows("salesReturnOrders") == []
    assert await bc.own_rows("salesReturnOrderLines") == []


async def test_a_return_order_needs_a_customer_who_stays(bc: Extension) -> None:
    assert '"customerNumber" must be provided' in error_of(await bc.send("POST", "salesReturnOrders", {}))[2]
    blocked = await bc.send("POST", "salesReturnOrders", {"customerNumber": "90000"})
    assert "is blocked" in error_of(blocked)[2]
    order = await returned(bc)
    moved = await bc.send("PATCH", f"salesReturnOrders({order['id']})", {"customerNumber": "20000"})
    assert "cannot be modified" in error_of(moved)[2]


async def test_a_change_needs_the_present_etag(bc: Extension) -> None:
    order = await returned(bc)
    path = f"salesReturnOrders({order['id']})"
    assert error_of(await bc.send("PATCH", path, {"postingDate": "2026-11-20"}, if_match=None))[0] == 400
    first = await bc.send("PATCH", path, {"postingDate": "2026-11-20"}, if_match=order["@odata.etag"])
    assert first.json()["postingDate"] == "2026-11-20"
    stale = await bc.send("PATCH", path, {"postingDate": "2026-11-21"}, if_match=order["@odata.etag"])
    assert error_of(stale)[:2] == (409, "Request_EntityChanged")


async def test_the_local_currency_is_blank_on_a_return_order(bc: Extension) -> None:
    assert (await returned(bc, currencyCode="EUR"))["currencyCode"] == ""
    assert (await returned(bc, currencyCode="SEK"))["currencyCode"] == "SEK"
    assert (await returned(bc, customerNumber="50000"))["currencyCode"] == "SEK"


async def test_a_receipt_shows_on_the_line_in_stock_and_as_its_own_row(bc: Extension) -> None:
    order = await returned(
        bc, {"lineObjectNumber": SHIRT, "quantity": 2, "locationCode": "MAIN", "returnReasonCode": "WRONG"}
    )
    told = {"order": order["number"], "lines": [{"lineNumber": 10_000, "quantity": 1}]}
    await bc.control("returns", told)
    [line] = await bc.own_rows("salesReturnOrderLines")
    assert line["returnQuantityReceived"] == 1
    [receipt] = await bc.own_rows("returnReceiptLines")
    assert (receipt["returnOrderNumber"], receipt["returnOrderLineNumber"]) == (order["number"], 10_000)
    assert (receipt["quantity"], receipt["returnReasonCode"], receipt["lineObjectNumber"]) == (1, "WRONG", SHIRT)
    assert (await bc.available(SHIRT, location="MAIN"))["quantityOnHand"] == 181
    too_much = await bc.http.post(
        "http://simulator/__returns", json=told | {"lines": [{"lineNumber": 10_000, "quantity": 2}]}
    )
    assert too_much.status_code == 400
    assert (await bc.send("DELETE", f"salesReturnOrders({order['id']})")).status_code == 400


async def test_a_return_order_is_deleted_with_its_lines(bc: Extension) -> None:
    order = await returned(bc, {"lineObjectNumber": SHIRT, "quantity": 2})
    assert (await bc.send("DELETE", f"salesReturnOrders({order['id']})")).status_code == 204
    assert await bc.own_rows("salesReturnOrderLines") == []
