import pytest

from tests.contract.dynamics_simulator.simulator import BusinessCentral, error_of, item_line


async def test_an_order_takes_what_is_not_sent_from_its_customer(bc: BusinessCentral) -> None:
    order = await bc.order()
    assert order["number"] == "S-ORD101001"
    assert order["status"] == "Draft"
    assert order["customerName"] == "Example Customer"
    assert (order["sellToCity"], order["shipToCity"], order["billToCity"]) == ("Berlin", "Berlin", "Berlin")
    assert order["email"] == "customer@example.com"
    assert (order["currencyCode"], order["currencyId"]) == ("EUR", "00000000-0000-0000-0000-000000000000")
    assert order["requestedDeliveryDate"] == "0001-01-01"


async def test_what_is_sent_wins_over_the_customer(bc: BusinessCentral) -> None:
    order = await bc.order(
        shipToName="Example Receiver",
        shipToCity="Hamburg",
        shipToPostCode="20095",
        currencyCode="SEK",
        requestedDeliveryDate="2026-12-24",
        shipmentMethodId=bc.id_of("shipmentMethods", "DHL"),
        billToCustomerNumber="20000",
    )
    assert (order["shipToName"], order["shipToCity"], order["sellToCity"]) == ("Example Receiver", "Hamburg", "Berlin")
    assert (order["billToName"], order["billToCity"]) == ("Example Company", "Munich")
    assert (order["currencyCode"], order["currencyId"]) == ("SEK", bc.id_of("currencies", "SEK"))
    assert order["requestedDeliveryDate"] == "2026-12-24"


async def test_lines_take_description_price_unit_and_tax_code_from_the_item(bc: BusinessCentral) -> None:
    line = (await bc.order(item_line(quantity=2)))["salesOrderLines"][0]
    assert line["description"] == "T-shirt black M"
    assert (line["unitPrice"], line["unitOfMeasureCode"], line["taxCode"]) == (16.8, "PCS", "VAT19")
    assert line["itemId"] == bc.id_of("items", "TSHIRT-BLK-M")
    assert (line["shipQuantity"], line["invoiceQuantity"]) == (2, 2)


async def test_lines_are_numbered_in_the_order_they_were_sent(bc: BusinessCentral) -> None:
    order = await bc.order(item_line("GIFT-MUG", quantity=1), item_line(quantity=1), {"description": "A remark"})
    assert [(line["sequence"], line["lineObjectNumber"]) for line in order["salesOrderLines"]] == [
        (10000, "GIFT-MUG"),
        (20000, "TSHIRT-BLK-M"),
        (30000, ""),
    ]
    assert order["salesOrderLines"][2]["lineType"] == "Comment"


async def test_a_comment_line_is_a_text_that_can_be_changed_and_moves_no_totals(bc: BusinessCentral) -> None:
    plain = await bc.order(item_line(quantity=1))
    order = await bc.order(item_line(quantity=1), {"lineType": "Comment", "description": "A remark"})
    comment = order["salesOrderLines"][1]
    assert (comment["lineObjectNumber"], comment["quantity"], comment["netAmount"]) == ("", 0, 0)
    assert order["totalAmountIncludingTax"] == plain["totalAmountIncludingTax"]
    changed = (await bc.patch(f"salesOrderLines({comment['id']})", {"description": "Another"})).json()
    assert (changed["lineType"], changed["description"]) == ("Comment", "Another")


async def test_a_line_may_name_its_item_or_account_by_id(bc: BusinessCentral) -> None:
    item = {"itemId": bc.id_of("items", "GIFT-MUG"), "quantity": 1}
    account = {"accountId": bc.id_of("accounts", "6810"), "quantity": 1, "unitPrice": 4.16}
    charge = {"lineType": "Charge", "lineObjectNumber": "FREIGHT", "quantity": 1, "unitPrice": 1}
    lines = (await bc.order(item, account, charge))["salesOrderLines"]
    assert [(line["lineType"], line["lineObjectNumber"]) for line in lines] == [
        ("Item", "GIFT-MUG"),
        ("Account", "6810"),
        ("Charge", "FREIGHT"),
    ]


async def test_a_quantity_after_the_price_brings_the_items_price_back(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(unitPrice=5, quantity=2), item_line(quantity=2, unitPrice=5))
    assert [line["unitPrice"] for line in order["salesOrderLines"]] == [16.8, 5]


async def test_changing_only_the_quantity_resets_price_and_discount(bc: BusinessCentral) -> None:
    line = (await bc.order(item_line(quantity=1, unitPrice=5, discountAmount=1)))["salesOrderLines"][0]
    path = f"salesOrderLines({line['id']})"
    changed = (await bc.patch(path, {"quantity": 3})).json()
    assert (changed["unitPrice"], changed["discountAmount"]) == (16.8, 0)
    kept = (await bc.patch(path, {"quantity": 4, "unitPrice": 5, "discountAmount": 2})).json()
    assert (kept["unitPrice"], kept["discountAmount"], kept["amountExcludingTax"]) == (5, 2, 18)


async def test_an_account_line_keeps_its_price_when_the_quantity_changes(bc: BusinessCentral) -> None:
    account = {"lineType": "Account", "lineObjectNumber": "6810", "unitPrice": 4.16, "quantity": 1}
    line = (await bc.order(account))["salesOrderLines"][0]
    changed = (await bc.patch(f"salesOrderLines({line['id']})", {"quantity": 2})).json()
    assert (changed["unitPrice"], changed["amountExcludingTax"]) == (4.16, 8.32)


