import re
from typing import Any

import pytest

from tests.contract.dynamics_simulator.simulator import ROOT, BusinessCentral, bearer, error_of, item_line

DIALOG = "Application_DialogException"


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"colour": "red"}, "BadRequest", "The property 'colour' does not exist on type 'Microsoft.NAV.salesOrder'."),
        ({"number": "S-1"}, "BadRequest", "Control 'number' is read-only."),
        ({"totalTaxAmount": 1}, "BadRequest", "Control 'totalTaxAmount' is read-only."),
        ({"billToCity": "Berlin"}, "BadRequest", "Control 'billToCity' is read-only."),
        ({"externalDocumentNumber": "X" * 36}, "Application_StringExceededLength", "less than or equal to 35"),
        ({"orderDate": "24.11.2026"}, "BadRequest", "Cannot convert the value '24.11.2026' of 'orderDate'"),
        ({"pricesIncludeTax": "yes"}, "BadRequest", "'pricesIncludeTax'"),
        ({"discountAmount": "1.00"}, "BadRequest", "'discountAmount' to the type 'Edm.Decimal'"),
        ({"currencyCode": "XXX"}, "Internal_InvalidTableRelation", "currencyCode contains a value (XXX)"),
        ({"salesOrderLines": {}}, "BadRequest", "salesOrderLines must be a list of objects"),
    ],
)
async def test_an_order_with_a_wrong_property_is_refused(
    bc: BusinessCentral, body: dict[str, Any], code: str, text: str
) -> None:
    status, actual, message = error_of(await bc.post("salesOrders", {"customerNumber": "10000"} | body))
    assert (status, actual) == (400, code)
    assert text in message
    assert bc.environment.seeder.rows("salesOrders") == []


async def test_every_error_message_ends_with_a_correlation_id(bc: BusinessCentral) -> None:
    _, _, message = error_of(await bc.post("salesOrders", {}))
    assert re.search(r"  CorrelationId:  [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.$", message)


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ({"lineType": "item"}, "Unknown", "'item' is not an option"),
        ({"lineType": "Fixed Asset"}, "Unknown", "Fixed_x0020_Asset"),
        (item_line("NO-SUCH-ITEM"), "Internal_InvalidTableRelation", "NO-SUCH-ITEM"),
        (item_line("OLD-ITEM"), DIALOG, "Blocked must be equal to 'No' in Item: No.=OLD-ITEM"),
        (item_line(quantity=1, taxCode="VAT99"), "Internal_InvalidTableRelation", "taxCode contains a value (VAT99)"),
        (item_line(sequence=10000), DIALOG, "You cannot change the value of the SystemId field."),
        (item_line(quantity=1, taxPercent=19), "BadRequest", "Control 'taxPercent' is read-only."),
        (item_line(shippedQuantity=1), "BadRequest", "Control 'shippedQuantity' is read-only."),
        ({"lineType": "Account", "lineObjectNumber": "8240", "quantity": 1}, DIALOG, "VAT Prod. Posting Group must"),
        ({"lineType": "Account", "lineObjectNumber": "2310", "quantity": 1}, DIALOG, "Direct Posting must be equal"),
        ({"lineObjectNumber": "TSHIRT-BLK-M"}, "Internal_InvalidTableRelation", "(Comment)"),
        ({"lineType": "Comment", "description": "A remark", "quantity": 1}, DIALOG, "Type must have a value"),
        ({"lineType": "Comment", "description": "A remark", "unitPrice": 1}, DIALOG, "Type must have a value"),
        ({"lineType": "Comment", "description": "A remark", "taxCode": "VAT19"}, DIALOG, "Type must have a value"),
        ({"lineType": "Comment", "description": "x" * 101}, "Application_StringExceededLength", "100 characters"),
        (item_line(quantity=1, unitPrice=10, discountAmount=10.01), DIALOG, "a discount that is not valid"),
        (item_line(discountAmount=1, quantity=1), DIALOG, "Quantity must have a value"),
        (item_line(quantity=1, discountPercent=101), DIALOG, "between 0 and 100"),
        (item_line(quantity=1, description="x" * 101), "Application_StringExceededLength", "100 characters"),
    ],
)
async def test_a_wrong_line_leaves_nothing_of_a_deep_insert_behind(
    bc: BusinessCentral, line: dict[str, Any], code: str, text: str
) -> None:
    body = {"customerNumber": "10000", "salesOrderLines": [item_line(quantity=1), line]}
    status, actual, message = error_of(await bc.post("salesOrders", body))
    assert (status, actual) == (400, code), message
    assert text in message
    assert bc.environment.seeder.rows("salesOrders") == []
    assert bc.environment.seeder.rows("salesOrderLines") == []
    assert (await bc.order())["number"] == "S-ORD101001"


