from tests.contract.dynamics_simulator.simulator import BusinessCentral, error_of


async def test_a_customer_gets_its_number_from_the_series(bc: BusinessCentral) -> None:
    answer = await bc.post("customers", {"displayName": "Example Buyer", "email": "buyer@example.com"})
    customer = answer.json()
    assert (answer.status_code, customer["number"]) == (201, "C10001")
    assert (customer["currencyCode"], customer["type"], customer["blocked"]) == ("EUR", "Company", "_x0020_")
    assert answer.headers["etag"] == customer["@odata.etag"]


async def test_a_customer_number_cannot_be_chosen(bc: BusinessCentral) -> None:
    answer = await bc.post("customers", {"number": "MINE", "displayName": "Example Buyer"})
    assert error_of(answer)[2].startswith("You may not enter numbers manually.")


async def test_a_customer_needs_a_name_and_a_valid_e_mail(bc: BusinessCentral) -> None:
    assert "displayName must have a value" in error_of(await bc.post("customers", {"email": "a@example.com"}))[2]
    wrong = await bc.post("customers", {"displayName": "Example Buyer", "email": "no address"})
    assert 'The email address "no address" is not valid.' in error_of(wrong)[2]


async def test_a_customer_of_an_order_cannot_be_deleted(bc: BusinessCentral) -> None:
    path = f"customers({bc.id_of('customers', '20000')})"
    order = await bc.order(customerNumber="20000")
    assert "outstanding Sales Order" in error_of(await bc.delete(path))[2]
    await bc.delete(f"salesOrders({order['id']})")
    assert (await bc.delete(path)).status_code == 204


async def test_currency_code_and_id_must_agree(bc: BusinessCentral) -> None:
    path = f"customers({bc.id_of('customers', '10000')})"
    changed = await bc.patch(path, {"currencyId": bc.id_of("currencies", "SEK")})
    assert changed.json()["currencyCode"] == "SEK"
    both = {"currencyCode": "USD", "currencyId": bc.id_of("currencies", "SEK")}
    assert "do not belong to the same currency" in error_of(await bc.patch(path, both))[2]


async def test_stock_cannot_be_given_when_an_item_is_created(bc: BusinessCentral) -> None:
    answer = await bc.post("items", {"number": "NEW-1", "displayName": "New", "inventory": 5})
    assert error_of(answer)[2].startswith("Inventory cannot be changed during on insert.")


async def test_stock_can_be_changed_later_but_not_of_a_service(bc: BusinessCentral) -> None:
    changed = await bc.patch(f"items({bc.id_of('items', 'GIFT-MUG')})", {"inventory": 7})
    assert changed.json()["inventory"] == 7
    assert (await bc.patch(f"items({bc.id_of('items', 'FREIGHT')})", {"inventory": 7})).status_code == 400


async def test_codes_and_ids_of_related_rows_fill_each_other(bc: BusinessCentral) -> None:
    item = (await bc.post("items", {"number": "new-2", "displayName": "New", "taxGroupCode": "VAT7"})).json()
    assert (item["number"], item["taxGroupId"]) == ("NEW-2", bc.id_of("taxGroups", "VAT7"))
    changed = await bc.patch(f"items({item['id']})", {"taxGroupId": bc.id_of("taxGroups", "VAT19")})
    assert changed.json()["taxGroupCode"] == "VAT19"
    wrong = await bc.patch(f"items({item['id']})", {"taxGroupCode": "VAT99"})
    assert error_of(wrong)[:2] == (400, "Internal_InvalidTableRelation")
    apart = {"taxGroupCode": "VAT7", "taxGroupId": bc.id_of("taxGroups", "VAT19")}
    assert "do not belong to the same record" in error_of(await bc.patch(f"items({item['id']})", apart))[2]


async def test_a_second_item_with_the_same_number_is_a_duplicate(bc: BusinessCentral) -> None:
    answer = await bc.post("items", {"number": "gift-mug", "displayName": "Mug"})
    assert error_of(answer)[:2] == (400, "Internal_EntityWithSameKeyExists")


async def test_a_variant_code_is_unique_within_its_item(bc: BusinessCentral) -> None:
    mug = {"itemNumber": "GIFT-MUG", "code": "LONG", "description": "Tall"}
    assert (await bc.post("itemVariants", mug)).status_code == 201
    assert error_of(await bc.post("itemVariants", mug))[1] == "Internal_EntityWithSameKeyExists"


async def test_option_names_are_the_escaped_ones(bc: BusinessCentral) -> None:
    ok = await bc.post("items", {"displayName": "Wrap", "type": "Non_x002D_Inventory"})
    assert (ok.status_code, ok.json()["number"]) == (201, "70001")
    status, code, message = error_of(await bc.post("items", {"displayName": "Wrap", "type": "Non-Inventory"}))
    assert (status, code) == (400, "Unknown")
    assert "Inventory,Service,Non_x002D_Inventory" in message


async def test_null_unsets_a_property(bc: BusinessCentral) -> None:
    path = f"customers({bc.id_of('customers', '10000')})"
    assert (await bc.patch(path, {"email": None})).json()["email"] == ""
