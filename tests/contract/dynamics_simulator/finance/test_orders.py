from typing import Any

import pytest

from tests.contract.dynamics_simulator.finance.simulator import CROSS, ROOT, Finance, cause, item_line

EMPTY = "1900-01-01T12:00:00Z"
DELIVERY = {
    "IsDeliveryAddressOrderSpecific": "Yes",
    "DeliveryAddressStreet": "Example Road 9",
    "DeliveryAddressCity": "Hamburg",
    "DeliveryAddressZipCode": "20095",
    "DeliveryAddressCountryRegionId": "DEU",
}


async def test_an_order_gets_its_number_from_the_number_sequence_and_the_rest_from_the_customer(
    finance: Finance,
) -> None:
    first, second = await finance.order(), await finance.order()
    assert (first["SalesOrderNumber"], second["SalesOrderNumber"]) == ("SO-DEMF-000001", "SO-DEMF-000002")
    assert (first["SalesOrderStatus"], first["SalesOrderProcessingStatus"]) == ("Backorder", "Active")
    assert (first["CurrencyCode"], first["SalesTaxGroupCode"]) == ("EUR", "DOM")
    assert first["InvoiceCustomerAccountNumber"] == "10000"
    assert first["DeliveryAddressCity"] == "Berlin"
    assert first["ConfirmedShippingDate"] == EMPTY
    assert first["RequestedShippingDate"].endswith("T12:00:00Z")


async def test_the_same_reference_may_be_used_twice(finance: Finance) -> None:
    await finance.order(CustomersOrderReference="CT-1")
    await finance.order(CustomersOrderReference="CT-1")
    found = await finance.rows("SalesOrderHeadersV2", **{"$filter": "CustomersOrderReference eq 'CT-1'"})
    assert len(found) == 2


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ({"OrderingCustomerAccountNumber": ""}, "Field 'Customer account' must be filled in"),
        ({"OrderingCustomerAccountNumber": "77777"}, "'77777' in field 'Customer account'"),
        ({"OrderingCustomerAccountNumber": "90000"}, "Customer 90000 is on hold: All"),
        ({"InvoiceCustomerAccountNumber": "77777"}, "'77777' in field 'Invoice account'"),
        ({"CurrencyCode": "XXX"}, "'XXX' in field 'Currency'"),
        ({"SalesTaxGroupCode": "NOPE"}, "'NOPE' in field 'Sales tax group'"),
        ({"DefaultShippingWarehouseId": "NOPE"}, "'NOPE' in field 'Warehouse'"),
        ({"DefaultShippingSiteId": "9"}, "does not belong to the site"),
        ({**DELIVERY, "DeliveryAddressCountryRegionId": "DE"}, "'DE' in field 'Country/region'"),
        ({**DELIVERY, "DeliveryAddressCountryRegionId": ""}, "Field 'Country/region' must be filled in"),
        ({**DELIVERY, "DeliveryAddressStateId": "Berlin"}, "'DEU/Berlin' in field 'State'"),
        ({"DeliveryModeCode": "DRONE"}, "'DRONE' in field 'Mode of delivery'"),
        ({"SalesOrderNumber": "MINE-1"}, "is not set up for manual numbers"),
        ({"dataAreaId": "nope"}, "'nope' in field 'Company'"),
        ({"CustomersOrderReference": "x" * 61}, "61 characters, the string size is 60"),
        ({"ArePricesIncludingSalesTax": True}, "'True' of 'ArePricesIncludingSalesTax'"),
        ({"ArePricesIncludingSalesTax": "yes"}, "Members are: No,Yes"),
        ({"OrderTotalAmount": 1}, "'OrderTotalAmount'"),
        ({"SalesOrderStatus": "Invoiced"}, "'SalesOrderStatus'"),
        ({"DeliveryAddressCountryRegionISOCode": "DE"}, "'DeliveryAddressCountryRegionISOCode'"),
        ({"RequestedReceiptDate": "2026-11-24"}, "'2026-11-24' of 'RequestedReceiptDate'"),
        ({"YourReference": "x"}, "The property 'YourReference' does not exist"),
    ],
)
async def test_a_header_with_a_wrong_value_is_refused(finance: Finance, header: dict[str, Any], text: str) -> None:
    body = {"OrderingCustomerAccountNumber": "10000", "DefaultShippingWarehouseId": "MAIN"} | header
    status, message = cause(await finance.post("SalesOrderHeadersV2", body))
    assert status == 400
    assert text in message
    assert finance.environment.seeder.rows("SalesOrderHeadersV2") == []


async def test_a_delivery_address_counts_only_when_the_order_has_one_of_its_own(finance: Finance) -> None:
    ignored = await finance.order(**DELIVERY | {"IsDeliveryAddressOrderSpecific": "No"})
    assert ignored["DeliveryAddressCity"] == "Berlin"
    own = await finance.order(**DELIVERY)
    assert own["DeliveryAddressCity"] == "Hamburg"