async def test_an_order_needs_a_customer(bc: BusinessCentral) -> None:
    answer = await bc.post("salesOrders", {"externalDocumentNumber": "A-1"})
    assert error_of(answer)[:2] == (400, DIALOG)
    assert error_of(answer)[2].startswith('A "customerNumber" or a "customerId" must be provided.')


async def test_customer_number_and_id_must_agree(bc: BusinessCentral) -> None:
    both = {"customerNumber": "10000", "customerId": bc.id_of("customers", "20000")}
    assert "do not match to a specific Customer" in error_of(await bc.post("salesOrders", both))[2]
    same = {"customerNumber": "20000", "customerId": bc.id_of("customers", "20000")}
    assert (await bc.post("salesOrders", same)).status_code == 201


@pytest.mark.parametrize(
    "values", [{"customerNumber": "77777"}, {"customerId": "0e000000-0000-4000-8000-000000000000"}]
)
async def test_an_unknown_customer_is_refused(bc: BusinessCentral, values: dict[str, str]) -> None:
    assert error_of(await bc.post("salesOrders", values))[:2] == (400, "Internal_InvalidTableRelation")


async def test_a_blocked_customer_gets_no_order(bc: BusinessCentral) -> None:
    _, code, message = error_of(await bc.post("salesOrders", {"customerNumber": "90000"}))
    assert code == DIALOG
    assert "Customer 90000 is blocked with type All" in message


async def test_item_and_account_exclude_each_other(bc: BusinessCentral) -> None:
    order = await bc.order()
    line = {"itemId": bc.id_of("items", "GIFT-MUG"), "accountId": bc.id_of("accounts", "6810"), "quantity": 1}
    answer = await bc.post(f"salesOrders({order['id']})/salesOrderLines", line)
    assert 'Both "itemId" and "accountId" are specified' in error_of(answer)[2]


async def test_the_object_of_a_line_cannot_be_changed(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1))
    line = order["salesOrderLines"][0]
    answer = await bc.patch(f"salesOrderLines({line['id']})", {"lineObjectNumber": "GIFT-MUG"})
    assert 'The value for "lineObjectNumber" cannot be modified.' in error_of(answer)[2]
    assert (await bc.patch(f"salesOrderLines({line['id']})", {"sequence": 5})).status_code == 400


async def test_a_variant_must_belong_to_the_item(bc: BusinessCentral) -> None:
    variant = bc.id_of("itemVariants", "ZIP")
    ok = await bc.order(item_line("HOODIE-GRY-L", itemVariantId=variant, quantity=1))
    assert ok["salesOrderLines"][0]["itemVariantId"] == variant
    body = {"customerNumber": "10000", "salesOrderLines": [item_line(itemVariantId=variant, quantity=1)]}
    assert error_of(await bc.post("salesOrders", body))[1] == "Internal_InvalidTableRelation"


async def test_changing_and_deleting_need_if_match(bc: BusinessCentral) -> None:
    order = await bc.order()
    path = f"salesOrders({order['id']})"
    for answer in (await bc.patch(path, {"email": "a@example.com"}, None), await bc.delete(path, None)):
        assert error_of(answer)[:2] == (400, "BadRequest_InvalidToken")