async def test_the_items_price_is_converted_to_the_documents_mode_and_currency(bc: BusinessCentral) -> None:
    gross = await bc.order(item_line(quantity=1), pricesIncludeTax=True)
    assert gross["salesOrderLines"][0]["unitPrice"] == 19.992  # 16.80 x 1.19
    kronor = await bc.order(item_line(quantity=1), currencyCode="SEK")
    assert kronor["salesOrderLines"][0]["unitPrice"] == 188.16  # 16.80 x 11.2


async def test_changing_the_price_mode_converts_the_unit_prices(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1, unitPrice=100))
    await bc.patch(f"salesOrders({order['id']})", {"pricesIncludeTax": True})
    changed = await bc.read_order(order["id"])
    assert changed["salesOrderLines"][0]["unitPrice"] == 119
    assert (changed["totalAmountExcludingTax"], changed["totalAmountIncludingTax"]) == (100, 119)


async def test_changing_the_customer_takes_over_its_values(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1))
    changed = (await bc.patch(f"salesOrders({order['id']})", {"customerNumber": "20000"})).json()
    assert (changed["customerName"], changed["sellToCity"]) == ("Example Company", "Munich")


async def test_deleting_an_order_removes_its_lines(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1), item_line("GIFT-MUG", quantity=1))
    assert (await bc.delete(f"salesOrders({order['id']})", order["@odata.etag"])).status_code == 204
    assert (await bc.get(f"salesOrders({order['id']})")).status_code == 404
    assert bc.environment.seeder.rows("salesOrderLines") == []


async def test_ship_and_invoice_makes_invoice_and_shipment_and_removes_the_order(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=2), externalDocumentNumber="ct-7")
    answer = await bc.http.post(bc.url(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice"))
    assert answer.status_code == 204
    assert (await bc.get(f"salesOrders({order['id']})")).status_code == 404
    invoice = (await bc.rows("salesInvoices?$expand=salesInvoiceLines"))[0]
    assert (invoice["orderId"], invoice["orderNumber"], invoice["status"]) == (order["id"], order["number"], "Open")
    assert (invoice["externalDocumentNumber"], invoice["remainingAmount"]) == ("CT-7", 39.98)  # 33.60 + 6.38
    assert [line["quantity"] for line in invoice["salesInvoiceLines"]] == [2]
    shipment = (await bc.rows("salesShipments?$expand=salesShipmentLines"))[0]
    assert (shipment["orderNumber"], shipment["number"]) == (order["number"], "S-SHPT102001")
    assert [line["lineObjectNumber"] for line in shipment["salesShipmentLines"]] == ["TSHIRT-BLK-M"]
    item = (await bc.get(f"items({bc.id_of('items', 'TSHIRT-BLK-M')})")).json()
    assert item["inventory"] == 248


@pytest.mark.parametrize(
    ("customer", "line", "text"),
    [
        ("10000", {"description": "only a remark"}, "There is nothing to post."),
        ("91000", item_line(quantity=1), "You cannot post when Customer 91000 is blocked with type Ship."),
        ("10000", {"lineType": "Charge", "lineObjectNumber": "FREIGHT", "quantity": 1}, "assign the item charges"),
    ],
)
async def test_what_cannot_be_posted_stays_an_order(
    bc: BusinessCentral, customer: str, line: dict[str, object], text: str
) -> None:
    order = await bc.order(line, customerNumber=customer)
    answer = await bc.http.post(bc.url(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice"))
    assert text in error_of(answer)[2]
    assert (await bc.get(f"salesOrders({order['id']})")).status_code == 200
    assert bc.environment.seeder.rows("salesShipments") == []


async def test_a_credit_memo_is_posted_and_then_fixed(bc: BusinessCentral) -> None:
    body = {"customerNumber": "10000", "salesCreditMemoLines": [item_line(quantity=1, unitPrice=10)]}
    memo = (await bc.post("salesCreditMemos", body)).json()
    assert (memo["number"], memo["status"], memo["totalAmountIncludingTax"]) == ("S-CR1001", "Draft", 11.9)
    path = f"salesCreditMemos({memo['id']})"
    assert (await bc.http.post(bc.url(f"{path}/Microsoft.NAV.post"))).status_code == 204
    posted = (await bc.get(path)).json()
    assert (posted["number"], posted["status"]) == ("PS-CR104001", "Open")
    assert "has been posted" in error_of(await bc.patch(path, {"email": "a@example.com"}))[2]
    assert (await bc.post(f"{path}/salesCreditMemoLines", item_line(quantity=1))).status_code == 400


async def test_actions_that_are_not_simulated_are_refused(bc: BusinessCentral) -> None:
    memo = (await bc.post("salesCreditMemos", {"customerNumber": "10000"})).json()
    answer = await bc.http.post(bc.url(f"salesCreditMemos({memo['id']})/Microsoft.NAV.send"))
    assert answer.status_code == 404


async def test_a_posted_payment_reduces_what_the_invoice_has_open(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1, unitPrice=100))
    await bc.http.post(bc.url(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice"))
    invoice = (await bc.rows("salesInvoices"))[0]
    journal = bc.id_of("customerPaymentJournals", "ONLINE")
    payment = {"customerNumber": "10000", "amount": -119, "appliesToInvoiceNumber": invoice["number"]}
    made = await bc.post(f"customerPaymentJournals({journal})/customerPayments", payment)
    assert (made.status_code, made.json()["appliesToInvoiceId"]) == (201, invoice["id"])
    assert (await bc.http.post(bc.url(f"journals({journal})/Microsoft.NAV.post"))).status_code == 204
    paid = (await bc.get(f"salesInvoices({invoice['id']})")).json()
    assert (paid["remainingAmount"], paid["status"]) == (0, "Paid")
    assert await bc.rows("customerPayments") == []