async def test_manual_numbers_are_taken_once_when_the_sequence_allows_them(finance: Finance) -> None:
    settings = finance.environment.companies.settings.model_copy(update={"manual_order_numbers": True})
    finance.environment.companies.settings = settings
    assert (await finance.order(SalesOrderNumber="MINE-1"))["SalesOrderNumber"] == "MINE-1"
    body = {"OrderingCustomerAccountNumber": "10000", "SalesOrderNumber": "MINE-1"}
    assert "The record already exists" in cause(await finance.post("SalesOrderHeadersV2", body))[1]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ({}, "Field 'Item number' must be filled in"),
        (item_line("NO-SUCH-ITEM"), "'NO-SUCH-ITEM' in field 'Item number'"),
        (item_line("OLD-ITEM"), "Item OLD-ITEM is stopped"),
        (item_line(SalesTaxItemGroupCode="VAT99"), "'VAT99' in field 'Item sales tax group'"),
        (item_line(SalesTaxGroupCode="NOPE"), "'NOPE' in field 'Sales tax group'"),
        (item_line(ShippingWarehouseId="NOPE"), "'NOPE' in field 'Warehouse'"),
        (item_line(InventoryLotId="MINE"), "'InventoryLotId'"),
        (item_line(OrderedSalesQuantity="1"), "'OrderedSalesQuantity'"),
        (item_line(SalesTaxAmount=1), "The property 'SalesTaxAmount' does not exist"),
        (item_line("SHIRT"), "Inventory dimension Size is mandatory"),
        (item_line("SHIRT", ProductSizeId="XS", ProductColorId="BLK"), "'XS' in field 'Size'"),
        (item_line(ProductSizeId="M"), "'M' in field 'Size'"),
        (item_line(SalesOrderNumber="SO-DEMF-999999"), "'SO-DEMF-999999' in field 'Sales order'"),
        (item_line(**DELIVERY | {"DeliveryAddressCountryRegionId": "DE"}), "'DE' in field 'Country/region'"),
        (item_line(**DELIVERY | {"DeliveryAddressCountryRegionId": ""}), "Field 'Country/region' must be filled in"),
        (item_line(**DELIVERY | {"DeliveryAddressStateId": "Berlin"}), "'DEU/Berlin' in field 'State'"),
    ],
)
async def test_a_line_with_a_wrong_value_is_refused(finance: Finance, line: dict[str, Any], text: str) -> None:
    order = await finance.order()
    status, message = cause(
        await finance.post("SalesOrderLines", {"SalesOrderNumber": order["SalesOrderNumber"]} | line)
    )
    assert status == 400
    assert text in message
    assert finance.environment.seeder.rows("SalesOrderLines") == []


async def test_a_line_without_site_is_refused_in_finances_own_words(finance: Finance) -> None:
    order = await finance.order(DefaultShippingWarehouseId="")
    answer = await finance.post("SalesOrderLines", {"SalesOrderNumber": order["SalesOrderNumber"]} | item_line())
    assert cause(answer) == (
        400,
        "Write failed for table row of type 'SalesOrderLineEntity'. Infolog: Warning: Inventory dimension Site is "
        "mandatory and must consequently be specified.; Error: Update has been canceled..",
    )


async def test_a_line_takes_what_is_not_sent_from_header_and_item(finance: Finance) -> None:
    await finance.order(item_line("BOOK-001", OrderedSalesQuantity=2))
    (line,) = await finance.rows("SalesOrderLines")
    assert (line["SalesPrice"], line["LineAmount"]) == (9.35, 18.7)
    assert (line["SalesTaxItemGroupCode"], line["SalesTaxGroupCode"]) == ("VAT7", "DOM")
    assert (line["ShippingWarehouseId"], line["ShippingSiteId"]) == ("MAIN", "1")
    assert line["InventoryLotId"] == "DEMF-000001"


async def test_a_line_has_the_headers_address_unless_it_has_one_of_its_own(finance: Finance) -> None:
    away = DELIVERY | {"IsDeliveryAddressOrderSpecific": "No"}
    await finance.order(item_line(), item_line(**DELIVERY), item_line(**away))
    lines = await finance.rows("SalesOrderLines")
    assert [line["DeliveryAddressCity"] for line in lines] == ["Berlin", "Hamburg", "Berlin"]
    assert [line["IsDeliveryAddressOrderSpecific"] for line in lines] == ["No", "Yes", "No"]


