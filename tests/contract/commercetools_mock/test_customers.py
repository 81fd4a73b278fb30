"""Customers: what a draft becomes, when an e-mail is taken, actions, look-ups and what they announce."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from .stand_in import Document, StandIn, Webhook

Subscribe = Callable[..., Document]


def email() -> str:
    return f"{uuid.uuid4()}@example.com"


def draft(**changed: Any) -> Document:
    return {"email": email(), "password": "not-a-real-one", **changed}


def created(mock: StandIn, **changed: Any) -> Document:
    answer = mock.api.post("/demo/customers", json=draft(**changed))
    assert answer.status_code == 201, answer.text
    customer: Document = answer.json()["customer"]
    return customer


def seeded(mock: StandIn, resource: str, **changed: Any) -> Document:
    document = {"id": str(uuid.uuid4()), "version": 1, "key": f"key-{uuid.uuid4()}", **changed}
    mock.seed(resource, document)
    return document


def updated(mock: StandIn, customer: Document, *actions: Document) -> Document:
    answer = mock.update(f"customers/{customer['id']}", customer["version"], *actions)
    assert answer.status_code == 200, answer.text
    result: Document = answer.json()
    return result


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def messages(mock: StandIn, customer: Document) -> list[Document]:
    where = f'resource(typeId = "customer" and id = "{customer["id"]}")'
    results: list[Document] = mock.get("messages", where=where, sort="sequenceNumber asc")["results"]
    return results


def test_a_customer_is_created_with_everything_that_the_draft_says(mock: StandIn) -> None:
    group, store = seeded(mock, "customer-group", name="Wholesale"), seeded(mock, "store")
    given = draft(
        email=f"Mixed.{email()}",
        vatId="DE123456789",
        locale="de-DE",
        salutation="Dr",
        externalId="10000",
        customerGroup={"typeId": "customer-group", "key": group["key"]},
        stores=[{"typeId": "store", "key": store["key"]}],
        addresses=[{"country": "DE", "city": "Berlin"}],
        defaultBillingAddress=0,
    )
    customer = mock.api.post("/demo/customers", json=given).json()["customer"]
    assert {name: customer[name] for name in ("email", "vatId", "locale", "salutation", "externalId")} == {
        name: given[name] for name in ("email", "vatId", "locale", "salutation", "externalId")
    }
    assert customer["customerGroup"] == {"typeId": "customer-group", "id": group["id"]}
    assert customer["stores"] == [{"typeId": "store", "key": store["key"]}]
    assert customer["billingAddressIds"] == [customer["defaultBillingAddressId"]] == [customer["addresses"][0]["id"]]
    assert "lowercaseEmail" not in customer


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"password": None}, "InvalidInput"),
        ({"key": "no spaces"}, "InvalidInput"),
        ({"addresses": [{"country": "Germany"}]}, "InvalidInput"),
        ({"addresses": [{"country": "DE", "key": "same"}, {"country": "FR", "key": "same"}]}, "DuplicateField"),
        ({"customerGroup": {"typeId": "customer-group", "key": "unknown"}}, "ReferencedResourceNotFound"),
        ({"stores": [{"typeId": "store", "key": "unknown"}]}, "ReferencedResourceNotFound"),
    ],
)
def test_a_draft_that_says_nonsense_is_refused(mock: StandIn, changed: Document, code: str) -> None:
    wrong = {name: value for name, value in draft(**changed).items() if value is not None}
    assert refused(mock.api.post("/demo/customers", json=wrong)) == (400, code)


def test_a_customer_of_an_external_identity_needs_no_password(mock: StandIn) -> None:
    answer = mock.api.post("/demo/customers", json={"email": email(), "authenticationMode": "ExternalAuth"})
    assert (answer.status_code, answer.json()["customer"]["authenticationMode"]) == (201, "ExternalAuth")


def test_an_email_is_taken_once_among_customers_of_every_store_whatever_its_case(mock: StandIn) -> None:
    taken = created(mock)["email"]
    answer = mock.api.post("/demo/customers", json=draft(email=taken.upper()))
    assert refused(answer) == (400, "DuplicateField")
    error = answer.json()["errors"][0]
    assert (error["field"], error["duplicateValue"]) == ("email", taken.upper())


def test_an_email_is_taken_once_in_each_store(mock: StandIn) -> None:
    north, south = ([{"typeId": "store", "key": seeded(mock, "store")["key"]}] for _ in range(2))
    same = created(mock, stores=north)["email"]
    assert created(mock, email=same, stores=south)["email"] == same
    assert created(mock, email=same)["stores"] == []
    for stores in (north, south, [*north, *south], []):
        assert refused(mock.api.post("/demo/customers", json=draft(email=same, stores=stores)))[1] == "DuplicateField"


def test_an_email_cannot_be_changed_to_one_that_is_taken(mock: StandIn) -> None:
    taken, customer = created(mock)["email"], created(mock)
    action = {"action": "changeEmail", "email": taken}
    assert refused(mock.update(f"customers/{customer['id']}", 1, action)) == (400, "DuplicateField")
    assert mock.get(f"customers/{customer['id']}") == customer


def test_a_customer_keeps_its_email_in_another_case_and_has_to_verify_a_new_one(mock: StandIn) -> None:
    customer = created(mock, isEmailVerified=True)
    upper = customer["email"].upper()
    after = updated(mock, customer, {"action": "changeEmail", "email": upper})
    assert (after["email"], after["isEmailVerified"]) == (upper, False)


def test_customers_are_found_by_email_in_any_case_within_stores(mock: StandIn) -> None:
    store, other = seeded(mock, "store")["key"], seeded(mock, "store")["key"]
    same = f"Mixed.{email()}"
    of_store = created(mock, email=same, stores=[{"typeId": "store", "key": store}])["id"]
    of_other = created(mock, email=same, stores=[{"typeId": "store", "key": other}])["id"]
    everywhere = created(mock, email=same)["id"]
    where = f'lowercaseEmail = "{same.lower()}"'
    scoped = f'{where} and (stores is empty or stores(key in ("{store}", "elsewhere")))'
    assert {one["id"] for one in mock.get("customers", where=where)["results"]} == {of_store, of_other, everywhere}
    found = mock.get("customers", where=scoped)["results"]
    assert {one["id"] for one in found} == {of_store, everywhere}
    assert all("lowercaseEmail" not in one for one in found)


def test_a_seeded_customer_is_found_by_its_email_too(mock: StandIn) -> None:
    customer = seeded(mock, "customer", email=f"Mixed.{email()}", addresses=[])
    found = mock.get("customers", where=f'lowercaseEmail = "{customer["email"].lower()}"')["results"]
    assert [one["id"] for one in found] == [customer["id"]]


def test_a_new_address_becomes_the_default_in_the_same_request(mock: StandIn) -> None:
    customer = created(mock)
    after = updated(
        mock,
        customer,
        {"action": "addAddress", "address": {"country": "DE", "key": "new-one"}},
        {"action": "setDefaultBillingAddress", "addressKey": "new-one"},
    )
    assert after["defaultBillingAddressId"] == after["addresses"][0]["id"]
    emptied = updated(mock, after, {"action": "setDefaultBillingAddress"})
    assert "defaultBillingAddressId" not in emptied
    assert emptied["addresses"] == after["addresses"]


@pytest.mark.parametrize(
    "action",
    [
        {"action": "addAddress", "address": {"country": "DE", "key": "taken"}},
        {"action": "changeAddress", "addressKey": "taken", "address": {"city": "Berlin"}},
        {"action": "changeAddress", "addressId": "unknown", "address": {"country": "DE"}},
        {"action": "setDefaultShippingAddress", "addressKey": "unknown"},
        {"action": "setCustomField", "name": "field", "value": "x"},
        {"action": "setCustomerGroup", "customerGroup": {"typeId": "customer-group", "key": "unknown"}},
        {"action": "noSuchAction"},
    ],
)
def test_an_action_that_cannot_be_is_refused_and_changes_nothing(mock: StandIn, action: Document) -> None:
    customer = created(mock, addresses=[{"country": "DE", "key": "taken"}])
    name = {"action": "setFirstName", "firstName": "Other"}
    assert mock.update(f"customers/{customer['id']}", 1, name, action).status_code == 400
    assert mock.get(f"customers/{customer['id']}") == customer
    assert [one["type"] for one in messages(mock, customer)] == ["CustomerCreated"]


def test_a_group_is_set_by_key_expanded_and_taken_away(mock: StandIn) -> None:
    group, customer = seeded(mock, "customer-group", name="Wholesale"), created(mock)
    identifier = {"typeId": "customer-group", "key": group["key"]}
    updated(mock, customer, {"action": "setCustomerGroup", "customerGroup": identifier})
    found = mock.get(f"customers/{customer['id']}", expand=["customerGroup", "custom.type"])
    assert found["customerGroup"]["obj"]["key"] == group["key"]
    assert "customerGroup" not in updated(mock, found, {"action": "setCustomerGroup"})


def test_every_change_of_a_customer_has_its_message(mock: StandIn) -> None:
    group = seeded(mock, "customer-group", name="Wholesale")
    custom_type = seeded(mock, "type", resourceTypeIds=["customer"], fieldDefinitions=[])
    customer = created(mock, addresses=[{"country": "DE"}], defaultShippingAddress=0)
    address_id = customer["addresses"][0]["id"]
    by_id = {"addressId": address_id}
    actions: list[tuple[Document, str]] = [
        ({"action": "changeEmail", "email": email()}, "CustomerEmailChanged"),
        ({"action": "setFirstName", "firstName": "Example"}, "CustomerFirstNameSet"),
        ({"action": "setLastName", "lastName": "Customer"}, "CustomerLastNameSet"),
        ({"action": "setTitle", "title": "Prof"}, "CustomerTitleSet"),
        ({"action": "setCompanyName", "companyName": "Example Trading"}, "CustomerCompanyNameSet"),
        ({"action": "setExternalId", "externalId": "10000"}, "CustomerExternalIdSet"),
        ({"action": "addAddress", "address": {"country": "FR", "key": "added"}}, "CustomerAddressAdded"),
        ({"action": "changeAddress", **by_id, "address": {"country": "SE"}}, "CustomerAddressChanged"),
        ({"action": "setDefaultBillingAddress", "addressKey": "added"}, "CustomerDefaultBillingAddressSet"),
        ({"action": "setDefaultShippingAddress", "addressKey": "added"}, "CustomerDefaultShippingAddressSet"),
        ({"action": "removeShippingAddressId", **by_id}, "CustomerShippingAddressRemoved"),
        ({"action": "removeAddress", **by_id}, "CustomerAddressRemoved"),
        (
            {"action": "setCustomerGroup", "customerGroup": {"typeId": "customer-group", "id": group["id"]}},
            "CustomerGroupSet",
        ),
        ({"action": "setCustomType", "type": {"typeId": "type", "key": custom_type["key"]}}, "CustomerCustomTypeSet"),
        ({"action": "setCustomField", "name": "terms", "value": "30"}, "CustomerCustomFieldAdded"),
        ({"action": "setCustomField", "name": "terms", "value": "60"}, "CustomerCustomFieldChanged"),
        ({"action": "setCustomField", "name": "terms"}, "CustomerCustomFieldRemoved"),
        ({"action": "setCustomType"}, "CustomerCustomTypeRemoved"),
        ({"action": "setStores", "stores": []}, ""),  # none before, none after
    ]
    updated(mock, customer, *(action for action, _ in actions))
    told = messages(mock, customer)[1:]
    assert [one["type"] for one in told] == [name for _, name in actions if name]
    by_type = {one["type"]: one for one in told}
    assert by_type["CustomerEmailChanged"]["oldEmail"] == customer["email"]
    assert by_type["CustomerAddressChanged"]["addressRoles"] == ["Shipping"]
    assert by_type["CustomerCustomFieldChanged"]["previousValue"] == "30"
    assert by_type["CustomerDefaultBillingAddressSet"]["address"]["key"] == "added"


def test_what_the_platform_does_not_tell_has_no_message(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe(messages=[{"resourceTypeId": "customer"}], changes=[{"resourceTypeId": "customer"}])
    customer = created(mock)
    updated(
        mock,
        customer,
        {"action": "setKey", "key": f"key-{uuid.uuid4()}"},
        {"action": "setCustomerNumber", "customerNumber": str(uuid.uuid4())},
        {"action": "setVatId", "vatId": "DE123456789"},
        {"action": "setLocale", "locale": "de-DE"},
        {"action": "setSalutation", "salutation": "Dr"},
        {"action": "setMiddleName", "middleName": "Middle"},
    )
    assert [one["type"] for one in messages(mock, customer)] == ["CustomerCreated"]
    kinds = [event["data"]["notificationType"] for event in webhook.wait_for(3)]
    assert sorted(kinds) == ["Message", "ResourceCreated", "ResourceUpdated"]


def test_deleting_needs_the_version_that_is_there(mock: StandIn) -> None:
    customer = created(mock)
    path = f"/demo/customers/{customer['id']}"
    updated(mock, customer, {"action": "setFirstName", "firstName": "Example"})
    assert refused(mock.api.delete(path)) == (400, "InvalidInput")
    assert refused(mock.api.delete(f"{path}?version=1")) == (409, "ConcurrentModification")
    assert mock.api.delete(f"{path}?version=2").status_code == 200
    assert mock.api.get(path).status_code == 404


@pytest.mark.parametrize(("query", "erased"), [("&dataErasure=true", True), ("", None)])
def test_a_deletion_is_told_and_says_whether_the_data_must_go(
    mock: StandIn, subscribe: Subscribe, webhook: Webhook, query: str, erased: bool | None
) -> None:
    customer = created(mock)
    subscribe(messages=[{"resourceTypeId": "customer"}], changes=[{"resourceTypeId": "customer"}])
    mock.api.delete(f"/demo/customers/{customer['id']}?version=1{query}")
    told = {event["data"]["notificationType"]: event["data"] for event in webhook.wait_for(2)}
    assert told["Message"]["type"] == "CustomerDeleted"
    assert told["ResourceDeleted"]["resource"] == {"typeId": "customer", "id": customer["id"]}
    assert told["ResourceDeleted"].get("dataErasure") is erased