async def test_a_stale_etag_is_a_conflict(bc: BusinessCentral) -> None:
    order = await bc.order()
    path = f"salesOrders({order['id']})"
    first = await bc.patch(path, {"email": "a@example.com"}, order["@odata.etag"])
    assert first.status_code == 200
    assert first.json()["@odata.etag"] != order["@odata.etag"]
    second = await bc.patch(path, {"email": "b@example.com"}, order["@odata.etag"])
    assert error_of(second)[:2] == (409, "Request_EntityChanged")
    assert (await bc.read_order(order["id"]))["email"] == "a@example.com"


async def test_a_changed_line_changes_the_etag_of_its_order(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1))
    await bc.patch(f"salesOrderLines({order['salesOrderLines'][0]['id']})", {"quantity": 2})
    assert error_of(await bc.delete(f"salesOrders({order['id']})", order["@odata.etag"]))[0] == 409


async def test_a_deep_patch_is_refused(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1))
    answer = await bc.patch(f"salesOrders({order['id']})", {"salesOrderLines": [{"quantity": 2}]})
    assert error_of(answer)[1] == "BadRequest"
    assert "Deep update is not supported" in error_of(answer)[2]


async def test_an_unknown_id_is_not_found(bc: BusinessCentral) -> None:
    for path in ("salesOrders(0e000000-0000-4000-8000-000000000000)", "customers(10000)"):
        assert error_of(await bc.get(path))[:2] == (404, "Internal_RecordNotFound")


async def test_unknown_resources_and_companies_are_not_found(bc: BusinessCentral) -> None:
    assert (await bc.get("noSuchThings")).status_code == 404
    other = await bc.http.get(f"{ROOT}/companies(0e000000-0000-4000-8000-000000000000)/items")
    assert error_of(other)[:2] == (404, "Internal_CompanyNotFound")
    assert error_of(await bc.http.get(f"{ROOT}/items"))[0] == 400
    assert (await bc.http.get("http://simulator/api/v2.0/companies")).status_code == 404


async def test_a_body_that_is_no_json_object_is_refused(bc: BusinessCentral) -> None:
    for content in (b"{", b"[]", b""):
        answer = await bc.http.post(bc.url("salesOrders"), content=content)
        assert error_of(answer)[:2] == (400, "BadRequest")


async def test_read_only_sets_refuse_writing(bc: BusinessCentral) -> None:
    assert (await bc.post("salesShipments", {})).status_code == 405
    assert (await bc.patch(f"accounts({bc.id_of('accounts', '6810')})", {"displayName": "x"})).status_code == 405
    assert (await bc.http.put(bc.url("items"), json={})).status_code == 405


async def test_code_fields_are_trimmed_and_upper_cased(bc: BusinessCentral) -> None:
    order = await bc.order(externalDocumentNumber=" ct-2026-abc ")
    assert order["externalDocumentNumber"] == "CT-2026-ABC"


async def test_an_external_document_number_may_be_used_twice(bc: BusinessCentral) -> None:
    first = await bc.order(externalDocumentNumber="ct-1")
    second = await bc.order(externalDocumentNumber="ct-1")
    found = await bc.rows("salesOrders?$filter=externalDocumentNumber eq 'CT-1'")
    assert {row["number"] for row in found} == {first["number"], second["number"]}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer ",
        "Bearer garbage",
        "Basic dXNlcjpwYXNz",
        bearer(key="another key"),
        bearer(lifetime=-1),
        bearer(audience="https://org.crm4.dynamics.com"),
    ],
)
async def test_a_token_that_does_not_hold_is_unauthenticated(bc: BusinessCentral, authorization: str) -> None:
    answer = await bc.http.get(f"{ROOT}/companies", headers={"Authorization": authorization})
    assert error_of(answer)[:2] == (401, "Authentication_InvalidCredentials")


async def test_annotations_in_a_body_are_skipped(bc: BusinessCentral) -> None:
    order = await bc.order(**{"@odata.etag": "ignored"})
    assert order["@odata.etag"] != "ignored"