async def test_lines_keep_their_address_when_the_headers_changes(finance: Finance) -> None:
    order = await finance.order(item_line())
    number = order["SalesOrderNumber"]
    await finance.patch(f"SalesOrderHeadersV2(dataAreaId='demf',SalesOrderNumber='{number}')", DELIVERY)
    (line,) = await finance.rows("SalesOrderLines")
    assert line["DeliveryAddressCity"] == "Berlin"
    path = f"SalesOrderLines(dataAreaId='demf',InventoryLotId='{line['InventoryLotId']}')"
    assert (await finance.patch(path, DELIVERY)).status_code == 204
    (line,) = await finance.rows("SalesOrderLines")
    assert line["DeliveryAddressCity"] == "Hamburg"


async def test_a_variant_is_ordered_by_its_dimensions(finance: Finance) -> None:
    await finance.order(item_line("SHIRT", ProductSizeId="L", ProductColorId="WHT"))
    (line,) = await finance.rows("SalesOrderLines")
    assert (line["ProductSizeId"], line["ProductColorId"]) == ("L", "WHT")


async def test_an_order_in_one_company_takes_no_line_of_another(finance: Finance) -> None:
    order = await finance.order()
    body = {"dataAreaId": "usmf", "SalesOrderNumber": order["SalesOrderNumber"]} | item_line()
    answer = await finance.http.post(f"{ROOT}/SalesOrderLines?{CROSS}", json=body)
    assert "in field 'Sales order'" in cause(answer)[1]


async def test_patch_and_delete_answer_without_content_and_need_no_etag(finance: Finance) -> None:
    order = await finance.order(item_line())
    path = finance.key("SalesOrderHeadersV2", SalesOrderNumber=order["SalesOrderNumber"])
    changed = await finance.patch(path, {"CustomersOrderReference": "NEW"})
    assert (changed.status_code, changed.content) == (204, b"")
    assert (await finance.read_order(order["SalesOrderNumber"]))["CustomersOrderReference"] == "NEW"
    assert (await finance.patch(path, {"Email": "x"}, order["@odata.etag"])).status_code == 412
    assert (await finance.delete(path)).status_code == 204
    assert finance.environment.seeder.rows("SalesOrderLines") == []


async def test_key_fields_cannot_be_changed(finance: Finance) -> None:
    order = await finance.order()
    path = finance.key("SalesOrderHeadersV2", SalesOrderNumber=order["SalesOrderNumber"])
    assert "part of the key" in cause(await finance.patch(path, {"SalesOrderNumber": "OTHER"}))[1]
    assert "part of the key" in cause(await finance.patch(path, {"dataAreaId": "usmf"}))[1]
    assert (await finance.patch(path, {"dataAreaId": "DEMF"})).status_code == 204


async def test_an_order_that_is_picked_or_invoiced_takes_no_changes(finance: Finance) -> None:
    order = await finance.order(item_line())
    seeded = {**order, "SalesOrderProcessingStatus": "Picked"}
    finance.environment.seeder.seed("SalesOrderHeadersV2", [seeded])
    path = finance.key("SalesOrderHeadersV2", SalesOrderNumber=order["SalesOrderNumber"])
    line = {"SalesOrderNumber": order["SalesOrderNumber"]} | item_line()
    for answer in (
        await finance.patch(path, {"Email": "x"}),
        await finance.delete(path),
        await finance.post("SalesOrderLines", line),
    ):
        assert "is Backorder/Picked and cannot be changed" in cause(answer)[1]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"PartyType": "Person", "PersonLastName": "Customer"}, "Field 'Customer group' must be filled in"),
        ({"CustomerGroupId": "ONLINE", "OrganizationName": "x"}, "party type ''"),
        ({"CustomerGroupId": "ONLINE", "PartyType": "Organization"}, "Field 'OrganizationName' must be filled in"),
        ({"CustomerGroupId": "NOPE", "PartyType": "Organization", "OrganizationName": "x"}, "'NOPE'"),
    ],
)
async def test_a_customer_needs_a_group_a_party_type_and_a_name(
    finance: Finance, body: dict[str, str], text: str
) -> None:
    assert text in cause(await finance.post("CustomersV3", body))[1]


async def test_a_new_customer_gets_an_account_and_the_companys_currency(finance: Finance) -> None:
    body = {"CustomerGroupId": "ONLINE", "PartyType": "Person", "PersonLastName": "Customer"}
    created = (await finance.post("CustomersV3", body)).json()
    assert (created["CustomerAccount"], created["SalesCurrencyCode"]) == ("DEMF-000001", "EUR")


async def test_customers_with_orders_stay(finance: Finance) -> None:
    await finance.order()
    answer = await finance.delete(finance.key("CustomersV3", CustomerAccount="10000"))
    assert "has open orders" in cause(answer)[1]


async def test_products_and_warehouses_are_not_made_here(finance: Finance) -> None:
    assert (await finance.post("ReleasedProductsV2", {"ItemNumber": "NEW"})).status_code == 405
    assert (await finance.delete(finance.key("Warehouses", WarehouseId="MAIN"))).status_code == 405
